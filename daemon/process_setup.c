/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process_setup.h"

/* Sets up limits, memory and signals of the service. Main thread. */

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#define TRIM_BYTES (128 * 1024) /* what each heap may keep of memory that is free */
#define MAP_BYTES  (16 * 1024)  /* from here on memory is mapped for itself, where no heap has it free */

int process_prepare(void)
{
    struct rlimit descriptors;
    sigset_t blocked;

    /* The usual soft limit is for programs that call select(); this one has a limit on connections instead.
     */
    if (!getrlimit(RLIMIT_NOFILE, &descriptors)) {
        descriptors.rlim_cur = descriptors.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &descriptors);
    }

    /* What was read once (the kernel's BTF) goes back. Left to itself, glibc raises this limit to twice the
     * largest block ever freed, and keeps as much at the top of each thread's heap, where malloc_trim() does
     * not look (malloc/malloc.c, __libc_free() and mtrim()). */
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
    /* What each connection has, 16 KiB at libmicrohttpd's, goes back with it: in a heap, a small block that
     * is kept for the thread's next need (malloc/malloc.c, tcache_put()) holds all that lies below it. */
    (void)mallopt(M_MMAP_THRESHOLD, MAP_BYTES);

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    return sigprocmask(SIG_BLOCK, &blocked, NULL) < 0 ? -errno : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/process_setup.h"

/* Sets up limits, memory and signals of the service. Main thread. */

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

/* Free memory that each heap may keep. */
#define TRIM_BYTES (128 * 1024)
/* From this size on, memory is mapped separately, unless a heap has it free. */
#define MAP_BYTES (16 * 1024)

int process_prepare(void)
{
    struct rlimit descriptors;
    sigset_t blocked;

    /* The usual soft limit exists for programs that call select(). This program limits its connections
     * instead. */
    if (!getrlimit(RLIMIT_NOFILE, &descriptors)) {
        descriptors.rlim_cur = descriptors.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &descriptors);
    }

    /* Memory that was used once (to read the kernel's BTF) must be returned. By default glibc raises this
     * limit to twice the largest block ever freed, and keeps as much at the top of each thread's heap, where
     * malloc_trim() does not look (malloc/malloc.c, __libc_free() and mtrim()). */
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
    /* The memory of a connection, 16 KiB in libmicrohttpd, is returned when it ends. In a heap, one small
     * block that glibc keeps for the thread's next use (malloc/malloc.c, tcache_put()) would hold everything
     * below it. */
    (void)mallopt(M_MMAP_THRESHOLD, MAP_BYTES);

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    return sigprocmask(SIG_BLOCK, &blocked, NULL) < 0 ? -errno : 0;
}

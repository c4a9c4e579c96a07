/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_bpf.h"

/*
 * Loads and attaches bpf/drop.bpf.c: all that needs privilege, and all that needs libbpf's loader, whose
 * memory is given back before the descriptors are handed over. Runs on the collector's thread.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "collectors/drops/bpf/drop_bpf.skel.h"

DEFINE_CLEANUP(struct drop_bpf *, drop_bpf__destroy)

enum {
    KEYS_PER_SITE = 4, /* several calls in a function are one row */
    KEYS_MIN = 1024,
    VERIFIER_LOG_SIZE = 64 * 1024,
};

/* Says first what can be known without asking for anything. */
static int check_kernel(struct fault *fault)
{
    struct utsname name;
    unsigned major, minor;

    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        major = UINT_MAX;
    /* Reasons are there since 5.17; who has no capability may read maps since 5.19, whatever
     * kernel.unprivileged_bpf_disabled says (__sys_bpf(), kernel/bpf/syscall.c). */
    if (major < 5 || (major == 5 && minor < 19))
        return fault_unsupported(fault, "counting drops by BPF needs Linux 5.19, this is %s", name.release);
    if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
        return fault_unsupported(fault, "/sys/kernel/btf/vmlinux: %s (CONFIG_DEBUG_INFO_BTF is needed)",
                                 error_text(-errno));
    return 0;
}

/* The last line of the verifier that says something. */
static const char *verifier_words(char *log)
{
    static const char statistics[] = "processed ";
    char *line = NULL, *rest;

    for (char *next = strtok_r(log, "\n", &rest); next; next = strtok_r(NULL, "\n", &rest))
        if (strncmp(next, statistics, strlen(statistics)) != 0)
            line = next;
    return line ? line : "";
}

static int load_fault(struct fault *fault, int error, char *log)
{
    const char *words = verifier_words(log);

    if ((error == -EPERM || error == -EACCES) && !words[0])
        return fault_unsupported(fault,
                                 "loading a BPF program needs CAP_BPF and CAP_PERFMON, and a sandbox that "
                                 "allows bpf() (AmbientCapabilities=, SystemCallFilter=bpf)");
    return fault_unsupported(fault, "the kernel does not take the BPF program: %s%s%s", error_text(error),
                             words[0] ? ": " : "", words);
}

/* Descriptors of our own: then everything of libbpf can go. */
static int handles_take(const struct drop_bpf *skeleton, struct drop_handles *ret_handles)
{
    const int fds[] = {
        [DROP_BPF_LINK] = bpf_link__fd(skeleton->links.count_drop),
        [DROP_BPF_PROGRAM] = bpf_program__fd(skeleton->progs.count_drop),
        [DROP_BPF_COUNTS] = bpf_map__fd(skeleton->maps.counts),
        [DROP_BPF_LOST] = bpf_map__fd(skeleton->maps.lost),
        [DROP_BPF_SYMBOLS] = bpf_map__fd(skeleton->maps.symbols),
    };
    struct drop_handles handles = {};

    for (size_t i = 0; i < ELEMENTS(fds); i++) {
        handles.fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (handles.fds[i] < 0) {
            int error = -errno;

            while (i-- > 0)
                close(handles.fds[i]);
            return error;
        }
    }
    *ret_handles = handles;
    return 0;
}

static int skeleton_load(struct drop_bpf *skeleton, size_t keys, struct fault *fault)
{
    _cleanup_(freep) char *log = calloc(1, VERIFIER_LOG_SIZE);
    struct stat netns;
    int error;

    if (!log)
        return fault_set(fault, -ENOMEM, "BPF: out of memory");
    if (stat("/proc/thread-self/ns/net", &netns) < 0)
        return fault_errno(fault, -errno, "/proc/thread-self/ns/net");
    skeleton->rodata->own_netns = (__u32)netns.st_ino;
    error = bpf_map__set_max_entries(skeleton->maps.counts, (__u32)keys);
    if (error == 0)
        error = bpf_program__set_log_buf(skeleton->progs.count_drop, log, VERIFIER_LOG_SIZE);
    if (error == 0)
        error = drop_bpf__load(skeleton);
    return error < 0 ? load_fault(fault, error, log) : 0;
}

int drop_bpf_load(const struct drop_options *options, struct drop_handles *ret_handles, struct fault *fault)
{
    _cleanup_(drop_bpf__destroyp) struct drop_bpf *skeleton = NULL;
    size_t keys = KEYS_PER_SITE * options->max_sites;
    int error = check_kernel(fault);

    if (error < 0)
        return error;
    libbpf_set_print(NULL); /* what it would print is in the fault */
    skeleton = drop_bpf__open();
    if (!skeleton)
        return fault_errno(fault, -errno, "BPF");
    error = skeleton_load(skeleton, keys < KEYS_MIN ? KEYS_MIN : keys, fault);
    if (error < 0)
        return error;
    error = drop_bpf__attach(skeleton);
    if (error < 0)
        return load_fault(fault, error, (char[]){""});
    error = handles_take(skeleton, ret_handles);
    return error < 0 ? fault_errno(fault, error, "BPF") : 0;
}

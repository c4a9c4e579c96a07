/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_bpf.h"

/*
 * Loads and attaches bpf/drop.bpf.c: everything that needs privilege, and everything that needs libbpf's
 * loader, whose memory is freed before the descriptors are handed over. The collector's thread.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "collectors/drops/bpf/drop_bpf.skel.h"
#include "collectors/drops/bpf/drop_record.h"

DEFINE_CLEANUP(struct drop_bpf *, drop_bpf__destroy)
DEFINE_CLEANUP(struct btf *, btf__free)

enum {
    KEYS_PER_SITE = 4, /* several calls in a function share a row */
    KEYS_MIN = 1024,
    WORKLOAD_KEYS = 4096,
    DEVICE_KEYS = 4096,
    NAMESPACE_KEYS = 1024,
    VERIFIER_LOG_SIZE = 64 * 1024,
    SOCKET_ARGUMENTS = 5, /* of the tracepoint's function: its data, skb, location, reason, socket */
    WINDOW_NS = 4 * 1000 * 1000,
};

/* One way to load the program. */
struct variant {
    size_t keys;
    bool probes; /* reads kernel memory: owners, names, segments */
    bool socket;
    bool workloads;
    bool spaces;
    size_t record_sites;
    bool record_stacks;
};

/* Checks first what is known without calling bpf(). */
static int check_kernel(struct fault *fault)
{
    struct utsname name;
    unsigned major, minor;

    if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        major = UINT_MAX;
    /* Reasons exist since 5.17. Without capabilities, maps can be read since 5.19, whatever
     * kernel.unprivileged_bpf_disabled says (__sys_bpf(), kernel/bpf/syscall.c). */
    if (major < 5 || (major == 5 && minor < 19))
        return fault_unsupported(fault, "counting drops by BPF needs Linux 5.19, this is %s", name.release);
    if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
        return fault_unsupported(fault, "/sys/kernel/btf/vmlinux: %s (CONFIG_DEBUG_INFO_BTF is needed)",
                                 error_text(-errno));
    return 0;
}

/* Returns the last line of the verifier's log that says something. */
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

/* Returns true if the tracepoint passes the socket, by the kernel's own description of its arguments. */
static bool socket_passed(void)
{
    _cleanup_(btf__freep) struct btf *btf = btf__load_vmlinux_btf();
    __s32 id = btf ? btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF) : -1;
    const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

    while (type && (btf_is_typedef(type) || btf_is_ptr(type)))
        type = btf__type_by_id(btf, type->type);
    return type && btf_is_func_proto(type) && btf_vlen(type) >= SOCKET_ARGUMENTS;
}

uint64_t drop_bpf_window_ns(unsigned *ret_shift)
{
    struct timespec tick;
    uint64_t window;

    /* The resolution of the coarse clock is one tick (HZ). */
    if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) < 0 || tick.tv_sec || tick.tv_nsec <= 0)
        tick.tv_nsec = WINDOW_NS;
    *ret_shift = 0;
    for (window = (uint64_t)tick.tv_nsec; 2 * window <= WINDOW_NS; window *= 2)
        ++*ret_shift;
    return window;
}

static int link_fd(const struct bpf_link *link)
{
    return link ? bpf_link__fd(link) : -1;
}

/* Duplicates the descriptors, so that everything of libbpf can be freed. */
static int handles_take(const struct drop_bpf *skeleton, struct drop_handles *ret_handles)
{
    bool spaces = skeleton->rodata->by_netns, records = skeleton->rodata->record_sites;
    const int fds[] = {
        [DROP_BPF_LINK] = bpf_link__fd(skeleton->links.count_drop),
        [DROP_BPF_NESTED_LINK] = bpf_link__fd(skeleton->links.count_nested),
        [DROP_BPF_PROGRAM] = bpf_program__fd(skeleton->progs.count_drop),
        [DROP_BPF_COUNTS] = bpf_map__fd(skeleton->maps.counts),
        [DROP_BPF_TALLIES] = bpf_map__fd(skeleton->maps.tallies),
        [DROP_BPF_SYMBOLS] = bpf_map__fd(skeleton->maps.symbols),
        [DROP_BPF_WORKLOADS] = bpf_map__fd(skeleton->maps.workloads),
        [DROP_BPF_CGROUPS] = bpf_map__fd(skeleton->maps.cgroups),
        [DROP_BPF_BURSTS] = bpf_map__fd(skeleton->maps.bursts),
        [DROP_BPF_SETTINGS] = bpf_map__fd(skeleton->maps.settings),
        [DROP_BPF_UDP_LINK] = link_fd(skeleton->links.count_udp),
        [DROP_BPF_SPACES] = spaces ? bpf_map__fd(skeleton->maps.namespaces) : -1,
        [DROP_BPF_DEVICES] = spaces ? bpf_map__fd(skeleton->maps.devices) : -1,
        [DROP_BPF_TENANTS] = link_fd(skeleton->links.list_tenants),
        [DROP_BPF_RECORD_SITES] = records ? bpf_map__fd(skeleton->maps.record_site) : -1,
        [DROP_BPF_RECORDS] = records ? bpf_map__fd(skeleton->maps.records) : -1,
        [DROP_BPF_STACKS] = skeleton->rodata->record_stacks ? bpf_map__fd(skeleton->maps.stacks) : -1,
    };
    struct drop_handles handles = DROP_HANDLES_NONE;

    for (size_t i = 0; i < ELEMENTS(fds); i++) {
        if (fds[i] < 0)
            continue;
        handles.fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (handles.fds[i] < 0) {
            int error = -errno;

            drop_handles_close(&handles);
            return error;
        }
    }
    *ret_handles = handles;
    return 0;
}

/* Sets the sizes of the maps. An unused map has one entry. */
static int sizes_set(struct drop_bpf *skeleton, const struct variant *variant)
{
    const size_t records = variant->record_sites * DROP_RECORDS_PER_SITE;
    const bool by_name = variant->workloads || variant->spaces;
    const struct {
        struct bpf_map *map;
        size_t entries;
    } maps[] = {
        {skeleton->maps.counts, variant->keys},
        {skeleton->maps.bursts, variant->keys},
        {skeleton->maps.workloads, variant->workloads ? WORKLOAD_KEYS : 1},
        {skeleton->maps.cgroups, by_name ? WORKLOAD_KEYS : 1},
        {skeleton->maps.devices, variant->spaces ? DEVICE_KEYS : 1},
        {skeleton->maps.namespaces, variant->spaces ? NAMESPACE_KEYS : 1},
        {skeleton->maps.record_places, records ? 2 * variant->record_sites : 1},
        {skeleton->maps.record_site, records ? variant->record_sites : 1},
        {skeleton->maps.records, records ? records : 1},
        {skeleton->maps.stacks, records && variant->record_stacks ? records : 1},
    };
    int error = 0;

    for (size_t i = 0; i < ELEMENTS(maps) && error == 0; i++)
        error = bpf_map__set_max_entries(maps[i].map, (__u32)maps[i].entries);
    return error;
}

static int skeleton_set(struct drop_bpf *skeleton, const struct variant *variant)
{
    bool udp = variant->workloads && !variant->socket;
    struct stat netns;
    int error;

    if (stat("/proc/thread-self/ns/net", &netns) < 0)
        return -errno;
    skeleton->rodata->own_netns = (__u32)netns.st_ino;
    skeleton->rodata->may_probe = variant->probes;
    skeleton->rodata->has_socket = variant->socket;
    skeleton->rodata->by_workload = variant->workloads;
    skeleton->rodata->by_netns = variant->spaces;
    skeleton->rodata->record_sites = (__u32)variant->record_sites;
    skeleton->rodata->record_stacks = variant->record_sites && variant->record_stacks;
    (void)drop_bpf_window_ns(&skeleton->rodata->burst_shift);
    error = sizes_set(skeleton, variant);
    if (error == 0)
        error = bpf_program__set_autoload(skeleton->progs.list_tenants, variant->spaces);
    return error < 0 ? error : bpf_program__set_autoload(skeleton->progs.count_udp, udp);
}

/* Stores what the program can do, for readers, who get only the maps. */
static int abilities_tell(const struct drop_bpf *skeleton, const struct variant *variant)
{
    __u32 abilities =
        (variant->probes ? DROP_ABILITY_SEGMENTS : 0) | (variant->workloads ? DROP_ABILITY_WORKLOADS : 0) |
        (variant->socket ? DROP_ABILITY_SOCKETS : 0) | (variant->spaces ? DROP_ABILITY_NAMESPACES : 0);

    return bpf_map_update_elem(bpf_map__fd(skeleton->maps.settings), &(__u32){DROP_SETTING_ABILITIES},
                               &abilities, BPF_ANY);
}

/* Tells the reader how much memory the maps take that it gets no descriptor of. */
static int other_bytes_tell(const struct drop_bpf *skeleton, const struct drop_handles *handles)
{
    const struct bpf_map *map;
    uint64_t bytes = 0;
    __u32 others;

    bpf_object__for_each_map(map, skeleton->obj) bytes += drop_bpf_map_bytes(bpf_map__fd(map));
    others = (__u32)(bytes - drop_bpf_maps_bytes(handles));
    return bpf_map_update_elem(handles->fds[DROP_BPF_SETTINGS], &(__u32){DROP_SETTING_OTHER_BYTES}, &others,
                               BPF_ANY);
}

static int skeleton_load(const struct variant *variant, struct drop_bpf **ret_skeleton, struct fault *fault)
{
    _cleanup_(drop_bpf__destroyp) struct drop_bpf *skeleton = drop_bpf__open();
    _cleanup_(freep) char *log = NULL;
    int error;

    if (!skeleton)
        return fault_errno(fault, -errno, "BPF");
    log = calloc(1, VERIFIER_LOG_SIZE);
    if (!log)
        return fault_set(fault, -ENOMEM, "BPF: out of memory");
    error = skeleton_set(skeleton, variant);
    if (error == 0)
        error = bpf_program__set_log_buf(skeleton->progs.count_drop, log, VERIFIER_LOG_SIZE);
    if (error == 0)
        error = drop_bpf__load(skeleton);
    if (error == 0)
        error = abilities_tell(skeleton, variant);
    if (error == 0)
        error = drop_bpf__attach(skeleton);
    if (error < 0)
        return load_fault(fault, error, log);
    *ret_skeleton = take_ptr(skeleton);
    return 0;
}

static size_t keys_of(const struct drop_options *options)
{
    size_t keys = KEYS_PER_SITE * options->max_sites * (options->spaces ? 2 : 1);

    return keys < KEYS_MIN ? KEYS_MIN : keys;
}

/* If the kernel does not let a program read its memory (lockdown=confidentiality), it still counts, without
 * what it would have to read. */
static int skeleton_choose(const struct drop_options *options, struct drop_bpf **ret_skeleton,
                           struct fault *fault)
{
    struct variant variant = {
        .keys = keys_of(options),
        .probes = true,
        .socket = socket_passed(),
        .workloads = options->workloads,
        .spaces = options->spaces,
        .record_sites = options->record_sites,
        .record_stacks = options->record_stacks,
    };
    struct fault whole = {};

    if (skeleton_load(&variant, ret_skeleton, &whole) == 0)
        return 0;
    variant = (struct variant){.keys = variant.keys};
    if (skeleton_load(&variant, ret_skeleton, NULL) == 0)
        return fault_set(fault, 0, "without owners, segments and packets: %.200s", whole.text);
    if (fault)
        *fault = whole;
    return whole.error;
}

void drop_bpf_kept_as(const struct drop_options *options, char *text, size_t size)
{
    size_t object_size = 0;
    const void *object = drop_bpf__elf_bytes(&object_size);
    struct stat netns;

    if (stat("/proc/thread-self/ns/net", &netns) == 0)
        (void)snprintf(text, size,
                       "object %016llx, %zu keys, workloads %d, namespaces %d, namespace %llu, records %zu, "
                       "stacks %d",
                       (unsigned long long)hash_bytes(HASH_EMPTY, object, object_size), keys_of(options),
                       options->workloads, options->spaces, (unsigned long long)netns.st_ino,
                       options->record_sites, options->record_stacks);
}

int drop_bpf_load(const struct drop_options *options, struct drop_handles *ret_handles, struct fault *fault)
{
    _cleanup_(drop_bpf__destroyp) struct drop_bpf *skeleton = NULL;
    struct drop_handles handles = DROP_HANDLES_NONE;
    int error = check_kernel(fault);

    if (error < 0)
        return error;
    libbpf_set_print(NULL); /* errors are in the fault instead */
    error = skeleton_choose(options, &skeleton, fault);
    if (error < 0)
        return error;
    error = handles_take(skeleton, &handles);
    if (error == 0)
        error = other_bytes_tell(skeleton, &handles);
    if (error < 0) {
        drop_handles_close(&handles);
        return fault_errno(fault, error, "BPF");
    }
    *ret_handles = handles;
    return 0;
}

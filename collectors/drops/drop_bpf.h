/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The BPF source's parts: drop_bpf_load.c loads the program, drop_bpf.c reads what it counts, in the maps
 * that drop_bpf_maps.c knows. */

#include "collectors/drops/drop_source.h"

enum {
    DROP_BPF_LINK, /* open as long as the program is to run, as the next one */
    DROP_BPF_NESTED_LINK,
    DROP_BPF_PROGRAM,
    DROP_BPF_COUNTS,
    DROP_BPF_TALLIES,
    DROP_BPF_SYMBOLS,
    DROP_BPF_WORKLOADS,
    DROP_BPF_CGROUPS,
    DROP_BPF_BURSTS,
    DROP_BPF_SETTINGS,
    DROP_BPF_UDP_LINK, /* -1 where the kernel passes the socket */
    DROP_BPF_SPACES,   /* these three -1 where other namespaces are all one */
    DROP_BPF_DEVICES,
    DROP_BPF_TENANTS,
    DROP_BPF_RECORD_SITES, /* these two -1 where nothing is recorded */
    DROP_BPF_RECORDS,
    DROP_BPF_STACKS, /* -1 where no stacks are */
    DROP_BPF_HANDLES
};

/* Loads and attaches the program. Contract: `open` of struct drop_source. */
int drop_bpf_load(const struct drop_options *options, struct drop_handles *ret_handles, struct fault *fault);

/* Describes what would be loaded. Contract: `kept_as` of struct drop_source. */
void drop_bpf_kept_as(const struct drop_options *options, char *text, size_t size);

/* Refuses the maps of a program that counts by other keys: -EINVAL. */
int drop_bpf_check_maps(const struct drop_handles *handles, struct fault *fault);

/* What the maps know of a site in another namespace that has a number; `device` is where the count's then is.
 */
void drop_bpf_place(const struct drop_handles *handles, const struct drop_key *key, struct drop_count *count,
                    struct drop_device *device);

/* Lists processes of numbered namespaces. Contract: `tenants` of struct drop_source. */
void drop_bpf_list_tenants(const struct drop_handles *handles,
                           int (*each)(uint32_t space, uint64_t cgroup, void *data), void *data);

/* Return the bytes that the kernel uses for a map, and for all maps of the program. They are in no process's
 * memory. */
uint64_t drop_bpf_map_bytes(int fd);
uint64_t drop_bpf_maps_bytes(const struct drop_handles *handles);

/* The window that drops are called a burst within: a power of two of the kernel's ticks, near four
 * milliseconds. */
uint64_t drop_bpf_window_ns(unsigned *ret_shift);

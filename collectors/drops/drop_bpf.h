/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The BPF source's parts: drop_bpf_load.c loads the program, drop_bpf.c reads what it counts, in the maps
 * that drop_bpf_maps.c knows. */

#include "collectors/drops/drop_source.h"

enum {
    DROP_BPF_LINK, /* this and the next keep the programs running while they are open */
    DROP_BPF_NESTED_LINK,
    DROP_BPF_PROGRAM,
    DROP_BPF_COUNTS,
    DROP_BPF_TALLIES,
    DROP_BPF_SYMBOLS,
    DROP_BPF_WORKLOADS,
    DROP_BPF_CGROUPS,
    DROP_BPF_BURSTS,
    DROP_BPF_SETTINGS,
    DROP_BPF_UDP_LINK, /* -1 if the kernel passes the socket */
    DROP_BPF_SPACES,   /* these three are -1 if other namespaces are not told apart */
    DROP_BPF_DEVICES,
    DROP_BPF_TENANTS,
    DROP_BPF_RECORD_SITES, /* these two are -1 if nothing is recorded */
    DROP_BPF_RECORDS,
    DROP_BPF_STACKS, /* -1 if no stacks are recorded */
    DROP_BPF_HANDLES
};

/* Loads and attaches the program. Contract: `open` of struct drop_source. */
int drop_bpf_load(const struct drop_options *options, struct drop_handles *ret_handles, struct fault *fault);

/* Describes what would be loaded. Contract: `kept_as` of struct drop_source. */
void drop_bpf_kept_as(const struct drop_options *options, char *text, size_t size);

/* Returns 0, or a negative errno with the fault: -EINVAL if the maps belong to a program that counts by
 * other keys. */
int drop_bpf_check_maps(const struct drop_handles *handles, struct fault *fault);

/* Fills in what the maps know about a site in a numbered namespace. The name of the device is written to
 * `device`, which the count then points to. */
void drop_bpf_place(const struct drop_handles *handles, const struct drop_key *key, struct drop_count *count,
                    struct drop_device *device);

/* Lists processes of numbered namespaces. Contract: `tenants` of struct drop_source. */
void drop_bpf_list_tenants(const struct drop_handles *handles,
                           int (*each)(uint32_t space, uint64_t cgroup, void *data), void *data);

/* Return the bytes that the kernel uses for a map, and for all maps of the program. They are in no process's
 * memory. */
uint64_t drop_bpf_map_bytes(int fd);
uint64_t drop_bpf_maps_bytes(const struct drop_handles *handles);

/* Returns the window within which drops make one burst: a power of two of the kernel's clock ticks, about
 * four milliseconds. */
uint64_t drop_bpf_window_ns(unsigned *ret_shift);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_bpf.h"

/*
 * Checks the maps that were handed over, and says how much memory they take. The collector's thread.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "collectors/drops/bpf/drop_record.h"

/* Checks that the map has the expected key and value. Another version of the program may have made it. */
static int check_map(int fd, const struct bpf_map_info *expected, struct fault *fault)
{
    struct bpf_map_info info = {};
    __u32 size = sizeof(info);

    if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
        return fault_errno(fault, -errno, "BPF map of drops");
    if (info.type != expected->type || info.key_size != expected->key_size ||
        info.value_size != expected->value_size)
        return fault_set(fault, -EINVAL, "BPF map of drops: made by another version");
    return 0;
}

/* The expected type, key and value of each map. */
static const struct {
    unsigned handle;
    struct bpf_map_info info;
} known_maps[] = {
    {DROP_BPF_COUNTS,
     {.type = BPF_MAP_TYPE_PERCPU_HASH,
      .key_size = sizeof(struct drop_key),
      .value_size = sizeof(struct drop_value)}},
    {DROP_BPF_TALLIES,
     {.type = BPF_MAP_TYPE_PERCPU_ARRAY, .key_size = sizeof(uint32_t), .value_size = sizeof(uint64_t)}},
    {DROP_BPF_SYMBOLS,
     {.type = BPF_MAP_TYPE_HASH, .key_size = sizeof(uint64_t), .value_size = sizeof(struct drop_symbol)}},
    {DROP_BPF_WORKLOADS,
     {.type = BPF_MAP_TYPE_PERCPU_HASH,
      .key_size = sizeof(struct drop_workload_key),
      .value_size = sizeof(uint64_t)}},
    {DROP_BPF_CGROUPS,
     {.type = BPF_MAP_TYPE_HASH, .key_size = sizeof(uint64_t), .value_size = sizeof(struct drop_cgroup)}},
    {DROP_BPF_BURSTS,
     {.type = BPF_MAP_TYPE_HASH,
      .key_size = sizeof(struct drop_key),
      .value_size = sizeof(struct drop_bursts)}},
    {DROP_BPF_SETTINGS,
     {.type = BPF_MAP_TYPE_ARRAY, .key_size = sizeof(uint32_t), .value_size = sizeof(uint32_t)}},
    {DROP_BPF_SPACES,
     {.type = BPF_MAP_TYPE_LRU_HASH,
      .key_size = sizeof(uint32_t),
      .value_size = sizeof(struct drop_namespace)}},
    {DROP_BPF_DEVICES,
     {.type = BPF_MAP_TYPE_LRU_HASH,
      .key_size = sizeof(struct drop_device_key),
      .value_size = sizeof(struct drop_device)}},
    {DROP_BPF_RECORD_SITES,
     {.type = BPF_MAP_TYPE_ARRAY,
      .key_size = sizeof(uint32_t),
      .value_size = sizeof(struct drop_recorder_site)}},
    {DROP_BPF_RECORDS,
     {.type = BPF_MAP_TYPE_ARRAY, .key_size = sizeof(uint32_t), .value_size = sizeof(struct drop_record)}},
    {DROP_BPF_STACKS,
     {.type = BPF_MAP_TYPE_ARRAY,
      .key_size = sizeof(uint32_t),
      .value_size = sizeof(struct drop_record_stack)}},
};

static bool may_be_missing(unsigned handle)
{
    return handle == DROP_BPF_SPACES || handle == DROP_BPF_DEVICES || handle >= DROP_BPF_RECORD_SITES;
}

int drop_bpf_check_maps(const struct drop_handles *handles, struct fault *fault)
{
    int error = 0;

    for (size_t i = 0; i < ELEMENTS(known_maps) && error == 0; i++) {
        int fd = handles->fds[known_maps[i].handle];

        if (fd >= 0 || !may_be_missing(known_maps[i].handle))
            error = check_map(fd, &known_maps[i].info, fault);
    }
    return error;
}

uint64_t drop_bpf_map_bytes(int fd)
{
    static const char field[] = "memlock:";
    char path[64], line[128];
    uint64_t bytes = 0;
    _cleanup_(fclosep) FILE *file = NULL;

    (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, field, strlen(field)) == 0)
            bytes = strtoull(line + strlen(field), NULL, 10);
    return bytes;
}

uint64_t drop_bpf_maps_bytes(const struct drop_handles *handles)
{
    const __u32 setting = DROP_SETTING_OTHER_BYTES;
    __u32 others = 0;
    uint64_t bytes;

    (void)bpf_map_lookup_elem(handles->fds[DROP_BPF_SETTINGS], &setting, &others);
    bytes = others;
    for (size_t i = 0; i < ELEMENTS(known_maps); i++)
        bytes += drop_bpf_map_bytes(handles->fds[known_maps[i].handle]);
    return bytes;
}

void drop_bpf_place(const struct drop_handles *handles, const struct drop_key *key, struct drop_count *count,
                    struct drop_device *device)
{
    const struct drop_device_key at = {.netns = key->netns, .ifindex = key->ifindex};
    struct drop_namespace space;

    count->netns = key->netns & DROP_NETNS_KINDS;
    count->space = key->netns >> DROP_NETNS_BITS;
    if (!count->space)
        return;
    count->ifindex = 0; /* a number of another namespace */
    if (bpf_map_lookup_elem(handles->fds[DROP_BPF_SPACES], &key->netns, &space) == 0)
        count->inode = space.inode;
    if (!key->ifindex || bpf_map_lookup_elem(handles->fds[DROP_BPF_DEVICES], &at, device) < 0)
        return;
    device->name[sizeof(device->name) - 1] = '\0';
    utf8_mend(device->name);
    count->device = device->name;
}

void drop_bpf_list_tenants(const struct drop_handles *handles,
                           int (*each)(uint32_t space, uint64_t cgroup, void *data), void *data)
{
    _cleanup_(closep) int fd = bpf_iter_create(handles->fds[DROP_BPF_TENANTS]);
    struct drop_tenant tenants[128];
    ssize_t size;

    while (fd >= 0 && (size = TEMP_FAILURE_RETRY(read(fd, tenants, sizeof(tenants)))) > 0)
        for (size_t i = 0; i < (size_t)size / sizeof(tenants[0]); i++)
            if (each(tenants[i].netns >> DROP_NETNS_BITS, tenants[i].cgroup, data) < 0)
                return;
}

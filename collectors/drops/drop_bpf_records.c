/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_bpf_private.h"

/*
 * Maps the recorder's memory, which the BPF program writes, so that reading takes no system call. The
 * collector's thread.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/array.h"

/* The kernel too rounds up the size of an array that can be mapped (array_map_alloc(),
 * kernel/bpf/arraymap.c). */
static size_t mapped_size(size_t count, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (count * size + page - 1) / page * page;
}

static int map_memory(int fd, size_t count, size_t size, const void **ret_memory)
{
    void *memory = mmap(NULL, mapped_size(count, size), PROT_READ, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        return -errno;
    *ret_memory = memory;
    return 0;
}

static int sites_of(int fd, size_t *ret_count)
{
    struct bpf_map_info info = {};
    __u32 size = sizeof(info);

    if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
        return -errno;
    *ret_count = info.max_entries;
    return 0;
}

int drop_bpf_records_map(struct drop_bpf_state *state)
{
    struct drop_recorder *recorder = &state->recorder;
    const int *fds = state->handles.fds;
    size_t records;
    int error;

    if (fds[DROP_BPF_RECORD_SITES] < 0 || fds[DROP_BPF_RECORDS] < 0)
        return 0;
    error = sites_of(fds[DROP_BPF_RECORD_SITES], &recorder->count);
    records = recorder->count * DROP_RECORDS_PER_SITE;
    if (error == 0)
        error = map_memory(fds[DROP_BPF_RECORD_SITES], recorder->count, sizeof(*recorder->sites),
                           (const void **)&recorder->sites);
    if (error == 0)
        error = map_memory(fds[DROP_BPF_RECORDS], records, sizeof(*recorder->records),
                           (const void **)&recorder->records);
    if (error == 0 && fds[DROP_BPF_STACKS] >= 0)
        error = map_memory(fds[DROP_BPF_STACKS], records, sizeof(*recorder->stacks),
                           (const void **)&recorder->stacks);
    return error;
}

static void unmap_memory(const void *memory, size_t count, size_t size)
{
    if (memory)
        (void)munmap((void *)memory, mapped_size(count, size));
}

void drop_bpf_records_unmap(struct drop_bpf_state *state)
{
    const struct drop_recorder *recorder = &state->recorder;
    size_t records = recorder->count * DROP_RECORDS_PER_SITE;

    unmap_memory(recorder->sites, recorder->count, sizeof(*recorder->sites));
    unmap_memory(recorder->records, records, sizeof(*recorder->records));
    unmap_memory(recorder->stacks, records, sizeof(*recorder->stacks));
    state->recorder = (struct drop_recorder){};
}

const struct drop_recorder *drop_bpf_recorder(const void *data)
{
    const struct drop_bpf_state *state = data;

    return state->recorder.count ? &state->recorder : NULL;
}

void drop_bpf_totals(const void *data,
                     void (*each)(const struct drop_recorder_key *key, uint64_t count, void *each_data),
                     void *each_data)
{
    const struct drop_map_reading *last = &((const struct drop_bpf_state *)data)->sites.last;

    for (size_t i = 0; i < last->count; i++) {
        const struct drop_key *key = (const struct drop_key *)last->entries[i].key;

        each(&(struct drop_recorder_key){.location = key->location,
                                         .reason = key->reason,
                                         .netns = key->netns,
                                         .ifindex = key->ifindex,
                                         .circumstances = key->circumstances & DROP_KEY_MEANINGS},
             last->entries[i].sums[0], each_data);
    }
}

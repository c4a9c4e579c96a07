/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_bpf_private.h"

/*
 * Maps the recorder's memory, which the BPF program writes, while somebody reads it: what is mapped counts as
 * this process's memory. Maps only the places that were ever used, because each page costs time. The
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

/* The kernel refuses to map more than the map has (array_map_mmap(), kernel/bpf/arraymap.c). */
static int map_memory(int fd, size_t count, size_t size, const void **ret_memory)
{
    void *memory = mmap(NULL, mapped_size(count, size), PROT_READ, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED)
        return -errno;
    *ret_memory = memory;
    return 0;
}

static void unmap_memory(const void *memory, size_t count, size_t size)
{
    if (memory)
        (void)munmap((void *)memory, mapped_size(count, size));
}

int drop_bpf_records_begin(struct drop_bpf_state *state)
{
    const int *fds = state->handles.fds;
    struct bpf_map_info info = {};
    __u32 size = sizeof(info);

    if (fds[DROP_BPF_RECORD_SITES] < 0 || fds[DROP_BPF_RECORDS] < 0)
        return 0;
    if (bpf_obj_get_info_by_fd(fds[DROP_BPF_RECORD_SITES], &info, &size) < 0)
        return -errno;
    state->record_sites = info.max_entries;
    return 0;
}

void drop_bpf_recorder_done(struct drop_recorder *recorder)
{
    size_t records = recorder->used * DROP_RECORDS_PER_SITE;

    unmap_memory(recorder->sites, recorder->used, sizeof(*recorder->sites));
    unmap_memory(recorder->records, records, sizeof(*recorder->records));
    unmap_memory(recorder->stacks, records, sizeof(*recorder->stacks));
    *recorder = (struct drop_recorder){};
}

/* Returns how many places have, or had, a site. They are used in their order. */
static size_t sites_used(const struct drop_bpf_state *state)
{
    uint64_t used = state->tallies[DROP_TALLY_RECORD_SITES];

    return used < state->record_sites ? used : state->record_sites;
}

int drop_bpf_recorder(const void *data, struct drop_recorder *ret_recorder)
{
    const struct drop_bpf_state *state = data;
    const int *fds = state->handles.fds;
    struct drop_recorder recorder = {.count = state->record_sites, .used = sites_used(state)};
    size_t records = recorder.used * DROP_RECORDS_PER_SITE;
    int error = 0;

    if (recorder.used)
        error = map_memory(fds[DROP_BPF_RECORD_SITES], recorder.used, sizeof(*recorder.sites),
                           (const void **)&recorder.sites);
    if (error == 0 && recorder.used)
        error = map_memory(fds[DROP_BPF_RECORDS], records, sizeof(*recorder.records),
                           (const void **)&recorder.records);
    if (error == 0 && recorder.used && fds[DROP_BPF_STACKS] >= 0)
        error = map_memory(fds[DROP_BPF_STACKS], records, sizeof(*recorder.stacks),
                           (const void **)&recorder.stacks);
    if (error < 0) {
        drop_bpf_recorder_done(&recorder);
        return error;
    }
    *ret_recorder = recorder;
    return 0;
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_bpf.h"

/*
 * Reads what bpf/drop.bpf.c counts inside the kernel, by descriptors and without any capability. Runs on
 * the collector's thread.
 *
 * Reading never resets anything, so nothing that is counted meanwhile can be missed: what came is the
 * difference between two readings. A key is deleted only where its device is gone and it did not move since
 * the last reading: the map does not fill up with devices that come and go, and no event can be on its way
 * to it.
 */

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "collectors/drops/drop_reason.h"

enum {
    BATCH_FIRST = 128, /* keys read at once; doubled where one bucket of the map holds more */
    BATCH_MAX = 64 * 1024,
};

/* What all CPUs have counted for a key since the program was loaded. */
struct total {
    struct drop_key key;
    uint64_t count;
};

struct totals {
    struct total *items;
    size_t count;
    size_t capacity;
};

struct drop_bpf_state {
    struct drop_handles handles;
    struct drop_reasons reasons;
    size_t cpus;
    size_t batch;
    struct drop_key *keys; /* batch of them */
    uint64_t *values;      /* batch × cpus */
    struct totals last;    /* ascending by key */
    struct totals next;    /* of the reading going on */
    uint64_t lost;
    uint64_t recursions;
};

static const char btf_directory[] = "/sys/kernel/btf";

static const char *const handle_names[] = {
    [DROP_BPF_LINK] = "bpf-link", [DROP_BPF_PROGRAM] = "bpf-program", [DROP_BPF_COUNTS] = "bpf-counts",
    [DROP_BPF_LOST] = "bpf-lost", [DROP_BPF_SYMBOLS] = "bpf-symbols", [DROP_BPF_SYMBOLS + 1] = NULL,
};

static void state_free(struct drop_bpf_state *state)
{
    drop_reasons_done(&state->reasons);
    free(state->keys);
    free(state->values);
    free(state->last.items);
    free(state->next.items);
    free(state);
}

DEFINE_CLEANUP(struct drop_bpf_state *, state_free)

static void drop_bpf_close(void *data)
{
    struct drop_bpf_state *state = data;

    for (size_t i = 0; i < ELEMENTS(state->handles.fds); i++)
        closep(&state->handles.fds[i]);
    state_free(state);
}

/* Room for a batch of keys with a value for each CPU. */
static int batch_resize(struct drop_bpf_state *state, size_t batch)
{
    struct drop_key *keys = reallocarray(NULL, batch, sizeof(*keys));
    uint64_t *values = reallocarray(NULL, batch, state->cpus * sizeof(*values));

    if (!keys || !values) {
        free(keys);
        free(values);
        return -ENOMEM;
    }
    free(state->keys);
    free(state->values);
    state->keys = keys;
    state->values = values;
    state->batch = batch;
    return 0;
}

static uint64_t sum_cpus(const struct drop_bpf_state *state, const uint64_t *values)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < state->cpus; i++)
        sum += values[i];
    return sum;
}

static int totals_append(struct drop_bpf_state *state, size_t count)
{
    struct totals *next = &state->next;

    if (next->count + count > next->capacity &&
        array_resize(next->items, next->capacity, 2 * (next->count + count)) < 0)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        next->items[next->count++] =
            (struct total){.key = state->keys[i], .count = sum_cpus(state, state->values + i * state->cpus)};
    return 0;
}

static int compare_totals(const void *a, const void *b)
{
    return memcmp(&((const struct total *)a)->key, &((const struct total *)b)->key, sizeof(struct drop_key));
}

static void totals_sort(struct totals *totals)
{
    if (totals->count)
        qsort(totals->items, totals->count, sizeof(*totals->items), compare_totals);
}

/* The whole map, ascending. A bucket that does not fit into a batch is -ENOSPC
 * (__htab_map_lookup_and_delete_batch, kernel/bpf/hashtab.c), and starts over with a larger one. */
static int map_read(struct drop_bpf_state *state)
{
    int fd = state->handles.fds[DROP_BPF_COUNTS];
    uint32_t position;
    void *from = NULL;
    int error;

    state->next.count = 0;
    do {
        __u32 count = (__u32)state->batch;

        error = bpf_map_lookup_batch(fd, from, &position, state->keys, state->values, &count, NULL);
        if (error == -ENOSPC && state->batch < BATCH_MAX) {
            state->next.count = 0;
            from = NULL;
            error = batch_resize(state, 2 * state->batch);
            continue;
        }
        if (error == 0 || error == -ENOENT) {
            int appended = totals_append(state, count);

            if (appended < 0)
                return appended;
        }
        from = &position;
    } while (error == 0);
    if (error == -ENOENT)
        totals_sort(&state->next);
    return error == -ENOENT ? 0 : error;
}

/* The reading is the last one from now on. */
static void totals_swap(struct drop_bpf_state *state)
{
    struct totals swap = state->last;

    state->last = state->next;
    state->next = swap;
}

static int give(struct drop_bpf_state *state, const struct drop_reader *reader, const struct drop_key *key,
                uint64_t count)
{
    char reason[DROP_REASON_SIZE];

    if (count == 0)
        return 0;
    if (drop_reasons_renew(&state->reasons, key->reason, btf_directory))
        (void)malloc_trim(0); /* to read the kernel's BTF takes megabytes */
    drop_reason_name(&state->reasons, key->reason, reason);
    return reader->count(&(struct drop_count){.location = key->location,
                                              .reason = reason,
                                              .ifindex = (int)key->ifindex,
                                              .netns = key->netns,
                                              .protocol = key->protocol,
                                              .circumstances = key->circumstances,
                                              .count = count},
                         reader->data);
}

/* Deletes a key whose device is gone. What came between the reading and the deletion is given to the reader.
 * True where the key is no more. */
static bool forget(struct drop_bpf_state *state, const struct drop_reader *reader, const struct total *total)
{
    if (bpf_map_lookup_and_delete_elem_flags(state->handles.fds[DROP_BPF_COUNTS], &total->key, state->values,
                                             0) < 0)
        return false;
    (void)give(state, reader, &total->key, sum_cpus(state, state->values) - total->count);
    return true;
}

/* What each key moved by. Both readings are ascending; a key that is not in the last one is new. */
static int give_differences(struct drop_bpf_state *state, const struct drop_reader *reader)
{
    size_t old = 0, kept = 0;

    for (size_t i = 0; i < state->next.count; i++) {
        const struct total total = state->next.items[i];
        uint64_t before = 0;
        int error;

        while (old < state->last.count && compare_totals(&state->last.items[old], &total) < 0)
            old++;
        if (old < state->last.count && compare_totals(&state->last.items[old], &total) == 0)
            before = state->last.items[old].count;
        error = give(state, reader, &total.key, total.count - before);
        if (error < 0)
            return error;
        if (total.count == before && total.key.ifindex &&
            !reader->link_exists((int)total.key.ifindex, reader->data) && forget(state, reader, &total))
            continue;
        state->next.items[kept++] = total;
    }
    state->next.count = kept;
    return 0;
}

static int losses_read(struct drop_bpf_state *state)
{
    struct bpf_prog_info info = {};
    __u32 size = sizeof(info), zero = 0;

    if (bpf_map_lookup_elem(state->handles.fds[DROP_BPF_LOST], &zero, state->values) < 0 ||
        bpf_obj_get_info_by_fd(state->handles.fds[DROP_BPF_PROGRAM], &info, &size) < 0)
        return -errno;
    state->lost = sum_cpus(state, state->values);
    state->recursions = info.recursion_misses;
    return 0;
}

static int drop_bpf_read(void *data, const struct drop_reader *reader, struct fault *fault)
{
    struct drop_bpf_state *state = data;
    int error = map_read(state);

    if (error == 0)
        error = losses_read(state);
    if (error == 0)
        error = give_differences(state, reader);
    if (error < 0)
        return fault_errno(fault, error, "reading the BPF map of drops");
    totals_swap(state);
    return 0;
}

static bool drop_bpf_symbol(const void *data, uint64_t location, char text[DROP_SYMBOL_TEXT_SIZE])
{
    const struct drop_bpf_state *state = data;
    struct drop_symbol symbol;

    if (bpf_map_lookup_elem(state->handles.fds[DROP_BPF_SYMBOLS], &location, &symbol) < 0)
        return false;
    memcpy(text, symbol.text, DROP_SYMBOL_TEXT_SIZE);
    return text[DROP_SYMBOL_TEXT_SIZE - 1] == '\0';
}

/* A map that another version of the program made (it was handed over) may have other keys. */
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

static int check_maps(const struct drop_handles *handles, struct fault *fault)
{
    static const struct bpf_map_info counts = {.type = BPF_MAP_TYPE_PERCPU_HASH,
                                               .key_size = sizeof(struct drop_key),
                                               .value_size = sizeof(uint64_t)};
    static const struct bpf_map_info symbols = {
        .type = BPF_MAP_TYPE_HASH, .key_size = sizeof(uint64_t), .value_size = sizeof(struct drop_symbol)};
    int error = check_map(handles->fds[DROP_BPF_COUNTS], &counts, fault);

    return error < 0 ? error : check_map(handles->fds[DROP_BPF_SYMBOLS], &symbols, fault);
}

/* Everything is counted from the moment the program was loaded, and so is all that is lost: who reads first
 * gives all of it, who comes after, what came since the last reading. */
static int state_begin(struct drop_bpf_state *state, struct drop_bpf_state *previous)
{
    int error = batch_resize(state, BATCH_FIRST);

    if (error == 0)
        error = drop_reasons_load(&state->reasons, btf_directory);
    if (error < 0 || !previous)
        return error;
    state->last = previous->last;
    previous->last = (struct totals){};
    return 0;
}

static int drop_bpf_adopt(const struct drop_options *options, const struct drop_handles *handles,
                          void *previous, void **ret_state, struct fault *fault)
{
    _cleanup_(state_freep) struct drop_bpf_state *state = calloc(1, sizeof(*state));
    int cpus = libbpf_num_possible_cpus();
    int error;

    (void)options;
    if (!state)
        return fault_set(fault, -ENOMEM, "BPF: out of memory");
    if (cpus < 0)
        return fault_errno(fault, cpus, "number of CPUs");
    error = check_maps(handles, fault);
    if (error < 0)
        return error;
    state->cpus = (size_t)cpus;
    state->handles = *handles;
    error = state_begin(state, previous);
    if (error < 0)
        return fault_errno(fault, error, "BPF");
    *ret_state = take_ptr(state);
    return 0;
}

static void drop_bpf_status(const void *data, struct drop_status *ret_status)
{
    const struct drop_bpf_state *state = data;

    *ret_status = (struct drop_status){
        .mode = "tracepoint",
        .active = DROP_ACTIVE_YES, /* the link is ours, nobody else can take it */
        .lost = {[DROP_LOST_MAP_FULL] = state->lost, [DROP_LOST_RECURSION] = state->recursions},
    };
}

const struct drop_source drop_source_bpf = {
    .name = "bpf",
    .handles = handle_names,
    .devices = true,
    .open = drop_bpf_load,
    .adopt = drop_bpf_adopt,
    .read = drop_bpf_read,
    .symbol = drop_bpf_symbol,
    .status = drop_bpf_status,
    .close = drop_bpf_close,
};

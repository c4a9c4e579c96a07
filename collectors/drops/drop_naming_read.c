/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_naming_private.h"

/*
 * The half of drop_naming.c that reads the source and notes which names are missing. The collector's thread.
 */

#include <string.h>

#include "base/array.h"

static bool link_exists(int ifindex, void *data)
{
    const struct drop_naming *naming = data;
    const struct link_table *links = &naming->links;

    return link_table_find(links, ifindex) || !links->synced_ns || links->lost || links->full;
}

int drop_naming_want(struct drop_naming *naming, uint64_t location, const char *hint)
{
    char text[DROP_SYMBOL_TEXT_SIZE];

    if (ksyms_find(&naming->ksyms, location))
        return 0;
    if (naming->book.source->symbol && naming->book.source->symbol(naming->book.source_state, location, text))
        return ksyms_tell(&naming->ksyms, location, text);
    return ksyms_want(&naming->ksyms, location, hint);
}

static int take_count(const struct drop_count *count, void *data)
{
    struct drop_naming *naming = data;
    struct drop_pending *pending;
    int error = array_grow(naming->book.pending, naming->book.pending_count, naming->book.pending_capacity);

    if (error == 0)
        error = drop_naming_want(naming, count->location, count->symbol);
    if (error < 0)
        return error;
    pending = &naming->book.pending[naming->book.pending_count++];
    *pending = (struct drop_pending){
        .location = count->location,
        .count = count->count,
        .segments = count->segments,
        .ifindex = count->ifindex,
        .netns = count->netns,
        .protocol = count->protocol,
        .circumstances = count->circumstances,
        .direction = count->direction,
        .owner = count->owner,
        .space = count->space,
    };
    if (count->space)
        drop_spaces_dropped(&naming->book.spaces, count->space, count->inode);
    if (count->device)
        strncat(pending->device, count->device, sizeof(pending->device) - 1);
    strncat(pending->reason, count->reason, sizeof(pending->reason) - 1);
    return 0;
}

static int take_workload(const struct drop_workload_count *count, void *data)
{
    struct drop_naming *naming = data;
    struct drop_book *book = &naming->book;
    struct drop_pending_workload *pending;

    if (array_grow(book->pending_workloads, book->pending_workload_count, book->pending_workload_capacity) <
        0)
        return -ENOMEM;
    pending = &book->pending_workloads[book->pending_workload_count++];
    *pending = (struct drop_pending_workload){
        .cgroup = count->cgroup,
        .location = count->location,
        .count = count->count,
        .netns = count->netns,
        .circumstances = count->circumstances,
    };
    strncat(pending->reason, count->reason, sizeof(pending->reason) - 1);
    return 0;
}

static int take_burst(const struct drop_burst_count *count, void *data)
{
    struct drop_naming *naming = data;
    struct drop_book *book = &naming->book;
    struct drop_pending_burst *pending;

    if (array_grow(book->pending_bursts, book->pending_burst_count, book->pending_burst_capacity) < 0)
        return -ENOMEM;
    pending = &book->pending_bursts[book->pending_burst_count++];
    *pending = (struct drop_pending_burst){
        .location = count->location,
        .ifindex = count->ifindex,
        .circumstances = count->circumstances,
        .came = count->came,
    };
    strncat(pending->reason, count->reason, sizeof(pending->reason) - 1);
    return 0;
}

int drop_naming_read(struct drop_naming *naming, struct fault *fault)
{
    const struct drop_reader reader = {.count = take_count,
                                       .workload = take_workload,
                                       .burst = take_burst,
                                       .link_exists = link_exists,
                                       .data = naming};
    struct drop_book *book = &naming->book;
    size_t before = book->pending_count, workloads_before = book->pending_workload_count;
    size_t bursts_before = book->pending_burst_count;
    int error = 0;

    for (size_t i = 0; i < before && error == 0; i++)
        error = drop_naming_want(naming, book->pending[i].location, NULL);
    if (error == 0)
        error = book->source->read(book->source_state, &reader, fault);
    if (error < 0) {
        book->pending_count = before;
        book->pending_workload_count = workloads_before;
        book->pending_burst_count = bursts_before;
    }
    return error;
}

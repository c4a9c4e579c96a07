/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/netns/namespace_book.h"

/*
 * Adds up what network namespaces counted, by workload, so that counters never fall. The collector's thread.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(struct namespace_book *, namespace_book_free)

int namespace_book_new(size_t max_namespaces, size_t max_workloads, struct limits *limits,
                       struct namespace_book **ret_book)
{
    _cleanup_(namespace_book_freep) struct namespace_book *book = calloc(1, sizeof(*book));

    if (!book)
        return -ENOMEM;
    book->max = max_namespaces;
    book->was_crowded = true;
    book->generation = 1;
    book->limits = limits;
    /* One more, for WORKLOAD_NOBODY. */
    if (workload_table_init(&book->workloads, max_workloads + 1, limits) < 0 ||
        hash_index_reserve(&book->index, 2 * max_namespaces) < 0)
        return -ENOMEM;
    *ret_book = take_ptr(book);
    return 0;
}

struct namespace_book *namespace_book_free(struct namespace_book *book)
{
    if (!book)
        return NULL;
    for (size_t i = 0; i < book->count; i++)
        free(book->items[i].devices);
    free(book->items);
    free(book->sums);
    hash_index_done(&book->index);
    workload_table_done(&book->workloads);
    free(book);
    return NULL;
}

void namespace_book_begin(struct namespace_book *book)
{
    book->pass++;
    book->sighted = 0;
    book->crowded = false;
}

void namespace_book_end(struct namespace_book *book)
{
    book->was_crowded = book->crowded;
    book->there = book->sighted;
}

void namespace_book_abandon(struct namespace_book *book)
{
    book->pass--;
    book->crowded_pass = 0;
    for (size_t i = 0; i < book->count; i++)
        if (book->items[i].pass > book->pass)
            book->items[i].pass = book->pass;
}

static uint64_t inode_hash(uint64_t inode)
{
    return hash_word(HASH_EMPTY, inode);
}

/* Forgets the namespace that was absent for the longest time. One was absent during the whole last pass: at
 * most `max` were seen in this pass, and at most `max` in the one before. */
static void forget_one(struct namespace_book *book)
{
    size_t oldest = 0;

    for (size_t i = 1; i < book->count; i++)
        if (book->items[i].pass < book->items[oldest].pass)
            oldest = i;
    free(book->items[oldest].devices);
    book->items[oldest] = book->items[--book->count];
    hash_index_clear(&book->index);
    for (size_t i = 0; i < book->count; i++)
        (void)hash_index_add(&book->index, inode_hash(book->items[i].inode),
                             i); /* cannot fail: room is reserved */
}

static int add_namespace(struct namespace_book *book, uint64_t inode)
{
    if (book->count == 2 * book->max)
        forget_one(book);
    if (array_grow(book->items, book->count, book->capacity) < 0)
        return -ENOMEM;
    (void)hash_index_add(&book->index, inode_hash(inode), book->count); /* cannot fail: room is reserved */
    book->items[book->count++] = (struct known_namespace){.inode = inode, .old = book->was_crowded};
    return 0;
}

int namespace_book_sight(struct namespace_book *book, uint64_t inode, struct known_namespace **ret_item)
{
    size_t found = hash_index_find(&book->index, inode_hash(inode), item, book->items[item].inode == inode);
    struct known_namespace *item;

    if (found == HASH_NONE || book->items[found].pass != book->pass) {
        if (book->sighted == book->max) {
            if (!book->crowded)
                limit_hit(book->limits, LIMIT_NAMESPACES);
            book->crowded = true;
            return -ENOSPC;
        }
        if (found == HASH_NONE && add_namespace(book, inode) < 0)
            return -ENOMEM;
        found = found == HASH_NONE ? book->count - 1 : found;
        item = &book->items[found];
        /* If the inode was absent for a pass and never read, this is another namespace. */
        if (!item->read && item->pass + 1 < book->pass)
            item->old = book->was_crowded;
        item->pass = book->pass;
        item->rank = 0;
        item->former = item->pid;
        book->sighted++;
    }
    *ret_item = &book->items[found];
    return 0;
}

/* Marks workloads whose namespaces exist, or may exist. */
static void mark_living(struct namespace_book *book)
{
    for (size_t i = 0; i < book->sums_count; i++)
        book->sums[i].living = i == WORKLOAD_NOBODY;
    for (size_t i = 0; i < book->count; i++) {
        const struct known_namespace *item = &book->items[i];

        if (item->read && item->pass + 1 >= book->pass && item->workload < book->sums_count)
            book->sums[item->workload].living = true;
    }
}

size_t namespace_book_staying(struct namespace_book *book)
{
    size_t staying = 0;

    mark_living(book);
    for (size_t i = WORKLOAD_NOBODY + 1; i < book->sums_count; i++)
        staying += book->sums[i].living;
    return staying;
}

/* A workload that has no namespace any more. */
struct gone {
    uint64_t pass; /* the last one in which it had a namespace */
    size_t number;
};

static int compare_gone(const void *a, const void *b)
{
    const struct gone *left = a, *right = b;

    return left->pass < right->pass ? -1 : left->pass > right->pass;
}

/* Lists them in the order in which they went. */
static size_t list_gone(const struct namespace_book *book, struct gone *gone)
{
    size_t count = 0;

    for (size_t i = 0; i < book->sums_count; i++)
        if (!book->sums[i].living && book->workloads.items[i])
            gone[count++] = (struct gone){.pass = book->sums[i].pass, .number = i};
    qsort(gone, count, sizeof(*gone), compare_gone);
    return count;
}

/* Evicts rows of workloads that have no namespace any more; the totals keep their counts. If there are none,
 * tries again in the next pass. */
static int make_room(struct namespace_book *book)
{
    struct workload_table *table = &book->workloads;
    _cleanup_(freep) bool *kept = calloc(table->count, sizeof(*kept));
    _cleanup_(freep) struct gone *gone = calloc(table->count, sizeof(*gone));
    size_t count, part = workload_rows_evicted(table->max);

    if (!kept || !gone)
        return -ENOMEM;
    mark_living(book);
    count = list_gone(book, gone);
    if (!count)
        book->crowded_pass = book->pass;
    for (size_t i = 0; i < count && i < part; i++) {
        book->sums[gone[i].number] = (struct namespace_sums){};
        book->generation++;
    }
    for (size_t i = 0; i < table->count; i++)
        kept[i] = i < book->sums_count && book->sums[i].shown;
    if (count)
        workload_table_keep(table, kept);
    return 0;
}

static int grow_sums(struct namespace_book *book)
{
    while (book->sums_count < book->workloads.count) {
        if (array_grow(book->sums, book->sums_count, book->sums_capacity) < 0)
            return -ENOMEM;
        book->sums[book->sums_count++] = (struct namespace_sums){};
    }
    return 0;
}

static int number_owner(struct namespace_book *book, struct known_namespace *item)
{
    int error;

    item->workload = WORKLOAD_NOBODY;
    if (!item->owner.unit[0])
        return 0;
    error = workload_table_add(&book->workloads, &item->owner, &item->workload);
    if (error != -ENOSPC)
        return error;
    error = book->crowded_pass == book->pass ? 0 : make_room(book);
    return error < 0 ? error : workload_table_put(&book->workloads, &item->owner, &item->workload);
}

/* Finds the sums of the namespace's owner, or those of `other`. */
static int find_sums(struct namespace_book *book, struct known_namespace *item,
                     struct namespace_sums **ret_sums)
{
    struct namespace_sums *sums = &book->other;
    int error = number_owner(book, item);

    if (error == 0)
        error = grow_sums(book);
    if (error < 0)
        return error;
    if (item->workload != WORKLOAD_NOBODY || !item->owner.unit[0])
        sums = &book->sums[item->workload];
    if (!sums->shown)
        book->generation++;
    sums->shown = true;
    sums->pass = book->pass;
    *ret_sums = sums;
    return 0;
}

static void add(struct namespace_book *book, struct namespace_sums *sums, size_t counter, uint64_t moved)
{
    sums->values[counter] += moved;
    book->totals[counter] += moved;
    book->present[counter] = true;
}

/* A value below the last one counts from 0 again. */
static uint64_t moved_since(uint64_t before, uint64_t now)
{
    return now >= before ? now - before : now;
}

/* Finds the device of that name, which is mostly at the same place. Returns NULL if there was none. */
static const struct namespace_device *find_device(const struct known_namespace *item, const char *name,
                                                  size_t hint)
{
    for (size_t i = 0; i < item->device_count; i++) {
        const struct namespace_device *device = &item->devices[(hint + i) % item->device_count];

        if (memcmp(device->name, name, sizeof(device->name)) == 0)
            return device;
    }
    return NULL;
}

/* Devices come and go within a namespace: what each has counted is kept. */
static void take_devices(struct namespace_book *book, const struct known_namespace *item,
                         struct namespace_sums *sums, const struct namespace_reading *reading)
{
    for (size_t i = 0; i < reading->device_count; i++) {
        const struct namespace_device *now = &reading->devices[i], *before = find_device(item, now->name, i);

        for (size_t k = 0; k < NAMESPACE_DEVICE_COUNTERS; k++)
            add(book, sums, NAMESPACE_PROTOCOL_COUNTERS + k,
                moved_since(before ? before->values[k] : 0, now->values[k]));
    }
}

static void take_protocols(struct namespace_book *book, const struct known_namespace *item,
                           struct namespace_sums *sums, const struct namespace_reading *reading)
{
    for (size_t i = 0; i < NAMESPACE_PROTOCOL_COUNTERS; i++)
        if (reading->present[i])
            add(book, sums, i, moved_since(item->values[i], reading->values[i]));
}

/* Remembers the values: only what comes later is added. */
static void remember(struct known_namespace *item, const struct namespace_reading *reading)
{
    item->read = true;
    item->mark = reading->mark;
    for (size_t i = 0; i < NAMESPACE_PROTOCOL_COUNTERS; i++)
        if (reading->present[i])
            item->values[i] = reading->values[i];
    for (size_t i = 0; i < reading->device_count; i++)
        item->devices[i] = reading->devices[i];
    item->device_count = reading->device_count;
}

/* Another namespace has the inode now. */
static void forget_values(const struct namespace_book *book, struct known_namespace *item)
{
    if (item->read)
        item->old = book->was_crowded;
    memset(item->values, 0, sizeof(item->values));
    item->device_count = 0;
    item->read = false;
}

int namespace_book_take(struct namespace_book *book, struct known_namespace *item,
                        const struct namespace_reading *reading)
{
    struct namespace_sums *sums;
    int error = 0;

    if (item->device_capacity < reading->device_count)
        error = array_resize(item->devices, item->device_capacity, reading->device_count);
    if (error == 0)
        error = find_sums(book, item, &sums);
    if (error < 0)
        return error;
    if (item->mark != reading->mark)
        forget_values(book, item);
    if (!item->read && item->old)
        remember(item, reading);
    take_protocols(book, item, sums, reading);
    take_devices(book, item, sums, reading);
    remember(item, reading);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_kept.h"

/* Writes the book of drops to a file that outlives the process, and reads it back. The collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "collectors/drops/drop_kept_file.h"

/* Raised by whoever changes what is written, or what a number in it means. */
enum { FORMAT = 4 };

DEFINE_CLEANUP(struct drop_book *, drop_book_free)

uint64_t drop_kept_layout(void)
{
    static const size_t sizes[] = {
        FORMAT,
        sizeof(struct drop_labels),
        sizeof(struct drop_workload_labels),
        sizeof(struct drop_burst_row),
        sizeof(struct drop_key),
        sizeof(struct drop_workload_key),
        sizeof(struct drop_cgroup),
        DROP_SPACE_SIZE,
        LOSS_CLASS_COUNT,
        DROP_UNOWNED_COUNT,
    };

    return hash_bytes(HASH_EMPTY, sizes, sizeof(sizes));
}

static void put_sites(struct drop_kept_writer *writer, const struct drop_table *sites)
{
    drop_kept_put(writer, sites->other, sizeof(sites->other));
    drop_kept_put(writer, sites->forgotten, sizeof(sites->forgotten));
    drop_kept_put(writer, sites->segments, sizeof(sites->segments));
    drop_kept_put_number(writer, sites->count);
    for (size_t i = 0; i < sites->count; i++) {
        drop_kept_put(writer, &sites->sites[i].labels, sizeof(sites->sites[i].labels));
        drop_kept_put_number(writer, sites->sites[i].loss_class);
        drop_kept_put_number(writer, sites->sites[i].count);
    }
}

static void put_workloads(struct drop_kept_writer *writer, const struct drop_workloads *workloads)
{
    drop_kept_put(writer, workloads->unowned, sizeof(workloads->unowned));
    drop_kept_put(writer, workloads->forgotten, sizeof(workloads->forgotten));
    drop_kept_put_number(writer, workloads->count);
    for (size_t i = 0; i < workloads->count; i++) {
        const struct drop_workload *item = &workloads->items[i];
        size_t size = strlen(item->cgroup);

        drop_kept_put(writer, &item->labels, sizeof(item->labels));
        drop_kept_put_number(writer, item->count);
        drop_kept_put_number(writer, size);
        drop_kept_put(writer, item->cgroup, size);
    }
}

int drop_kept_save(int fd, struct drop_book *book)
{
    struct drop_kept_writer writer;
    int error;

    /* While a book of the last instance is not merged, the file already has its counts. */
    if (fd < 0 || !book->unkept || !book->source->save || book->before.index.slot_count)
        return 0;
    drop_kept_begin(&writer, fd);
    put_sites(&writer, &book->sites);
    put_workloads(&writer, &book->workloads);
    put_workloads(&writer, &book->udp);
    drop_kept_put_number(&writer, book->bursts.count);
    for (size_t i = 0; i < book->bursts.count; i++)
        drop_kept_put(&writer, &book->bursts.rows[i], sizeof(book->bursts.rows[i]));
    drop_spaces_save(&book->spaces, &writer);
    book->source->save(book->source_state, &writer);
    error = drop_kept_commit(&writer, drop_kept_layout());
    book->unkept = error < 0;
    return error;
}

/* A damaged file must do no harm: every number and text that is used as a name is checked. */
#define text_whole(text) (memchr((text), '\0', sizeof(text)) != NULL)

static bool site_valid(const struct drop_labels *labels, uint64_t loss_class)
{
    return text_whole(labels->function) && text_whole(labels->module) && text_whole(labels->reason) &&
           text_whole(labels->device) && text_whole(labels->space) &&
           (unsigned)labels->netns < DROP_NETNS_COUNT && (unsigned)labels->protocol < DROP_PROTOCOL_COUNT &&
           !((unsigned)labels->circumstance & ~(unsigned)DROP_KEY_MEANINGS) && loss_class < LOSS_CLASS_COUNT;
}

/* If this version gives the site another class than the version that wrote it, the row is dropped and its
 * count added to `forgotten`, so that the total of the class goes on. */
static int get_site(struct drop_kept_reader *reader, struct drop_table *sites)
{
    struct drop_labels labels;
    uint64_t loss_class, count;

    drop_kept_get(reader, &labels, sizeof(labels));
    loss_class = drop_kept_get_number(reader);
    count = drop_kept_get_number(reader);
    if (reader->damaged || !site_valid(&labels, loss_class)) {
        reader->damaged = true;
        return 0;
    }
    if (drop_class_of(labels.reason, labels.function, labels.circumstance) == loss_class)
        return drop_table_add(sites, &labels, count, 0);
    sites->forgotten[loss_class] += count;
    sites->totals[loss_class] += count;
    return 0;
}

static int get_sites(struct drop_kept_reader *reader, struct drop_table *ret_sites, struct limits *limits)
{
    uint64_t other[LOSS_CLASS_COUNT], forgotten[LOSS_CLASS_COUNT], segments[LOSS_CLASS_COUNT];
    size_t count;
    int error;

    drop_kept_get(reader, other, sizeof(other));
    drop_kept_get(reader, forgotten, sizeof(forgotten));
    drop_kept_get(reader, segments, sizeof(segments));
    count = drop_kept_get_count(reader, sizeof(struct drop_labels));
    error = drop_table_init(ret_sites, count + 1, limits);
    for (size_t i = 0; i < count && error == 0 && !reader->damaged; i++)
        error = get_site(reader, ret_sites);
    for (unsigned i = 0; i < LOSS_CLASS_COUNT; i++) {
        ret_sites->other[i] = other[i];
        ret_sites->forgotten[i] += forgotten[i];
        ret_sites->segments[i] = segments[i];
        ret_sites->totals[i] += other[i] + forgotten[i];
    }
    return error;
}

static bool workload_valid(const struct drop_workload_labels *labels)
{
    return text_whole(labels->who.unit) && text_whole(labels->who.container_id) &&
           text_whole(labels->who.pod_uid) && text_whole(labels->reason) &&
           (unsigned)labels->loss_class < LOSS_CLASS_COUNT && (unsigned)labels->netns < DROP_NETNS_COUNT;
}

static void get_workload(struct drop_kept_reader *reader, struct drop_workloads *workloads)
{
    struct drop_workload_labels labels;
    char path[DROP_CGROUP_PATH_SIZE] = "";
    uint64_t count, size;

    drop_kept_get(reader, &labels, sizeof(labels));
    count = drop_kept_get_number(reader);
    size = drop_kept_get_number(reader);
    if (reader->damaged || size >= sizeof(path) || !workload_valid(&labels)) {
        reader->damaged = true;
        return;
    }
    drop_kept_get(reader, path, size);
    if (!reader->damaged)
        drop_workloads_add(workloads, &labels, path, count);
}

static int get_workloads(struct drop_kept_reader *reader, struct drop_workloads *ret_workloads,
                         struct limits *limits)
{
    uint64_t unowned[DROP_UNOWNED_COUNT][LOSS_CLASS_COUNT], forgotten[LOSS_CLASS_COUNT];
    size_t count;
    int error;

    drop_kept_get(reader, unowned, sizeof(unowned));
    drop_kept_get(reader, forgotten, sizeof(forgotten));
    count = drop_kept_get_count(reader, sizeof(struct drop_workload_labels));
    error = drop_workloads_init(ret_workloads, count + 1, true, limits);
    if (error < 0)
        return error;
    memcpy(ret_workloads->forgotten, forgotten, sizeof(forgotten));
    for (unsigned kind = 0; kind < DROP_UNOWNED_COUNT; kind++)
        for (unsigned i = 0; i < LOSS_CLASS_COUNT; i++)
            drop_workloads_add_unowned(ret_workloads, kind, i, unowned[kind][i]);
    for (size_t i = 0; i < count && !reader->damaged; i++)
        get_workload(reader, ret_workloads);
    return 0;
}

static int get_bursts(struct drop_kept_reader *reader, struct drop_burst_table *bursts)
{
    size_t count = drop_kept_get_count(reader, sizeof(struct drop_burst_row));

    if (count > DROP_BURST_ROWS_MAX)
        reader->damaged = true;
    for (size_t i = 0; i < count && !reader->damaged; i++) {
        struct drop_burst_row row;

        drop_kept_get(reader, &row, sizeof(row));
        row.gone = false; /* the next sweep sets it */
        if (array_grow(bursts->rows, bursts->count, bursts->capacity) < 0)
            return -ENOMEM;
        reader->damaged =
            reader->damaged || !text_whole(row.device) || (unsigned)row.loss_class >= LOSS_CLASS_COUNT;
        bursts->rows[bursts->count++] = row;
    }
    bursts->generation++;
    return 0;
}

static int get_book(struct drop_kept_reader *reader, struct drop_book *book, struct limits *limits)
{
    int error = get_sites(reader, &book->sites, limits);

    if (error == 0)
        error = get_workloads(reader, &book->workloads, limits);
    if (error == 0)
        error = get_workloads(reader, &book->udp, limits);
    if (error == 0)
        error = get_bursts(reader, &book->bursts);
    if (error == 0)
        error = drop_spaces_restore(&book->spaces, reader);
    if (error == 0)
        error = book->source->restore(reader, &book->source_state);
    if (error == 0 && (reader->damaged || reader->at != reader->size))
        error = -EINVAL;
    return error;
}

int drop_kept_restore(int fd, const struct drop_source *source, struct limits *limits,
                      struct drop_book **ret_left)
{
    _cleanup_(drop_book_freep) struct drop_book *book = NULL;
    struct drop_kept_reader reader;
    int error;

    *ret_left = NULL;
    if (fd < 0 || !source->restore)
        return 0;
    error = drop_kept_load(&reader, fd, drop_kept_layout());
    if (error < 0)
        return error == -ENOENT ? 0 : error;
    book = calloc(1, sizeof(*book));
    if (book) {
        book->source = source;
        error = get_book(&reader, book, limits);
    }
    drop_kept_unload(&reader);
    if (!book || error < 0)
        return book ? error : -ENOMEM;
    *ret_left = take_ptr(book);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the answer to a scrape costs: nanoseconds a series (the least of a few runs) and bytes, of the text,
 * of the gzip member that gzip_by_rows() makes of it, and of libdeflate's at level 1 (gzip_text() chooses),
 * for tables of the link collector's shape. The gzip columns do not include the making of the text.
 *
 *     encode [ROWS...]
 */

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "collectors/link/link_columns.h"
#include "daemon/encode/encode.h"
#include "daemon/encode/gzip.h"

enum { RUNS = 15, SERIES_A_RUN = 400000, BUSY = 8, BRIDGE = 16 };

struct work {
    struct snapshot *snapshot;
    struct buffer text, coded;
    struct gzip *gzip;
    struct libdeflate_compressor *compressor;
};

static void make_text(struct work *work)
{
    buffer_clear(&work->text);
    encode_snapshot(&work->text, work->snapshot, EXPOSITION_OPENMETRICS);
    encode_end(&work->text, EXPOSITION_OPENMETRICS);
}

static void make_gzip(struct work *work)
{
    buffer_clear(&work->coded);
    gzip_by_rows(work->gzip, &work->coded, work->text.data, work->text.size);
}

static void make_libdeflate(struct work *work)
{
    size_t bound = libdeflate_gzip_compress_bound(work->compressor, work->text.size);

    buffer_clear(&work->coded);
    work->coded.size = libdeflate_gzip_compress(work->compressor, work->text.data, work->text.size,
                                                buffer_reserve(&work->coded, bound), bound);
}

static double measure(struct work *work, void (*make)(struct work *work))
{
    uint64_t series = snapshot_series(work->snapshot), least = UINT64_MAX;
    uint64_t count = SERIES_A_RUN / series + 1;

    for (size_t run = 0; run < RUNS; run++) {
        uint64_t begin = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID), took;

        for (uint64_t i = 0; i < count; i++)
            make(work);
        took = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
        least = took < least ? took : least;
    }
    return (double)least / (double)(count * series);
}

/* One link in BUSY carries traffic, and some of that is lost; the others have seen a few packets at most. */
static uint64_t statistic(size_t row, size_t column)
{
    uint64_t random = (row * 64 + column + 1) * 0x9e3779b97f4a7c15u;

    random = (random ^ random >> 31) * 0xbf58476d1ce4e5b9u;
    if (row % BUSY == 0)
        return column < 4 ? random >> 20 : column < 8 ? random >> 50 : 0;
    return column < 2 ? random >> 60 : column < 4 ? (random >> 60) * 70 : 0;
}

static void fill(struct table *table)
{
    static const uint64_t numbers[LINK_SHOWN_COUNT] = {2, 1, 1, 1, 1, 1, 1500, 1000};

    for (size_t row = 0; row < table->rows->count; row++)
        for (size_t i = 0; i < table->columns->count; i++)
            table_set(table, row, i,
                      i < LINK_STATISTIC_COUNT ? statistic(row, i) : numbers[i - LINK_STATISTIC_COUNT]);
}

static struct snapshot *snapshot_of_links(size_t count)
{
    struct snapshot *snapshot = snapshot_new();
    struct link_columns columns;
    struct row_set *rows;

    if (!snapshot || link_columns_init(&columns, LINK_COLUMNS_ALL) < 0 ||
        row_set_new((const char *const[]){"device", "kind"}, 2, &rows) < 0)
        abort();
    for (size_t i = 0; i < count; i++) {
        const char *kind = i % BRIDGE == 0 ? "bridge" : "veth";
        char name[32];

        (void)snprintf(name, sizeof(name), "%s%zu", kind, i);
        (void)row_set_add(rows, (const char *const[]){name, kind});
    }
    row_set_seal(rows);
    fill(snapshot_add_table(snapshot, columns.set, rows));
    row_set_unref(rows);
    link_columns_done(&columns);
    return snapshot;
}

static void report(size_t rows)
{
    struct work work = {
        .snapshot = snapshot_of_links(rows),
        .gzip = gzip_new(),
        .compressor = libdeflate_alloc_compressor(1),
    };
    double text = measure(&work, make_text);
    double gzip = measure(&work, make_gzip);
    size_t gzip_size = work.coded.size;
    double libdeflate = measure(&work, make_libdeflate);

    printf("%6zu %8.1f %9zu %8.1f %9zu %8.1f %9zu\n", rows, text, work.text.size, gzip, gzip_size, libdeflate,
           work.coded.size);
    libdeflate_free_compressor(work.compressor);
    buffer_done(&work.text);
    buffer_done(&work.coded);
    gzip_free(work.gzip);
    snapshot_unref(work.snapshot);
}

int main(int argc, char *argv[])
{
    printf("%6s %8s %9s %8s %9s %8s %9s\n", "rows", "text ns", "bytes", "gzip ns", "bytes", "search",
           "bytes");
    for (int i = 1; i < argc; i++)
        report((size_t)atoi(argv[i]));
    return 0;
}

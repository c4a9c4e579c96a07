/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/encode/encode.h"

/*
 * Writes tables in the exposition format. The hot path of a scrape: for each column and each row, two copies
 * and a number. Room for a whole family is reserved before it is written, so that the inner loop needs no
 * checks. Pure; any thread.
 */

#include <string.h>

#include "base/clock.h"

/* Maximum size of a printed value: a sign and 20 digits, or seconds with nine decimals, and the line feed. */
enum { VALUE_TEXT_MAX = 1 + UINT64_TEXT_MAX + 1 + 9 + 1 };

/* Writes nanoseconds as seconds, exactly, without trailing zeros. */
static char *encode_seconds(char *at, uint64_t ns)
{
    uint64_t fraction = ns % NS_PER_SECOND;
    char *end;

    at = format_uint64(at, ns / NS_PER_SECOND);
    if (!fraction)
        return at;
    /* The leading 1 keeps the zeros after the decimal point. The point then overwrites it. */
    end = format_uint64(at, NS_PER_SECOND + fraction);
    *at = '.';
    while (end[-1] == '0')
        end--;
    return end;
}

static char *encode_value(char *at, enum value_type type, uint64_t value)
{
    if (type == VALUE_SECONDS)
        return encode_seconds(at, value);
    if (type == VALUE_INT64 && (int64_t)value < 0) {
        *at++ = '-';
        value = -value;
    }
    return format_uint64(at, value);
}

static char *put(char *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

/* A row's rendered labels, with the blank after them. */
struct labels {
    const char *text;
    size_t size;
};

static struct labels row_labels(const struct row_set *rows, size_t row)
{
    uint32_t offset = rows->offsets[row];

    return (struct labels){.text = rows->text + offset, .size = rows->offsets[row + 1] - offset};
}

/* Writes a sample up to its value. The name is the family's, plus a suffix. */
static char *encode_begin(char *at, const struct column *column, const char *suffix, struct labels labels)
{
    at = put(at, column->name, column->family_size);
    at = put(at, suffix, strlen(suffix));
    return put(at, labels.text, labels.size);
}

/* Writes a row of a histogram, if it is present: cumulative buckets, the sum, and the count, which equals the
 * last bucket. */
static char *encode_histogram(char *at, const struct table *table, size_t index, size_t row,
                              enum exposition exposition)
{
    const struct column *column = &table->columns->columns[index];
    const uint64_t *counts = table_histogram(table, row, index);
    const struct labels labels = row_labels(table->rows, row);
    const struct labels open = {labels.text, labels.size > 1 ? labels.size - strlen("} ") : 0};
    const char *le = column->le[exposition];
    uint64_t count = 0, sum;

    if (!table_get(table, row, index, &sum))
        return at;
    for (size_t i = 0; i < column->bucket_count; i++) {
        size_t size = strlen(le);

        at = encode_begin(at, column, "_bucket", open);
        *at++ = open.size ? ',' : '{';
        at = put(at, le, size);
        le += size + 1;
        count += counts[i];
        at = format_uint64(at, count);
        *at++ = '\n';
    }
    at = encode_value(encode_begin(at, column, "_sum", labels), column->value, sum);
    *at++ = '\n';
    at = format_uint64(encode_begin(at, column, "_count", labels), count);
    *at++ = '\n';
    return at;
}

/* Returns the maximum size of a column without its header. */
static size_t column_room(const struct column *column, const struct row_set *rows)
{
    size_t sample = column->name_size + strlen("_created,") + VALUE_TEXT_MAX;
    size_t series = column_series(column) + column->from_zero;

    if (!rows->count)
        return 0;
    return series * rows->offsets[rows->count] +
           rows->count * (series * sample + column->le_size[EXPOSITION_OPENMETRICS]);
}

/* Writes rows of any other column, from `first` to before `end`. This is most of a scrape. */
static char *encode_samples(char *at, const struct table *table, size_t index, size_t first, size_t end)
{
    const struct column *column = &table->columns->columns[index];
    const struct row_set *rows = table->rows;

    for (size_t row = first; row < end; row++) {
        uint32_t offset = rows->offsets[row];
        uint32_t size = rows->offsets[row + 1] - offset;
        uint64_t value;

        if (!table_get(table, row, index, &value))
            continue;
        memcpy(at, column->name, column->name_size);
        at += column->name_size;
        memcpy(at, rows->text + offset, size);
        at = encode_value(at + size, column->value, value);
        *at++ = '\n';
    }
    return at;
}

static bool column_tells_created(const struct table *table, const struct column *column,
                                 enum exposition exposition)
{
    return table->created && column->from_zero && exposition == EXPOSITION_OPENMETRICS;
}

/* The clock may be set to a time before the row was created; then it is 0. */
static uint64_t created_realtime_ns(const struct table *table, size_t row)
{
    uint64_t at_ns = table->created->ns[row], ns = at_ns + (uint64_t)table->created_offset_ns;

    return table->created_offset_ns < 0 && ns > at_ns ? 0 : ns;
}

/* Writes rows with more than one sample each: histograms, and counters with _created. */
static char *encode_groups(char *at, const struct table *table, size_t index, enum exposition exposition)
{
    const struct column *column = &table->columns->columns[index];
    bool created = column_tells_created(table, column, exposition);

    for (size_t row = 0; row < table->rows->count; row++) {
        const char *begin = at;

        if (column->type == METRIC_HISTOGRAM)
            at = encode_histogram(at, table, index, row, exposition);
        else
            at = encode_samples(at, table, index, row, row + 1);
        if (!created || at == begin)
            continue;
        at = encode_begin(at, column, "_created", row_labels(table->rows, row));
        at = encode_seconds(at, created_realtime_ns(table, row));
        *at++ = '\n';
    }
    return at;
}

static void encode_column(struct buffer *out, const struct table *table, size_t index,
                          enum exposition exposition)
{
    const struct column *column = &table->columns->columns[index];
    size_t header = column->header_size[exposition];
    char *begin = buffer_reserve(out, header + column_room(column, table->rows));
    char *at, *first;

    if (!begin)
        return;
    at = first = put(begin, column->header[exposition], header);
    if (column->type == METRIC_HISTOGRAM || column_tells_created(table, column, exposition))
        at = encode_groups(at, table, index, exposition);
    else
        at = encode_samples(at, table, index, 0, table->rows->count);
    if (at != first)
        out->size = (size_t)(at - out->data);
}

static void encode_tables(struct buffer *out, const struct snapshot *snapshot, enum exposition exposition,
                          bool (*wanted)(const struct column *column))
{
    for (size_t i = 0; i < snapshot->table_count; i++)
        for (size_t column = 0; column < snapshot->tables[i].columns->count; column++)
            if (wanted(&snapshot->tables[i].columns->columns[column]))
                encode_column(out, &snapshot->tables[i], column, exposition);
}

static bool is_ours(const struct column *column)
{
    return !column->internal;
}

static bool is_node_exporters(const struct column *column)
{
    return column->node_exporter;
}

void encode_snapshot(struct buffer *out, const struct snapshot *snapshot, enum exposition exposition)
{
    encode_tables(out, snapshot, exposition, is_ours);
}

void encode_snapshot_node(struct buffer *out, const struct snapshot *snapshot, enum exposition exposition)
{
    encode_tables(out, snapshot, exposition, is_node_exporters);
}

void encode_end(struct buffer *out, enum exposition exposition)
{
    if (exposition == EXPOSITION_OPENMETRICS)
        buffer_text(out, "# EOF\n");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/table.h"

/*
 * Column sets: the names and headers of families, rendered once and then shared. A scrape only copies these
 * bytes and those of the row sets, and prints the numbers between them. Any thread.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/reference.h"
#include "base/table/histogram.h"

/* The name that OpenMetrics gives the family: without the suffix that the type adds to its samples. */
static size_t family_size(const struct metric *metric, enum exposition exposition)
{
    static const char *const suffixes[] = {[METRIC_COUNTER] = "_total", [METRIC_INFO] = "_info"};
    size_t size = strlen(metric->name);
    const char *suffix;

    if (exposition != EXPOSITION_OPENMETRICS || (size_t)metric->type >= ELEMENTS(suffixes))
        return size;
    suffix = suffixes[metric->type];
    if (suffix && size > strlen(suffix) && !strcmp(metric->name + size - strlen(suffix), suffix))
        size -= strlen(suffix);
    return size;
}

static void render_header(struct buffer *out, const struct metric *metric, enum exposition exposition)
{
    static const char *const types[][EXPOSITION_COUNT] = {
        [METRIC_COUNTER] = {"counter", "counter"}, [METRIC_GAUGE] = {"gauge", "gauge"},
        [METRIC_INFO] = {"gauge", "info"},         [METRIC_HISTOGRAM] = {"histogram", "histogram"},
        [METRIC_UNKNOWN] = {"untyped", "unknown"},
    };
    /* OpenMetrics escapes quotes in HELP too; text 0.0.4 does not. */
    enum escape escape = exposition == EXPOSITION_OPENMETRICS ? ESCAPE_LABEL : ESCAPE_HELP;
    size_t family = family_size(metric, exposition);

    buffer_text(out, "# HELP ");
    buffer_append(out, metric->name, family);
    buffer_text(out, " ");
    escape_text(out, escape, metric->help);
    if (metric->source) {
        buffer_text(out, " (");
        escape_text(out, escape, metric->source);
        buffer_text(out, ")");
    }
    buffer_text(out, ".\n# TYPE ");
    buffer_append(out, metric->name, family);
    buffer_printf(out, " %s\n", types[metric->type][exposition]);
    if (!metric->unit || exposition != EXPOSITION_OPENMETRICS)
        return;
    buffer_text(out, "# UNIT ");
    buffer_append(out, metric->name, family);
    buffer_printf(out, " %s\n", metric->unit);
}

/* Lays all texts out in one block. Sets the pointers into it once it no longer moves. */
static void column_set_layout(struct column_set *columns)
{
    const char *at = columns->text;

    for (size_t i = 0; i < columns->count; i++) {
        struct column *column = &columns->columns[i];

        column->name = at;
        at += column->name_size + 1;
        for (size_t e = 0; e < EXPOSITION_COUNT; e++) {
            column->header[e] = at;
            at += column->header_size[e];
            column->le[e] = at;
            at += column->le_size[e];
        }
    }
}

/* Renders the texts of one column, in the order of column_set_layout(). */
static void column_render(struct buffer *out, const struct metric *metric, struct column *column)
{
    column->name_size = (uint32_t)strlen(metric->name);
    column->family_size = (uint32_t)family_size(metric, EXPOSITION_OPENMETRICS);
    buffer_append(out, metric->name, column->name_size + 1);
    for (size_t e = 0; e < EXPOSITION_COUNT; e++) {
        size_t begin = out->size, end;

        render_header(out, metric, (enum exposition)e);
        end = out->size;
        column->header_size[e] = (uint32_t)(end - begin);
        if (metric->type == METRIC_HISTOGRAM)
            histogram_render(out, metric, (enum exposition)e);
        column->le_size[e] = (uint32_t)(out->size - end);
    }
}

int column_set_new(const struct metric *metrics, size_t count, struct column_set **ret_columns)
{
    _cleanup_(freep) struct column_set *columns = NULL;
    _cleanup_(buffer_done) struct buffer text = {};

    columns = calloc(1, sizeof(*columns) + count * sizeof(columns->columns[0]));
    if (!columns)
        return -ENOMEM;
    columns->references = 1;
    columns->count = columns->width = count;
    for (size_t i = 0; i < count; i++) {
        struct column *column = &columns->columns[i];

        column->type = metrics[i].type;
        column->value = metrics[i].value;
        column->meaning = metrics[i].meaning;
        column->role = metrics[i].role;
        column->ledger = metrics[i].ledger;
        column->title = metrics[i].title;
        column->internal = metrics[i].internal || metrics[i].node_exporter;
        column->node_exporter = metrics[i].node_exporter;
        column->from_zero = metrics[i].from_zero;
        column_render(&text, &metrics[i], column);
        if (column->type == METRIC_HISTOGRAM) {
            column->buckets = (uint32_t)columns->width;
            column->bucket_count = (uint32_t)metrics[i].bound_count + 1;
            columns->width += column->bucket_count;
        }
    }
    if (text.error)
        return text.error;
    columns->text = take_ptr(text.data);
    column_set_layout(columns);
    *ret_columns = take_ptr(columns);
    return 0;
}

struct column_set *column_set_ref(struct column_set *columns)
{
    reference_take(&columns->references);
    return columns;
}

struct column_set *column_set_unref(struct column_set *columns)
{
    if (columns && reference_drop(&columns->references)) {
        free(columns->text);
        free(columns);
    }
    return NULL;
}

bool column_set_follow(struct column_set **place, struct column_set *columns)
{
    const struct column_set *before = *place;

    if (before == columns)
        return true;
    if (!before || before->count != columns->count)
        return false;
    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(before->columns[i].name, columns->columns[i].name) != 0)
            return false;
    column_set_unref(*place);
    *place = column_set_ref(columns);
    return true;
}

int table_find_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->columns->count; i++)
        if (!strcmp(table->columns->columns[i].name, name))
            return (int)i;
    return -1;
}

int table_find_role(const struct table *table, enum role role)
{
    for (size_t i = 0; i < table->columns->count; i++)
        if (table->columns->columns[i].role == role)
            return (int)i;
    return -1;
}

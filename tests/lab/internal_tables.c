/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a collector tells the program and no answer has: its internal columns, and how much they miss, as
 * text of the exposition format without heads. One collection for each line of standard input, which "# EOF"
 * ends; the end of input ends it.
 *
 *     internal_tables COLLECTOR [KEY=VALUE...]
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/collector.h"
#include "daemon/run/handover_set.h"
#include "daemon/settings/settings.h"

static void fail(const char *why)
{
    fprintf(stderr, "internal_tables: %s\n", why);
    exit(1);
}

static size_t find(const char *name)
{
    for (size_t i = 0; i < collector_count; i++)
        if (strcmp(collectors[i]->name, name) == 0)
            return i;
    fail("no such collector");
    return 0;
}

static void print_cell(const struct table *table, size_t row, size_t column)
{
    const uint32_t *offsets = table->rows->offsets;
    uint64_t value;

    if (table_get(table, row, column, &value))
        printf("%s%.*s%" PRIu64 "\n", table->columns->columns[column].name,
               (int)(offsets[row + 1] - offsets[row]), &table->rows->text[offsets[row]], value);
}

static bool is_told(const struct column *column)
{
    return column->internal || column->role == ROLE_DROPS_UNSEEN;
}

static void print_internal(const struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->table_count; i++) {
        const struct table *table = &snapshot->tables[i];

        for (size_t column = 0; column < table->columns->count; column++)
            for (size_t row = 0; is_told(&table->columns->columns[column]) && row < table->rows->count; row++)
                print_cell(table, row, column);
    }
    puts("# EOF");
    (void)fflush(stdout);
}

static void collect(const struct collector *collector, struct collector_state *state)
{
    struct snapshot *draft = snapshot_new();
    struct fault fault = {};

    if (!draft || collector->collect(state, draft, &fault) < 0)
        fail(fault.text);
    print_internal(draft);
    snapshot_unref(draft);
}

int main(int argc, char *argv[])
{
    struct settings_source source = {.procfs = "/proc"};
    struct collector_context context;
    struct collector_state *state;
    struct buffer messages = {};
    struct settings *settings;
    struct limits limits = {};
    struct handover handover = {};
    struct fault fault = {};
    size_t i;

    if (argc < 2)
        fail("internal_tables COLLECTOR [KEY=VALUE...]");
    i = find(argv[1]);
    source.sets = (struct string_list){.items = &argv[2], .count = (size_t)argc - 2};
    if (settings_load(&source, &settings, &messages) < 0)
        fail(messages.data);
    handover_set_open_one(&handover, settings, &limits, i);
    context = settings_context(settings, i, &limits, &handover);
    if (collector_open(collectors[i], &context, &state, &fault) < 0)
        fail(fault.text);
    for (int c = getchar(); c != EOF; c = getchar())
        if (c == '\n')
            collect(collectors[i], state);
    (void)collector_close(collectors[i], state);
    handover_done(&handover);
    settings_unref(settings);
    return 0;
}

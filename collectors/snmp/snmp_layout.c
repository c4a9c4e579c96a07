/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/snmp/snmp_layout.h"

/*
 * Uses a layout; snmp_layout_build.c makes it. Runs on the snmp collector's thread, at each collection.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/snmp/snmp_layout_private.h"

struct snmp_walk snmp_walk_begin(const struct snmp_text texts[SNMP_FILE_COUNT])
{
    return (struct snmp_walk){
        .texts = texts,
        .cursor = {.at = texts[0].data, .end = texts[0].data + texts[0].size},
    };
}

bool snmp_walk_next(struct snmp_walk *walk, struct snmp_block *ret_block)
{
    while (!snmp_next_block(&walk->cursor, ret_block)) {
        const struct snmp_text *text = &walk->texts[walk->file + 1];

        walk->ended[walk->file++] = walk->cursor;
        if (walk->file == SNMP_FILE_COUNT)
            return false;
        walk->cursor = (struct snmp_cursor){
            .format = walk->file == SNMP_FILE_SNMP6 ? SNMP_FORMAT_LINES : SNMP_FORMAT_PAIRS,
            .at = text->data,
            .end = text->data + text->size,
        };
    }
    return true;
}

struct snmp_layout *snmp_layout_free(struct snmp_layout *layout)
{
    if (!layout)
        return NULL;
    for (size_t i = 0; i < SNMP_SHAPE_COUNT; i++) {
        column_set_unref(layout->columns[i]);
        row_set_unref(layout->rows[i]);
    }
    column_set_unref(layout->node_columns);
    free(layout->blocks);
    free(layout->heads);
    free(layout->slots);
    free(layout->values);
    free(layout);
    return NULL;
}

size_t snmp_layout_blocks(const struct snmp_layout *layout)
{
    return layout->block_count;
}

bool snmp_layout_matches(const struct snmp_layout *layout, const struct snmp_text texts[SNMP_FILE_COUNT])
{
    struct snmp_walk walk = snmp_walk_begin(texts);
    struct snmp_block block;
    size_t i;

    for (i = 0; snmp_walk_next(&walk, &block); i++) {
        const struct snmp_layout_block *known = &layout->blocks[i];

        if (i == layout->block_count || known->file != walk.file || known->head_size != block.head.size ||
            memcmp(layout->heads + known->head_offset, block.head.data, block.head.size) != 0)
            return false;
    }
    return i == layout->block_count;
}

static bool is_blank_to(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at == end;
}

/* Where the numbers go. NULL if a table is not wanted. */
struct snmp_tables {
    struct table *shapes[SNMP_SHAPE_COUNT];
    struct table *node;
};

/* Takes all values of a block or none: if a line is wrong in one place, all its values may be shifted. */
static bool fill_block(struct snmp_layout *layout, const struct snmp_layout_block *known,
                       struct snmp_text values, const struct snmp_tables *tables)
{
    const struct snmp_slot *slots = layout->slots + known->slot_first;
    const char *at = values.data;
    const char *end = values.data + values.size;

    if (known->malformed)
        return false;
    for (size_t i = 0; i < known->slot_count; i++)
        if (!snmp_next_value(&at, end, slots[i].is_signed, &layout->values[i]))
            return false;
    if (!is_blank_to(at, end))
        return false;
    for (size_t i = 0; i < known->slot_count; i++) {
        if (slots[i].table != SNMP_SLOT_NOWHERE)
            table_set(tables->shapes[slots[i].table], slots[i].row, slots[i].column, layout->values[i]);
        if (slots[i].node_column != SNMP_SLOT_NOWHERE)
            table_set(tables->node, 0, slots[i].node_column, layout->values[i]);
    }
    return true;
}

static const char *const file_names[SNMP_FILE_COUNT] = {
    [SNMP_FILE_SNMP] = "snmp", [SNMP_FILE_NETSTAT] = "netstat", [SNMP_FILE_SNMP6] = "snmp6"};

static void tell_block(enum snmp_file file, struct snmp_text head, struct fault *fault)
{
    const char *colon = memchr(head.data, ':', head.size);
    size_t size = colon ? (size_t)(colon - head.data) : head.size;

    fault_note(fault, "without %.*s of %s: not a number for each name",
               (int)(size < SNMP_PROTOCOL_MAX ? size : SNMP_PROTOCOL_MAX), head.data, file_names[file]);
}

/* Notes the lines that belong to no block. */
static void tell_lines(const struct snmp_walk *walk, struct limits *limits, struct fault *fault)
{
    for (size_t i = 0; i < SNMP_FILE_COUNT; i++) {
        const struct snmp_cursor *cursor = &walk->ended[i];
        uint64_t strange = cursor->malformed - cursor->unfilled;

        for (uint64_t line = 0; line < strange; line++)
            limit_hit(limits, LIMIT_PROC_MALFORMED);
        if (strange)
            fault_note(fault, "without %llu lines of %s that make no sense", (unsigned long long)strange,
                       file_names[i]);
        if (cursor->unfilled)
            fault_note(fault, "without numbers of %s, which has only their names", file_names[i]);
    }
}

static int add_tables(const struct snmp_layout *layout, struct snapshot *draft, struct snmp_tables *tables)
{
    for (size_t i = 0; i < SNMP_SHAPE_COUNT; i++) {
        if (!layout->columns[i])
            continue;
        tables->shapes[i] = snapshot_add_table(draft, layout->columns[i], layout->rows[i]);
        if (!tables->shapes[i])
            return -ENOMEM;
    }
    if (!layout->node_columns)
        return 0;
    tables->node = snapshot_add_table(draft, layout->node_columns, layout->rows[SNMP_PLAIN]);
    return tables->node ? 0 : -ENOMEM;
}

int snmp_layout_fill(struct snmp_layout *layout, const struct snmp_text texts[SNMP_FILE_COUNT],
                     struct limits *limits, struct snapshot *draft, struct fault *fault)
{
    struct snmp_tables tables = {};
    struct snmp_walk walk = snmp_walk_begin(texts);
    struct snmp_block block;

    if (add_tables(layout, draft, &tables) < 0)
        return -ENOMEM;
    for (size_t i = 0; snmp_walk_next(&walk, &block); i++) {
        if (fill_block(layout, &layout->blocks[i], block.values, &tables))
            continue;
        limit_hit(limits, LIMIT_PROC_MALFORMED);
        tell_block(walk.file, block.head, fault);
    }
    tell_lines(&walk, limits, fault);
    return 0;
}

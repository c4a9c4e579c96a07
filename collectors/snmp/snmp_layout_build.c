/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/snmp/snmp_layout.h"

/*
 * Makes a layout from the names in the three files: which fields are selected, what they are called, and
 * which of up to three tables they go to (protocols without labels, those that carry ip_version, the ICMP
 * types). Runs only when the kernel shows other fields than before, which is rare. Makes two passes, counting
 * and placing, so that all arrays have their final size from the start. Runs on the snmp collector's thread.
 */

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/protocols/snmp_help.h"
#include "collectors/protocols/snmp_ledger.h"
#include "collectors/protocols/snmp_meaning.h"
#include "collectors/snmp/snmp_layout_private.h"
#include "collectors/snmp/snmp_node.h"

enum { ICMP_TYPES = 256, VERSIONS = 2 };

/* A family of the layout so far. */
struct family {
    struct snmp_name name;
    size_t column;
    const char *help;
    const struct meaning *meaning;
    const struct ledger_rule *ledger;
    char
        source[2 * (SNMP_PROTOCOL_MAX + SNMP_FIELD_MAX + 4)]; /* "Udp NoPorts", "Udp NoPorts, Udp6 NoPorts" */
};

struct builder {
    struct snmp_layout *layout;
    const struct snmp_selection *selection;
    struct limits *limits;
    struct family *families;
    size_t family_count;
    size_t heads_size;
    size_t slot_count;
    size_t column_count[SNMP_SHAPE_COUNT];
    int icmp_rows[VERSIONS][ICMP_TYPES]; /* row + 1; 0 if none yet */
};

DEFINE_CLEANUP(struct snmp_layout *, snmp_layout_free)

static bool matches_one(const struct string_list *globs, const char *name)
{
    for (size_t i = 0; i < globs->count; i++)
        if (fnmatch(globs->items[i], name, 0) == 0)
            return true;
    return false;
}

static bool is_selected(const struct snmp_selection *selection, const struct snmp_field *field)
{
    char name[SNMP_PROTOCOL_MAX + 1 + SNMP_FIELD_MAX + 1];

    (void)snprintf(name, sizeof(name), "%.*s_%.*s", (int)field->protocol.size, field->protocol.data,
                   (int)field->name.size, field->name.data);
    return matches_one(&selection->include, name) && !matches_one(&selection->exclude, name);
}

/* Finds the family of the same stem, whatever its type: in OpenMetrics the stem alone is the name. */
static struct family *find_family(const struct builder *builder, const struct snmp_name *name)
{
    for (size_t i = 0; i < builder->family_count; i++) {
        struct family *family = &builder->families[i];

        if (family->name.stem_size == name->stem_size &&
            !memcmp(family->name.text, name->text, name->stem_size))
            return family;
    }
    return NULL;
}

static struct family *add_family(struct builder *builder, const struct snmp_name *name,
                                 const struct snmp_field *field)
{
    struct family *family = &builder->families[builder->family_count++];

    family->name = *name;
    family->column = builder->column_count[name->shape]++;
    family->help = snmp_help(field, name);
    family->meaning = snmp_meaning(field, name, SNMP_HERE);
    family->ledger = snmp_ledger(field, name, SNMP_HERE);
    return family;
}

/* Adds the kernel's own name of the field to the family's HELP. */
static void add_source(struct family *family, const struct snmp_field *field)
{
    size_t used = strlen(family->source);

    if (family->name.shape == SNMP_ICMP_TYPE)
        (void)snprintf(family->source, sizeof(family->source), "IcmpMsg %1$sTypeN, Icmp6 %1$sTypeN",
                       field->name.data[0] == 'I' ? "In" : "Out");
    else
        (void)snprintf(family->source + used, sizeof(family->source) - used, "%s%.*s %.*s", used ? ", " : "",
                       (int)field->protocol.size, field->protocol.data, (int)field->name.size,
                       field->name.data);
}

/* Returns the row that the name's labels say, or -ENOMEM. */
static int find_row(struct builder *builder, const struct snmp_name *name)
{
    char type[4], version[2] = {(char)('0' + name->version)};
    const char *labels[] = {type, version};
    int *row;

    if (name->shape == SNMP_PLAIN)
        return 0;
    if (name->shape == SNMP_VERSIONED)
        return name->version == 6;
    row = &builder->icmp_rows[name->version == 6][name->icmp_type];
    if (!*row) {
        int error;

        (void)snprintf(type, sizeof(type), "%u", name->icmp_type & 0xff);
        error = row_set_add(builder->layout->rows[SNMP_ICMP_TYPE], labels);
        if (error < 0)
            return error;
        *row = error + 1;
    }
    return *row - 1;
}

static bool is_taken(const struct builder *builder, const struct snmp_slot *slot)
{
    for (size_t i = 0; i < builder->slot_count; i++) {
        const struct snmp_slot *other = &builder->layout->slots[i];

        if (other->table == slot->table && other->row == slot->row && other->column == slot->column)
            return true;
    }
    return false;
}

/* Finds a place for a selected field. If its name is taken, the field has none. */
static int place_field(struct builder *builder, const struct snmp_field *field, const struct snmp_name *name,
                       struct snmp_slot *slot)
{
    struct family *family = find_family(builder, name);
    struct snmp_slot place = *slot;
    int row;

    if (family && (family->name.shape != name->shape || family->name.gauge != name->gauge)) {
        limit_hit(builder->limits, LIMIT_NAME_COLLISION);
        return 0;
    }
    row = find_row(builder, name);
    if (row < 0)
        return row;
    if (!family)
        family = add_family(builder, name, field);
    place.table = (uint16_t)name->shape;
    place.row = (uint16_t)row;
    place.column = (uint16_t)family->column;
    if (is_taken(builder, &place)) {
        limit_hit(builder->limits, LIMIT_NAME_COLLISION);
        return 0;
    }
    add_source(family, field);
    *slot = place;
    return 0;
}

static uint16_t node_column(const struct builder *builder, const struct snmp_field *field)
{
    int column = builder->layout->node_columns ? snmp_node_find(field) : -1;

    return column < 0 ? SNMP_SLOT_NOWHERE : (uint16_t)column;
}

static int add_block(struct builder *builder, const struct snmp_walk *walk, const struct snmp_block *found)
{
    struct snmp_layout *layout = builder->layout;
    struct snmp_layout_block *block = &layout->blocks[layout->block_count++];
    struct snmp_fields fields;
    struct snmp_field field;

    *block = (struct snmp_layout_block){
        .file = walk->file,
        .head_offset = builder->heads_size,
        .head_size = found->head.size,
        .slot_first = builder->slot_count,
    };
    memcpy(layout->heads + builder->heads_size, found->head.data, found->head.size);
    builder->heads_size += found->head.size;
    block->malformed = snmp_fields_begin(walk->cursor.format, found->head, &fields) < 0;
    while (!block->malformed && snmp_fields_next(&fields, &field)) {
        struct snmp_slot *slot = &layout->slots[builder->slot_count];
        struct snmp_name name;
        int error = 0;

        snmp_name_make(&field, &name);
        *slot = (struct snmp_slot){.table = SNMP_SLOT_NOWHERE,
                                   .node_column = node_column(builder, &field),
                                   .is_signed = name.is_signed};
        if (is_selected(builder->selection, &field))
            error = place_field(builder, &field, &name, slot);
        if (error < 0)
            return error;
        builder->slot_count++;
        block->slot_count++;
    }
    return 0;
}

static int make_columns(struct builder *builder, enum snmp_shape shape)
{
    _cleanup_(freep) struct metric *metrics = calloc(builder->column_count[shape], sizeof(*metrics));

    if (!metrics)
        return -ENOMEM;
    for (size_t i = 0; i < builder->family_count; i++) {
        const struct family *family = &builder->families[i];

        if (family->name.shape == shape)
            metrics[family->column] = (struct metric){
                .name = family->name.text,
                .help = family->help,
                .source = family->source,
                .type = family->name.gauge ? METRIC_GAUGE : METRIC_COUNTER,
                .value = family->name.is_signed ? VALUE_INT64 : VALUE_UINT64,
                .meaning = family->meaning,
                .ledger = family->ledger,
            };
    }
    return column_set_new(metrics, builder->column_count[shape], &builder->layout->columns[shape]);
}

/* Makes the row sets. The ICMP types are still empty. */
static int make_rows(struct row_set *rows[SNMP_SHAPE_COUNT])
{
    static const char *const labels[] = {"type", "ip_version"};
    int error = row_set_new(NULL, 0, &rows[SNMP_PLAIN]);

    if (error == 0)
        error = row_set_new(labels + 1, 1, &rows[SNMP_VERSIONED]);
    if (error == 0)
        error = row_set_new(labels, 2, &rows[SNMP_ICMP_TYPE]);
    if (error == 0)
        error = row_set_add(rows[SNMP_PLAIN], NULL);
    if (error == 0)
        error = row_set_add(rows[SNMP_VERSIONED], (const char *const[]){"4"});
    if (error == 0)
        error = row_set_add(rows[SNMP_VERSIONED], (const char *const[]){"6"});
    return error < 0 ? error : 0;
}

/* Counts how large everything will be. */
static int allocate(struct builder *builder, const struct snmp_text texts[SNMP_FILE_COUNT])
{
    struct snmp_layout *layout = builder->layout;
    struct snmp_walk walk = snmp_walk_begin(texts);
    size_t blocks = 0, heads_size = 0, field_count = 0;
    struct snmp_block block;

    for (; snmp_walk_next(&walk, &block); blocks++) {
        struct snmp_fields fields;
        struct snmp_field field;

        heads_size += block.head.size;
        if (snmp_fields_begin(walk.cursor.format, block.head, &fields) < 0)
            continue;
        while (snmp_fields_next(&fields, &field))
            field_count++;
    }
    if (field_count > SNMP_FIELDS_MAX)
        return -EFBIG;
    /* One more each: calloc() of 0 items may return NULL. */
    layout->blocks = calloc(blocks + 1, sizeof(*layout->blocks));
    layout->heads = malloc(heads_size + 1);
    layout->slots = calloc(field_count + 1, sizeof(*layout->slots));
    layout->values = calloc(field_count + 1, sizeof(*layout->values));
    builder->families = calloc(field_count + 1, sizeof(*builder->families));
    if (!layout->blocks || !layout->heads || !layout->slots || !layout->values || !builder->families)
        return -ENOMEM;
    return make_rows(layout->rows);
}

static int place_all(struct builder *builder, const struct snmp_text texts[SNMP_FILE_COUNT])
{
    struct snmp_walk walk = snmp_walk_begin(texts);
    struct snmp_block block;

    while (snmp_walk_next(&walk, &block)) {
        int error = add_block(builder, &walk, &block);

        if (error < 0)
            return error;
    }
    for (enum snmp_shape shape = 0; shape < SNMP_SHAPE_COUNT; shape++) {
        int error = builder->column_count[shape] ? make_columns(builder, shape) : 0;

        if (error < 0)
            return error;
        row_set_seal(builder->layout->rows[shape]);
    }
    return 0;
}

int snmp_layout_new(const struct snmp_text texts[SNMP_FILE_COUNT], const struct snmp_selection *selection,
                    struct limits *limits, struct snmp_layout **ret_layout)
{
    _cleanup_(snmp_layout_freep) struct snmp_layout *layout = calloc(1, sizeof(*layout));
    struct builder builder = {.layout = layout, .selection = selection, .limits = limits};
    int error;

    if (!layout)
        return -ENOMEM;
    error = selection->node_exporter ? node_columns_new(snmp_node[0], &layout->node_columns) : 0;
    if (error == 0)
        error = allocate(&builder, texts);
    if (error == 0)
        error = place_all(&builder, texts);
    free(builder.families);
    if (error < 0)
        return error;
    *ret_layout = take_ptr(layout);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/row_set.h"

/*
 * Row sets: label sets rendered once, when an entity appears or changes. While a set is built, an index over
 * the rendered texts refuses duplicates; sealing throws it away. Built by one thread, shared by all.
 */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/reference.h"

struct row_set_builder {
    struct buffer text;
    struct buffer offsets;   /* array of uint32_t */
    struct buffer names;     /* the label names, each with its NUL */
    struct hash_index index; /* the rows, by their text */
    size_t label_count;
};

static struct row_set_builder *builder_free(struct row_set_builder *builder)
{
    if (builder) {
        buffer_done(&builder->text);
        buffer_done(&builder->offsets);
        buffer_done(&builder->names);
        hash_index_done(&builder->index);
        free(builder);
    }
    return NULL;
}

static uint32_t builder_offset(const struct row_set_builder *builder, size_t row)
{
    uint32_t offset;

    memcpy(&offset, builder->offsets.data + row * sizeof(offset), sizeof(offset));
    return offset;
}

static bool builder_row_is(const struct row_set_builder *builder, size_t row, const char *text, size_t size)
{
    uint32_t begin = builder_offset(builder, row);

    return builder_offset(builder, row + 1) - begin == size &&
           !memcmp(builder->text.data + begin, text, size);
}

int row_set_new(const char *const *label_names, size_t label_count, struct row_set **ret_rows)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = calloc(1, sizeof(*rows));
    struct row_set_builder *builder;
    uint32_t first = 0;

    if (!rows)
        return -ENOMEM;
    rows->references = 1;
    rows->builder = builder = calloc(1, sizeof(*builder));
    if (!builder)
        return -ENOMEM;
    builder->label_count = label_count;
    for (size_t i = 0; i < label_count; i++)
        buffer_append(&builder->names, label_names[i], strlen(label_names[i]) + 1);
    buffer_append(&builder->offsets, &first, sizeof(first));
    if (builder->names.error || builder->offsets.error)
        return -ENOMEM;
    *ret_rows = take_ptr(rows);
    return 0;
}

static void builder_render(struct row_set_builder *builder, const char *const *values)
{
    const char *name = builder->names.data;

    for (size_t i = 0; i < builder->label_count; i++) {
        buffer_text(&builder->text, i ? "," : "{");
        buffer_text(&builder->text, name);
        buffer_text(&builder->text, "=\"");
        escape_text(&builder->text, ESCAPE_LABEL, values[i]);
        buffer_text(&builder->text, "\"");
        name += strlen(name) + 1;
    }
    /* The space before the number belongs to the row: the encoder copies once less. */
    buffer_text(&builder->text, builder->label_count ? "} " : " ");
}

/* Adds the row whose text was rendered last, beginning at `begin`. */
static int builder_add(struct row_set_builder *builder, size_t row, uint32_t begin)
{
    const char *text = builder->text.data + begin;
    uint32_t end = (uint32_t)builder->text.size, size = end - begin;
    uint64_t hash = hash_bytes(HASH_EMPTY, text, size);

    if (hash_index_find(&builder->index, hash, other, builder_row_is(builder, other, text, size)) !=
        HASH_NONE)
        return -EEXIST;
    if (!buffer_reserve(&builder->offsets, sizeof(end)) || hash_index_add(&builder->index, hash, row) < 0)
        return -ENOMEM;
    buffer_append(&builder->offsets, &end, sizeof(end));
    return 0;
}

int row_set_add(struct row_set *rows, const char *const *values)
{
    struct row_set_builder *builder = rows->builder;
    uint32_t begin;
    int error;

    assert(builder);
    begin = (uint32_t)builder->text.size;
    builder_render(builder, values);
    if (builder->text.error || builder->text.size > UINT32_MAX)
        return -ENOMEM;
    error = builder_add(builder, rows->count, begin);
    if (error < 0) {
        builder->text.size = begin;
        return error;
    }
    return (int)rows->count++;
}

void row_set_seal(struct row_set *rows)
{
    struct row_set_builder *builder = rows->builder;

    if (!builder)
        return;
    rows->text = take_ptr(builder->text.data);
    rows->offsets = (uint32_t *)(void *)take_ptr(builder->offsets.data);
    rows->builder = builder_free(builder);
}

void row_set_replace(struct row_set **place, struct row_set *rows)
{
    row_set_seal(rows);
    row_set_unref(*place);
    *place = rows;
}

int row_set_new_single(struct row_set **ret_rows)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new(NULL, 0, &rows);

    if (error == 0)
        error = row_set_add(rows, NULL);
    if (error < 0)
        return error;
    row_set_seal(rows);
    *ret_rows = take_ptr(rows);
    return 0;
}

struct row_set *row_set_ref(struct row_set *rows)
{
    reference_take(&rows->references);
    return rows;
}

struct row_set *row_set_unref(struct row_set *rows)
{
    if (rows && reference_drop(&rows->references)) {
        builder_free(rows->builder);
        if (rows->devices)
            hash_index_done(rows->devices);
        free(rows->devices);
        free(rows->text);
        free(rows->offsets);
        free(rows);
    }
    return NULL;
}

static uint64_t row_hash(const struct row_set *rows, size_t row)
{
    return hash_bytes(HASH_EMPTY, rows->text + rows->offsets[row],
                      rows->offsets[row + 1] - rows->offsets[row]);
}

static bool rows_equal(const struct row_set *rows, size_t row, const struct row_set *others, size_t other)
{
    size_t size = rows->offsets[row + 1] - rows->offsets[row];

    return size == others->offsets[other + 1] - others->offsets[other] &&
           !memcmp(rows->text + rows->offsets[row], others->text + others->offsets[other], size);
}

int row_moves_begin(struct row_moves *moves, const struct row_set *before, const struct row_set *rows)
{
    int error = before ? hash_index_reserve(&moves->index, before->count) : 0;

    for (size_t row = 0; before && row < before->count && error == 0; row++)
        error = hash_index_add(&moves->index, row_hash(before, row), row);
    moves->before = before;
    moves->rows = rows;
    moves->next = 0;
    return error;
}

void row_moves_done(struct row_moves *moves)
{
    hash_index_done(&moves->index);
}

bool row_moves_next(struct row_moves *moves, size_t *ret_old, size_t *ret_row)
{
    while (moves->before && moves->next < moves->rows->count) {
        size_t row = moves->next++;
        size_t old = hash_index_find(&moves->index, row_hash(moves->rows, row), other,
                                     rows_equal(moves->before, other, moves->rows, row));

        if (old == HASH_NONE)
            continue;
        *ret_old = old;
        *ret_row = row;
        return true;
    }
    return false;
}

/* Undoes escape_text() up to the closing quote; returns the full length. */
static int label_unescape(const char *at, char *buffer, size_t size)
{
    size_t length = 0;

    for (; *at != '"'; at++) {
        char byte = *at;

        if (byte == '\\')
            byte = *++at == 'n' ? '\n' : *at;
        if (length + 1 < size)
            buffer[length] = byte;
        length++;
    }
    if (size)
        buffer[length < size ? length : size - 1] = '\0';
    return (int)length;
}

/* Returns the closing quote of the value that this quote opens. Few values have a quote in them. */
static const char *label_end(const char *quote)
{
    const char *end = strchr(quote + 1, '"');

    if (end[-1] != '\\')
        return end;
    while (*++quote != '"')
        quote += *quote == '\\';
    return quote;
}

int row_set_label(const struct row_set *rows, size_t row, const char *label, char *buffer, size_t size)
{
    /* The text is our own: {name="value",name="value"} with every quote in a value escaped. */
    for (const char *at = rows->text + rows->offsets[row]; *at == '{' || *at == ','; at++) {
        const char *wanted = label;

        while (*++at == *wanted)
            wanted++;
        if (*at == '=' && !*wanted)
            return label_unescape(at + 2, buffer, size);
        at = label_end(strchr(at, '"'));
    }
    return -ENOENT;
}

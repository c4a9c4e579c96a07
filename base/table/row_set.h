/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The rows of a table: label sets, rendered once as the page shows them. One thread makes and seals it; then
 * it is immutable and shared by reference among any threads.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/hash.h"

struct row_set {
    _Atomic unsigned references;
    size_t count;
    char *text;        /* the rendered label sets, `{device="eth0",kind="physical"} `, one after another */
    uint32_t *offsets; /* count + 1 offsets: row i is text[offsets[i] .. offsets[i + 1]) */
    struct row_set_builder *builder;    /* until sealed */
    struct hash_index *_Atomic devices; /* of row_devices.h; NULL until somebody asks */
};

/* Begins a row set whose rows have these label names, which are copied. Without names, its rows have no
 * labels. Returns 0 or -ENOMEM. */
int row_set_new(const char *const *label_names, size_t label_count, struct row_set **ret_rows);

/* Makes a sealed row set of one row without labels. Returns 0 or -ENOMEM. */
int row_set_new_single(struct row_set **ret_rows);

/* Adds a row. Values are NUL-terminated arbitrary bytes, one for each label name; they are escaped, and
 * invalid UTF-8 becomes U+FFFD. Returns the index of the row, -EEXIST if there is an equal row (a scrape must
 * not have duplicate series), or -ENOMEM. */
int row_set_add(struct row_set *rows, const char *const *values);

/* Ends building. From then on the set is immutable and may be shared. */
void row_set_seal(struct row_set *rows);
/* Seals the rows and stores them in *place, whose former rows it releases. Takes over the caller's reference.
 */
void row_set_replace(struct row_set **place, struct row_set *rows);
struct row_set *row_set_ref(struct row_set *rows);
struct row_set *row_set_unref(struct row_set *rows); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct row_set *, row_set_unref)

/* Finds which rows of a set were in the one before, by the text of their labels, so that what is remembered
 * of rows can follow them. Both sets are borrowed. */
struct row_moves {
    const struct row_set *before;
    const struct row_set *rows;
    struct hash_index index; /* the rows before */
    size_t next;
};

/* Begins the search. `before` may be NULL, or the same set. Returns 0 or -ENOMEM. */
int row_moves_begin(struct row_moves *moves, const struct row_set *before, const struct row_set *rows);
void row_moves_done(struct row_moves *moves); /* accepts a zeroed struct */

/* Finds the next row that was there before, in ascending order of its present index. Returns false at the
 * end. */
bool row_moves_next(struct row_moves *moves, size_t *ret_old, size_t *ret_row);

/* Copies the unescaped value of one label of a row, for readers other than the encoder (page, status line).
 * Returns its full length like snprintf(), or -ENOENT if the row has no such label. */
int row_set_label(const struct row_set *rows, size_t row, const char *label, char *buffer, size_t size);

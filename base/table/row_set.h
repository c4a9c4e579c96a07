/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The rows of a table: label sets, rendered once as they stand on the page. Made by one thread, then sealed:
 * immutable, and shared by reference among any threads.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct row_set {
    _Atomic unsigned references;
    size_t count;
    char *text;        /* the rendered label sets, `{device="eth0",kind="physical"} `, one after another */
    uint32_t *offsets; /* count + 1 of them: row i is text[offsets[i] .. offsets[i + 1]) */
    struct row_set_builder *builder; /* until sealed */
};

/* Begins a row set whose rows have these label names (copied; 0 of them: rows without labels). -ENOMEM. */
int row_set_new(const char *const *label_names, size_t label_count, struct row_set **ret_rows);

/* Makes the row set of a table about one thing, sealed: one row without labels. -ENOMEM. */
int row_set_new_single(struct row_set **ret_rows);

/* Adds a row: values are arbitrary bytes, NUL-terminated, one for each label name; they come out escaped,
 * invalid UTF-8 as U+FFFD. Returns the row's index, -EEXIST where an equal row is there already (nothing is
 * added: a scrape never has duplicate series), -ENOMEM. */
int row_set_add(struct row_set *rows, const char *const *values);

/* Ends building; after that the set is immutable and may be shared. */
void row_set_seal(struct row_set *rows);
/* Seals them and puts them in the place of others, which are let go: takes the caller's reference over. */
void row_set_replace(struct row_set **place, struct row_set *rows);
struct row_set *row_set_ref(struct row_set *rows);
struct row_set *row_set_unref(struct row_set *rows); /* accepts NULL, returns NULL */
DEFINE_CLEANUP(struct row_set *, row_set_unref)

/* The value of one label of one row, unescaped, for readers other than the encoder (page, status line).
 * Returns its full length like snprintf, or -ENOENT where the row has no such label. */
int row_set_label(const struct row_set *rows, size_t row, const char *label, char *buffer, size_t size);

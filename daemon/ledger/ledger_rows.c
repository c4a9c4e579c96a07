/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/ledger/ledger_rows.h"

/* The rows of the ledger, within a bound. Called under the lock of the ledger. */

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define OTHER "other"

enum direction ledger_direction(const struct row_set *rows, size_t row)
{
    unsigned direction = DIRECTION_COUNT;
    char text[16];

    if (row_set_label(rows, row, "direction", text, sizeof(text)) < 0)
        return DIRECTION_NONE;
    while (--direction > DIRECTION_NONE && strcmp(direction_name((enum direction)direction), text) != 0)
        ;
    return (enum direction)direction;
}

struct ledger_key ledger_key(enum stage stage, enum direction direction, enum loss_class loss_class,
                             const char *device, const char *cause)
{
    struct ledger_key key;

    memset(&key, 0, sizeof(key));
    key.stage = stage;
    key.direction = direction;
    key.loss_class = loss_class;
    strncat(key.device, device, sizeof(key.device) - 1);
    strncat(key.cause, cause, sizeof(key.cause) - 1);
    return key;
}

static int rows_add(struct ledger_rows *rows, const struct ledger_key *key, uint64_t hash)
{
    int error = array_grow(rows->items, rows->count, rows->capacity);

    if (error == 0)
        error = hash_index_add(&rows->index, hash, rows->count);
    if (error < 0)
        return error;
    rows->items[rows->count] = (struct ledger_row){.key = *key};
    return (int)rows->count++;
}

int ledger_rows_find(struct ledger_rows *rows, const struct ledger_key *key)
{
    uint64_t hash = hash_bytes(HASH_EMPTY, key, sizeof(*key));
    size_t known =
        hash_index_find(&rows->index, hash, row, !memcmp(&rows->items[row].key, key, sizeof(*key)));
    bool other = strcmp(key->cause, OTHER) == 0;
    struct ledger_key instead;

    if (known != HASH_NONE)
        return (int)known;
    if (other || rows->count - rows->others < rows->max) {
        rows->others += other;
        return rows_add(rows, key, hash);
    }
    limit_hit(rows->limits, LIMIT_LEDGER_ROWS);
    instead = ledger_key(key->stage, key->direction, key->loss_class, "", OTHER);
    return ledger_rows_find(rows, &instead);
}

void ledger_rows_done(struct ledger_rows *rows)
{
    free(rows->items);
    hash_index_done(&rows->index);
    *rows = (struct ledger_rows){};
}

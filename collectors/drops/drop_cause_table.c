/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_cause_table.h"

/* Sums drops by cause since the start. Rows are never removed. The collector's thread. */

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void drop_cause_table_done(struct drop_cause_table *table)
{
    free(table->rows);
    hash_index_done(&table->index);
    *table = (struct drop_cause_table){};
}

static uint64_t row_hash(const struct drop_cause_key *key, const char *device)
{
    return hash_word(hash_text(HASH_EMPTY, device), (uint64_t)key->cause << 32 |
                                                        (uint64_t)key->direction << 16 |
                                                        (uint64_t)key->netns << 8 | key->ip_version);
}

static bool is_of(const struct drop_cause_row *row, const struct drop_cause_key *key, const char *device)
{
    return row->key.cause == key->cause && row->key.direction == key->direction &&
           row->key.netns == key->netns && row->key.ip_version == key->ip_version &&
           strcmp(row->device, device) == 0;
}

static struct drop_cause_row *row_add(struct drop_cause_table *table, const struct drop_cause_key *key,
                                      const char *device, uint64_t hash)
{
    struct drop_cause_row *row;

    if (array_grow(table->rows, table->count, table->capacity) < 0 ||
        hash_index_add(&table->index, hash, table->count) < 0)
        return NULL;
    row = &table->rows[table->count++];
    *row = (struct drop_cause_row){.key = *key};
    strncat(row->device, device, sizeof(row->device) - 1);
    table->device_rows += device[0] != '\0';
    return row;
}

struct drop_cause_row *drop_cause_table_row(struct drop_cause_table *table, const struct drop_cause_key *key,
                                            const char *device)
{
    uint64_t hash = row_hash(key, device);
    size_t known = hash_index_find(&table->index, hash, item, is_of(&table->rows[item], key, device));

    if (known != HASH_NONE)
        return &table->rows[known];
    if (device[0] && table->device_rows == DROP_CAUSE_DEVICE_ROWS_MAX) {
        limit_hit(table->limits, LIMIT_DROP_SITES);
        return drop_cause_table_row(table, key, "");
    }
    return row_add(table, key, device, hash);
}

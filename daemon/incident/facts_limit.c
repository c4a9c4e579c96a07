/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_limit.h"

/* Looks up the limit that a loss ran into. Any thread. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/incident/facts.h"

/* Returns true if the row concerns the device that loses. A single row without a device concerns all. */
static bool is_about(const struct facts *facts, const struct meaning_limit *limit, const struct table *table,
                     size_t row)
{
    char device[LEDGER_DEVICE_SIZE];
    bool has_device = row_set_label(table->rows, row, "device", device, sizeof(device)) >= 0;

    if (has_device ? facts->device_count != 1 || strcmp(device, facts->device) != 0 : table->rows->count != 1)
        return false;
    return label_value_holds(&limit->only, table->rows, row);
}

static int table_value(const struct facts *facts, const struct table *table, const char *metric,
                       uint64_t *ret_value)
{
    int column = table_find_column(table, metric);

    for (size_t row = 0; column >= 0 && row < table->rows->count; row++)
        if (is_about(facts, facts->limit, table, row))
            return table_get(table, row, (size_t)column, ret_value) ? 0 : -ENOENT;
    return -ENOENT;
}

static int find_value(const struct facts *facts, const struct snapshots *snapshots, const char *metric,
                      uint64_t *ret_value)
{
    for (size_t slot = 0; slot < snapshots->count; slot++) {
        const struct snapshot *snapshot = snapshots->items[slot];

        for (size_t i = 0; snapshot && i < snapshot->table_count; i++)
            if (table_value(facts, &snapshot->tables[i], metric, ret_value) == 0)
                return 0;
    }
    return -ENOENT;
}

static void find_limit(struct facts *facts, const struct snapshots *snapshots)
{
    facts->limit = facts->meaning ? facts->meaning->limit : NULL;
    if (!facts->limit)
        return;
    if (find_value(facts, snapshots, facts->limit->now, &facts->limit_now) < 0) {
        facts->limit = NULL;
        return;
    }
    if (facts->limit->most)
        (void)find_value(facts, snapshots, facts->limit->most, &facts->limit_most);
}

static const struct meaning_limit listen_limit = {.unit = "connections in the accept queue"};

/* Finds the listeners whose accept queue is full. */
static void find_listeners(struct facts *facts, const struct table *table)
{
    int length = table_find_role(table, ROLE_LISTEN_LENGTH),
        limit = table_find_role(table, ROLE_LISTEN_LIMIT);
    uint64_t waiting, most;

    for (size_t row = 0; length >= 0 && limit >= 0 && row < table->rows->count; row++) {
        if (!table_get(table, row, (size_t)length, &waiting) || !waiting ||
            !table_get(table, row, (size_t)limit, &most) || waiting < most)
            continue;
        if (facts->port_count++)
            continue;
        facts->protocol = "TCP";
        facts->limit = &listen_limit;
        facts->limit_now = most;
        (void)row_set_label(table->rows, row, "local_port", facts->port, sizeof(facts->port));
    }
}

static const struct meaning_limit buffer_limit = {.unit = "bytes of receive buffer"};

/* Finds the value in the first row of the port, or, if `port` is NULL, in the only row. */
static void find_role(const struct table *table, enum role role, const char *port, uint64_t *value)
{
    int column = table_find_role(table, role);

    for (size_t row = 0; column >= 0 && row < table->rows->count && !*value; row++)
        if (!port || label_value_holds(&(struct label_value){"local_port", port}, table->rows, row))
            (void)table_get(table, row, (size_t)column, value);
}

/* Finds which buffer was full, and what sets its size. */
static void find_buffers(struct facts *facts, const struct table *table)
{
    find_role(table, ROLE_RECEIVE_BUFFER, facts->port, &facts->buffer);
    find_role(table, ROLE_RECEIVE_BUFFER_DEFAULT, NULL, &facts->buffer_default);
    find_role(table, ROLE_RECEIVE_BUFFER_LIMIT, NULL, &facts->buffer_limit);
    if (facts->buffer && !facts->limit) {
        facts->limit = &buffer_limit;
        facts->limit_now = facts->buffer;
    }
}

/* Finds the limit of the queue that drops. */
static void find_queue(struct facts *facts, const struct table *table)
{
    static const struct meaning_limit bytes = {.unit = "bytes in the queue"},
                                      packets = {.unit = "packets in the queue"};
    const struct label_value wanted[] = {{"device", facts->device},
                                         {"kind", facts->queue_kind},
                                         {"handle", facts->queue_handle},
                                         {"parent", facts->queue_parent}};
    int column = table_find_role(table, ROLE_QUEUE_LIMIT);

    for (size_t row = 0; column >= 0 && row < table->rows->count && !facts->limit; row++) {
        size_t i = 0;

        while (i < ELEMENTS(wanted) && label_value_holds(&wanted[i], table->rows, row))
            i++;
        if (i == ELEMENTS(wanted) && table_get(table, row, (size_t)column, &facts->limit_now))
            facts->limit = strcmp(facts->queue_kind, "bfifo") == 0 ? &bytes : &packets;
    }
}

/* Finds limits that belong to one port or one queue. */
static void find_of_subject(struct facts *facts, const struct table *table)
{
    if (strcmp(facts->key.cause, "tcp_listen_drop") == 0) {
        find_listeners(facts, table);
        find_role(table, ROLE_LISTEN_LIMIT_MOST, NULL, &facts->listen_most);
    } else if (strcmp(facts->key.cause, "qdisc_full") == 0 && facts->queue_kind[0]) {
        find_queue(facts, table);
    } else if (facts->key.loss_class == LOSS_CAPACITY && facts->port_count) {
        find_buffers(facts, table);
    }
}

static void find_everywhere(struct facts *facts, const struct snapshots *snapshots)
{
    for (size_t slot = 0; slot < snapshots->count; slot++) {
        const struct snapshot *snapshot = snapshots->items[slot];

        for (size_t i = 0; snapshot && i < snapshot->table_count; i++)
            find_of_subject(facts, &snapshot->tables[i]);
    }
}

void facts_limits(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    for (size_t i = 0; i < count; i++) {
        find_limit(&facts[i], snapshots);
        find_everywhere(&facts[i], snapshots);
    }
}

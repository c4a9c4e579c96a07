/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/facts_limit.h"

/* Looks up the limit that a loss ran into. Any thread. */

#include <string.h>

#include "base/cleanup.h"
#include "base/table/row_devices.h"
#include "daemon/incident/facts.h"

/* Where a metric is. The table is NULL if no collector has it. */
struct place {
    const struct table *table;
    size_t column;
};

static struct place find_place(const struct snapshots *snapshots, const char *metric)
{
    struct table_walk walk = table_walk_begin(snapshots);
    const struct table *table;

    while ((table = table_walk_next(&walk))) {
        int column = table_find_column(table, metric);

        if (column >= 0)
            return (struct place){table, (size_t)column};
    }
    return (struct place){};
}

/* Reads the value for the device that loses. A single row without a device concerns all. Returns false if
 * there is no value. */
static bool read_place(const struct place *place, const struct facts *facts,
                       const struct meaning_limit *limit, uint64_t *ret_value)
{
    const struct table *table = place->table;
    struct row_devices search;
    size_t row;

    if (!table)
        return false;
    if (table->rows->count == 1 && row_set_label(table->rows, 0, "device", NULL, 0) < 0)
        return label_value_holds(&limit->only, table->rows, 0) &&
               table_get(table, 0, place->column, ret_value);
    search = row_devices_begin(table->rows, facts->device);
    while (facts->device_count == 1 && row_devices_next(&search, &row))
        if (label_value_holds(&limit->only, table->rows, row))
            return table_get(table, row, place->column, ret_value);
    return false;
}

/* A counter with a limit may count errors, too, which have nothing to do with it. */
static const struct meaning_limit *limit_of(const struct facts *facts)
{
    bool may_be_full = facts->key.loss_class == LOSS_CAPACITY || facts->key.loss_class == LOSS_UNKNOWN;

    return facts->meaning && may_be_full ? facts->meaning->limit : NULL;
}

/* Finds the limit of the first incident, and of all others with the same limit. */
static void find_alike(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    const struct meaning_limit *limit = limit_of(facts);
    const struct place now = find_place(snapshots, limit->now);
    const struct place most = limit->most ? find_place(snapshots, limit->most) : (struct place){};

    for (size_t i = 0; i < count; i++) {
        if (limit_of(&facts[i]) != limit || !read_place(&now, &facts[i], limit, &facts[i].limit.now))
            continue;
        facts[i].limit.of = limit;
        (void)read_place(&most, &facts[i], limit, &facts[i].limit.most);
    }
}

static void find_limits(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;

        while (limit_of(&facts[before]) != limit_of(&facts[i]))
            before++;
        if (before == i && limit_of(&facts[i]))
            find_alike(&facts[i], count - i, snapshots);
    }
}

/* Finds the value in the first row of the port, or, if `port` is NULL, in the only row. */
static uint64_t value_of(const struct snapshots *snapshots, enum role role, const char *port)
{
    size_t column;
    const struct table *table = snapshots_find_role(snapshots, role, &column);
    uint64_t value = 0;

    for (size_t row = 0; table && row < table->rows->count && !value; row++)
        if (!port || label_value_holds(&(struct label_value){"local_port", port}, table->rows, row))
            (void)table_get(table, row, column, &value);
    return value;
}

static const struct meaning_limit listen_limit = {.unit = "connections in the accept queue"};

/* Finds the listeners whose accept queue is full, and the largest limit that a queue may get. */
static void find_listeners(struct facts *facts, const struct snapshots *snapshots)
{
    size_t length;
    const struct table *table = snapshots_find_role(snapshots, ROLE_LISTEN_LENGTH, &length);
    int limit = table ? table_find_role(table, ROLE_LISTEN_LIMIT) : -1;
    uint64_t waiting, most;

    facts->listen_most = value_of(snapshots, ROLE_LISTEN_LIMIT_MOST, NULL);
    for (size_t row = 0; limit >= 0 && row < table->rows->count; row++) {
        if (!table_get(table, row, length, &waiting) || !waiting ||
            !table_get(table, row, (size_t)limit, &most) || waiting < most)
            continue;
        if (facts->place.port_count++)
            continue;
        facts->place.protocol = "TCP";
        facts->limit.of = &listen_limit;
        facts->limit.now = most;
        (void)row_set_label(table->rows, row, "local_port", facts->place.port, sizeof(facts->place.port));
    }
}

static const struct meaning_limit buffer_limit = {.unit = "bytes of receive buffer"};

/* Finds which buffer was full, and what sets its size. */
static void find_buffers(struct facts *facts, const struct snapshots *snapshots)
{
    facts->buffer = value_of(snapshots, ROLE_RECEIVE_BUFFER, facts->place.port);
    facts->buffer_default = value_of(snapshots, ROLE_RECEIVE_BUFFER_DEFAULT, NULL);
    facts->buffer_limit = value_of(snapshots, ROLE_RECEIVE_BUFFER_LIMIT, NULL);
    if (facts->buffer && !facts->limit.of) {
        facts->limit.of = &buffer_limit;
        facts->limit.now = facts->buffer;
    }
}

static bool is_queue(const struct facts *facts, const struct row_set *rows, size_t row)
{
    const struct label_value wanted[] = {{"kind", facts->place.queue_kind},
                                         {"handle", facts->place.queue_handle},
                                         {"parent", facts->place.queue_parent}};
    size_t i = 0;

    while (i < ELEMENTS(wanted) && label_value_holds(&wanted[i], rows, row))
        i++;
    return i == ELEMENTS(wanted);
}

/* Finds the limit of the queue that drops. */
static void find_queue(struct facts *facts, const struct snapshots *snapshots)
{
    static const struct meaning_limit bytes = {.unit = "bytes in the queue"},
                                      packets = {.unit = "packets in the queue"};
    size_t column, row;
    const struct table *table = snapshots_find_role(snapshots, ROLE_QUEUE_LIMIT, &column);
    struct row_devices search;

    if (!table || facts->limit.of)
        return;
    search = row_devices_begin(table->rows, facts->device);
    while (!facts->limit.of && row_devices_next(&search, &row))
        if (is_queue(facts, table->rows, row) && table_get(table, row, column, &facts->limit.now))
            facts->limit.of = strcmp(facts->place.queue_kind, "bfifo") == 0 ? &bytes : &packets;
}

/* Finds the limit of one port or one queue, if the incident has one. */
static void find_of_subject(struct facts *facts, const struct snapshots *snapshots)
{
    if (strcmp(facts->key.cause, "tcp_listen_drop") == 0)
        find_listeners(facts, snapshots);
    else if (strcmp(facts->key.cause, "qdisc_full") == 0 && facts->place.queue_kind[0])
        find_queue(facts, snapshots);
    else if (facts->key.loss_class == LOSS_CAPACITY && facts->place.port_count)
        find_buffers(facts, snapshots);
}

void facts_limits(struct facts *facts, size_t count, const struct snapshots *snapshots)
{
    find_limits(facts, count, snapshots);
    for (size_t i = 0; i < count; i++)
        find_of_subject(&facts[i], snapshots);
}

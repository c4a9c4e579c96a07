/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/socket_ports.h"

/* Counts by local port, within a bound, and decides which port to evict. The collector's thread. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

static uint64_t port_key(bool ipv6, uint16_t port, uint32_t workload)
{
    return (uint64_t)ipv6 << 48 | (uint64_t)port << 32 | workload;
}

static bool key_ipv6(uint64_t key)
{
    return key >> 48;
}

static uint16_t key_port(uint64_t key)
{
    return key >> 32 & UINT16_MAX;
}

static uint32_t key_workload(uint64_t key)
{
    return (uint32_t)key;
}

int socket_ports_init(struct socket_ports *ports, size_t max, const struct workload_table *workloads,
                      struct limits *limits)
{
    *ports = (struct socket_ports){.max = max,
                                   .workloads = workloads,
                                   .limits = limits,
                                   .changed = true,
                                   .other = {{.key = 0}, {.key = port_key(true, 0, WORKLOAD_NOBODY)}}};
    ports->items = calloc(max, sizeof(*ports->items));
    return ports->items ? 0 : -ENOMEM;
}

void socket_ports_done(struct socket_ports *ports)
{
    free(ports->items);
    row_set_unref(ports->rows);
    *ports = (struct socket_ports){};
}

static void port_begin(struct socket_port *port, bool keep_values)
{
    port->has_socket = false;
    port->buffer = 0;
    if (!keep_values)
        memset(port->values, 0, sizeof(port->values));
}

void socket_ports_begin(struct socket_ports *ports, bool keep_values)
{
    for (size_t i = 0; i < ports->count; i++)
        port_begin(&ports->items[i], keep_values);
    for (size_t i = 0; i < ELEMENTS(ports->other); i++)
        port_begin(&ports->other[i], keep_values);
}

struct socket_port *socket_ports_get(struct socket_ports *ports, bool ipv6, uint16_t port, uint32_t workload,
                                     size_t *hint)
{
    uint64_t key = port_key(ipv6, port, ports->workloads ? workload : WORKLOAD_NOBODY);
    size_t position = *hint;

    if (position >= ports->count || ports->items[position].key != key)
        position = array_position(ports->items, ports->count, .key, key);
    if (position >= ports->count || ports->items[position].key != key) {
        if (ports->count == ports->max) {
            limit_hit(ports->limits, LIMIT_PORTS);
            ports->crowded = true;
            return &ports->other[ipv6];
        }
        memmove(&ports->items[position + 1], &ports->items[position],
                (ports->count - position) * sizeof(*ports->items));
        ports->items[position] = (struct socket_port){.key = key};
        ports->count++;
        ports->changed = true;
    }
    *hint = position;
    return &ports->items[position];
}

static void port_add(struct socket_port *port, const struct socket_port *from)
{
    for (size_t i = 0; i < SOCKET_PORT_VALUES; i++)
        port->values[i] += from->values[i];
}

void socket_ports_merge(struct socket_ports *ports, struct socket_ports *from, uint16_t highest)
{
    size_t hint = 0;

    for (size_t i = 0; i < from->count; i++) {
        const struct socket_port *port = &from->items[i];
        uint16_t number = key_port(port->key);

        if (number <= highest)
            port_add(socket_ports_get(ports, key_ipv6(port->key), number, key_workload(port->key), &hint),
                     port);
    }
    for (size_t i = 0; i < SOCKET_PORT_VALUES; i++)
        ports->forgotten[i] += from->forgotten[i];
    for (size_t i = 0; i < ELEMENTS(from->other); i++)
        port_add(&ports->other[i], &from->other[i]);
    socket_ports_done(from);
}

static bool is_shown(const struct socket_port *port)
{
    for (size_t i = 0; i < SOCKET_PORT_VALUES; i++)
        if (port->values[i])
            return true;
    return port->has_socket;
}

static void forget(struct socket_ports *ports, const struct socket_port *port)
{
    for (size_t i = 0; i < SOCKET_PORT_VALUES; i++)
        ports->forgotten[i] += port->values[i];
}

static void ports_sweep(struct socket_ports *ports)
{
    bool want_room = ports->crowded && ports->workloads;
    size_t kept = 0;

    for (size_t i = 0; i < ports->count; i++) {
        const struct socket_port *port = &ports->items[i];

        if (port->has_socket || (is_shown(port) && !want_room))
            ports->items[kept++] = *port;
        else
            forget(ports, port);
    }
    ports->crowded = false;
    if (kept != ports->count)
        ports->changed = true;
    ports->count = kept;
    for (size_t i = 0; i < ELEMENTS(ports->other); i++) {
        if (is_shown(&ports->other[i]) != ports->other_shown[i])
            ports->changed = true;
        ports->other_shown[i] = is_shown(&ports->other[i]);
    }
}

size_t socket_ports_staying(const struct socket_ports *ports)
{
    size_t count = 0;

    for (size_t i = 0; i < ports->count; i++)
        count += !ports->workloads || ports->items[i].has_socket;
    return count;
}

static int add_row(const struct socket_ports *ports, struct row_set *rows, const struct socket_port *port)
{
    const uint16_t number = key_port(port->key);
    const char *values[4];
    char text[8] = "other";

    if (number)
        (void)snprintf(text, sizeof(text), "%u", number);
    values[0] = text;
    values[1] = key_ipv6(port->key) ? "6" : "4";
    if (ports->workloads) {
        const struct workload *workload = workload_table_get(ports->workloads, key_workload(port->key));

        values[2] = workload->unit;
        values[3] = workload->container_id;
    }
    return row_set_add(rows, values);
}

void socket_ports_used(const struct socket_ports *ports, bool *used)
{
    for (size_t i = 0; i < ports->count; i++)
        used[key_workload(ports->items[i].key)] = true;
}

int socket_ports_end(struct socket_ports *ports)
{
    static const char *const labels[] = {"local_port", "ip_version", "unit", "container_id"};
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error;

    ports_sweep(ports);
    if (!ports->changed)
        return 0;
    error = row_set_new(labels, ports->workloads ? 4 : 2, &rows);
    for (size_t i = 0; i < ports->count && error >= 0; i++)
        error = add_row(ports, rows, &ports->items[i]);
    for (size_t i = 0; i < ELEMENTS(ports->other) && error >= 0; i++)
        if (ports->other_shown[i])
            error = add_row(ports, rows, &ports->other[i]);
    if (error < 0)
        return error;
    row_set_replace(&ports->rows, take_ptr(rows));
    ports->changed = false;
    return 0;
}

static void fill_row(struct table *table, size_t row, const struct socket_port *port, size_t count)
{
    for (size_t column = 0; column < count; column++)
        table_set(table, row, column, port->values[column]);
    if (port->buffer && count < table->columns->count)
        table_set(table, row, count, port->buffer);
}

void socket_ports_fill(const struct socket_ports *ports, struct table *table, size_t count)
{
    size_t row = 0;

    for (size_t i = 0; i < ports->count; i++)
        fill_row(table, row++, &ports->items[i], count);
    for (size_t i = 0; i < ELEMENTS(ports->other); i++)
        if (ports->other_shown[i])
            fill_row(table, row++, &ports->other[i], count);
}

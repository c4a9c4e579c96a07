/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/socket_ports.h"

/* See socket_ports.h. Runs on the collector's thread. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"

static uint32_t port_key(bool ipv6, uint16_t port)
{
    return (uint32_t)ipv6 << 16 | port;
}

int socket_ports_init(struct socket_ports *ports, size_t max, struct limits *limits)
{
    *ports = (struct socket_ports){
        .max = max, .limits = limits, .changed = true, .other = {{.key = 0}, {.key = port_key(true, 0)}}};
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

struct socket_port *socket_ports_get(struct socket_ports *ports, bool ipv6, uint16_t port, size_t *hint)
{
    uint32_t key = port_key(ipv6, port);
    size_t position = *hint;

    if (position >= ports->count || ports->items[position].key != key)
        position = array_position(ports->items, ports->count, .key, key);
    if (position >= ports->count || ports->items[position].key != key) {
        if (ports->count == ports->max) {
            limit_hit(ports->limits, LIMIT_PORTS);
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

static bool is_shown(const struct socket_port *port)
{
    for (size_t i = 0; i < SOCKET_PORT_VALUES; i++)
        if (port->values[i])
            return true;
    return port->has_socket;
}

static void ports_sweep(struct socket_ports *ports)
{
    size_t kept = 0;

    for (size_t i = 0; i < ports->count; i++)
        if (is_shown(&ports->items[i]))
            ports->items[kept++] = ports->items[i];
    if (kept != ports->count)
        ports->changed = true;
    ports->count = kept;
    for (size_t i = 0; i < ELEMENTS(ports->other); i++) {
        if (is_shown(&ports->other[i]) != ports->other_shown[i])
            ports->changed = true;
        ports->other_shown[i] = is_shown(&ports->other[i]);
    }
}

static int add_row(struct row_set *rows, const struct socket_port *port)
{
    const uint32_t number = port->key & UINT16_MAX;
    char text[8] = "other";

    if (number)
        (void)snprintf(text, sizeof(text), "%u", number);
    return row_set_add(rows, (const char *const[]){text, port->key >> 16 ? "6" : "4"});
}

int socket_ports_end(struct socket_ports *ports)
{
    static const char *const labels[] = {"local_port", "ip_version"};
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error;

    ports_sweep(ports);
    if (!ports->changed)
        return 0;
    error = row_set_new(labels, ELEMENTS(labels), &rows);
    for (size_t i = 0; i < ports->count && error >= 0; i++)
        error = add_row(rows, &ports->items[i]);
    for (size_t i = 0; i < ELEMENTS(ports->other) && error >= 0; i++)
        if (ports->other_shown[i])
            error = add_row(rows, &ports->other[i]);
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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A bounded set of local ports, each with its numbers, and the rows that it is in a snapshot. A port has its
 * place while it has a socket, and longer where it has a count that must not be lost; ports without a place
 * share one named `other`. Pure memory, one thread; label texts are rendered only when a place comes or goes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/table/table.h"

enum { SOCKET_PORT_VALUES = 2 };

struct socket_port {
    uint32_t key;    /* IP version and port */
    bool has_socket; /* in this round; set by the owner */
    uint64_t values[SOCKET_PORT_VALUES];
};

struct socket_ports {
    struct socket_port *items; /* ascending by key */
    size_t count;
    size_t max;
    struct socket_port other[2]; /* of IPv4 and IPv6 */
    bool other_shown[2];
    bool changed; /* since the rows were made */
    struct row_set *rows;
    struct limits *limits; /* borrowed */
};

/* -ENOMEM. What is made once holds `max` ports: later nothing is allocated but rows. */
int socket_ports_init(struct socket_ports *ports, size_t max, struct limits *limits);
void socket_ports_done(struct socket_ports *ports); /* accepts a zeroed one */

/* A new look at all sockets begins: no port has a socket; values are 0 again, or are kept. */
void socket_ports_begin(struct socket_ports *ports, bool keep_values);

/* The place of a port, or what stands for it. `hint` makes it cheap to ask for one port again and again. */
struct socket_port *socket_ports_get(struct socket_ports *ports, bool ipv6, uint16_t port, size_t *hint);

/* Ends a look: ports without socket and values lose their place, and rows are brought up to date. -ENOMEM:
 * the next look tries again. */
int socket_ports_end(struct socket_ports *ports);

/* Sets the first `count` values of every row, in as many columns. */
void socket_ports_fill(const struct socket_ports *ports, struct table *table, size_t count);

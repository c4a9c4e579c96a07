/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A bounded set of local ports, or of ports and the workloads that use them, with their numbers and rows. A
 * port has a place while it has a socket, and longer if it has a count that must not be lost; ports without a
 * place share one named `other`. Workloads come and go by the thousand, so if places run out, those of
 * workloads without a socket are given up, and their counts are added to `forgotten`. Pure memory, one
 * thread; label texts are rendered only when a place comes or goes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/table/table.h"
#include "collectors/kernel/workload_table.h"

enum { SOCKET_PORT_VALUES = 2 };

struct socket_port {
    uint64_t key;    /* IP version, port, number of the workload */
    bool has_socket; /* in this round; set by the owner */
    uint64_t values[SOCKET_PORT_VALUES];
    uint64_t buffer; /* bytes of the smallest receive buffer of its sockets in this round; 0 if not known */
};

struct socket_ports {
    struct socket_port *items; /* ascending by key */
    size_t count;
    size_t max;
    struct socket_port other[2]; /* of IPv4 and IPv6 */
    bool other_shown[2];
    bool changed; /* since the rows were made */
    bool crowded; /* in this round, some port found no place */
    uint64_t forgotten[SOCKET_PORT_VALUES];
    const struct workload_table *workloads; /* borrowed; NULL if they are not told apart */
    struct row_set *rows;
    struct limits *limits; /* borrowed */
};

/* Returns 0 or -ENOMEM. What is made once holds `max` ports: later nothing is allocated but rows. */
int socket_ports_init(struct socket_ports *ports, size_t max, const struct workload_table *workloads,
                      struct limits *limits);
void socket_ports_done(struct socket_ports *ports); /* accepts a zeroed struct */

/* Returns how many ports cannot be evicted. */
size_t socket_ports_staying(const struct socket_ports *ports);

/* Adds the values of another set, for the ports up to `highest`, and frees that set. Both must number
 * workloads alike, unless one does not tell them apart. */
void socket_ports_merge(struct socket_ports *ports, struct socket_ports *from, uint16_t highest);

/* Begins a new look at all sockets: no port has a socket yet. Values are kept, or begin at 0. */
void socket_ports_begin(struct socket_ports *ports, bool keep_values);

/* Returns the place of a port, or the `other` place. `hint` makes it cheap to ask for the same port again. */
struct socket_port *socket_ports_get(struct socket_ports *ports, bool ipv6, uint16_t port, uint32_t workload,
                                     size_t *hint);

/* Marks the workloads that have places, by number. */
void socket_ports_used(const struct socket_ports *ports, bool *used);

/* Ends a look: ports without socket and values lose their place, and rows are brought up to date. Returns 0,
 * or -ENOMEM, and then the next look tries again. */
int socket_ports_end(struct socket_ports *ports);

/* Sets the first `count` values of every row, in as many columns. If there is a column after these, it gets
 * the buffer. */
void socket_ports_fill(const struct socket_ports *ports, struct table *table, size_t count);

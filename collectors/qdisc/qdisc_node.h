/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What node_exporter's qdisc calls the numbers of the root of transmission of a device, and the rows of its
 * table. The collector's own thread. */

#include <stddef.h>

#include "collectors/node_names.h"
#include "collectors/qdisc/qdisc_parse.h"

extern const struct node_names *const qdisc_node[];

/* All zeros: not wanted, and what is added goes nowhere. */
struct qdisc_node {
    struct column_set *columns;
    struct row_set *rows;
    size_t *entries; /* of each row: the index of its qdisc in the owner's list */
    size_t count;
    size_t capacity;
};

int qdisc_node_open(struct qdisc_node *node); /* Returns 0 or -ENOMEM. */
void qdisc_node_done(struct qdisc_node *node);

/* List the present qdiscs: begin, add each, end. Only roots of transmission have rows. The first two return
 * 0 or -ENOMEM. */
int qdisc_node_begin(struct qdisc_node *node);
int qdisc_node_add(struct qdisc_node *node, const char *device, const struct qdisc *qdisc, size_t entry);
void qdisc_node_end(struct qdisc_node *node);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What node_exporter's netdev and netclass call the numbers of links. Constant data, and one row's numbers in
 * its order. */

#include "collectors/kernel/link_parse.h"
#include "collectors/node_names.h"

enum { LINK_NODE_COUNT = 2 }; /* the first two: tables of a row a link; link_neighbours.h has the third */

extern const struct node_names *const link_node[];

/* Fills the row of a link in the tables of both. */
void link_node_fill(struct table *const tables[], size_t row, const struct link_statistics *statistics,
                    const struct link *link);

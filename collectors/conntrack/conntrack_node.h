/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What node_exporter's conntrack calls the numbers of connection tracking. Constant data. */

#include "collectors/node_names.h"

extern const struct node_names *const conntrack_node[];

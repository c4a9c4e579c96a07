/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What node_exporter's softnet calls the counters of a CPU. Constant data. */

#include "collectors/node_names.h"

extern const struct node_names *const softnet_node[];

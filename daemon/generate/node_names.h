/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/buffer.h"

/* Appends the tables of docs/from-node-exporter.md: each name that web.node_exporter_path serves, by
 * node_exporter's collectors, with what is the same on /metrics, and what differs. */
void node_names_document(struct buffer *out);

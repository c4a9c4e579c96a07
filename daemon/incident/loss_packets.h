/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the last packets of an incident, those that are recorded of its cause on its device, and writes a
 * line for each. Whoever makes the report decides who may see them (loss_report.h). Pure, except for the
 * time zone; texts are harmless.
 */

#include <stdbool.h>

#include "base/buffer.h"
#include "collectors/packet_records.h"
#include "daemon/incident/incident.h"

enum { LOSS_PACKETS_MAX = 3 };

/* Returns how many packets there are, and stores them in the order in which they were dropped. `records` may
 * be NULL. */
size_t loss_packets_find(const struct packet_records *records, const struct incident *incident,
                         const struct packet_record *ret_packets[LOSS_PACKETS_MAX]);

/* Appends "03:09:20.118204  IP 10.0.0.7.41022 > 10.0.0.9.9999  UDP len 64", or prefixes in place of
 * addresses.
 */
void loss_packet_line(const struct packet_record *packet, bool prefixes, struct buffer *out);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What people read of an incident, put together of what is known. Pure. */

#include "base/buffer.h"
#include "daemon/incident/facts.h"
#include "daemon/incident/incident.h"

/* Fills in the subject, the words, the share, the limit, the remedy and the facts. What the ledger tells of
 * it (cause, class, rate, ...) is there. */
void incident_describe(struct incident *incident, const struct facts *facts);

/* "eth0: the queue is full", "eth0: received packets are refused by a firewall rule". */
void incident_title(const struct incident *incident, struct buffer *out);

/* Writes the whole of it in one line, at `now_ns` (CLOCK_BOOTTIME; with 0 without times): "eth0 loses 34/s
 * since 14:02:11: the queue is full"; of what has paused or is over, "eth0 lost 812 from 14:02:11 to
 * 14:02:40: the queue is full". */
void incident_sentence(const struct incident *incident, uint64_t now_ns, struct buffer *out);

/* "34/s", "2.5/s"; less than one, by the minute. */
void incident_rate(double rate, struct buffer *out);

/* "19 %", "0.02 %", "less than 0.01 %". */
void incident_share(double share, struct buffer *out);

/* When so long ago was, by the clock as it is now: "14:02:11", of another day with its date. */
void incident_when(uint64_t ago_ns, struct buffer *out);

/* Today and now: "2026-11-28 03:09:20". */
void incident_date(struct buffer *out);

/* ", 19 % of the UDP received, since 03:02:11, steady" */
void incident_circumstances(const struct incident *incident, uint64_t ago_ns, struct buffer *out);

/* Writes ", steady" or ", in bursts of 900 packets", or nothing if it is not known. */
void incident_spread(const struct incident *incident, struct buffer *out);

/* Writes "Limit: 512 of 4096 receive ring entries.", or nothing if there is no limit that can be read. */
void incident_limit(const struct incident *incident, struct buffer *out);

/* "received", "forwarded", "sent here"; of none "". */
const char *incident_way(enum direction direction);

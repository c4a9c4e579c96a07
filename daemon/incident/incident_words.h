/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Puts what is known of an incident into words for people. Pure, except for the clock. */

#include "base/buffer.h"
#include "collectors/meaning/cause_words.h"
#include "daemon/incident/facts.h"
#include "daemon/incident/incident.h"

/* Fills in the subject, the words, the share, the limit, the remedy and the facts. The caller has filled in
 * what the ledger knows (cause, class, rate, ...). `cause` is that of the facts; NULL if no drop site has it.
 */
void incident_describe(struct incident *incident, const struct facts *facts,
                       const struct cause_meaning *cause);

/* Writes the title: "eth0: the queue is full", "eth0: received packets are refused by a firewall rule". */
void incident_title(const struct incident *incident, struct buffer *out);

/* Writes the incident as one sentence: "eth0 loses 34/s since 14:02:11: the queue is full"; if it has paused
 * or is over, "eth0 lost 812 from 14:02:11 to 14:02:40: the queue is full". `now_ns` is CLOCK_BOOTTIME; if
 * it is 0, the sentence has no times. */
void incident_sentence(const struct incident *incident, uint64_t now_ns, struct buffer *out);

/* Writes a rate: "34/s", "2.5/s", and if it is less than one a second "12/min". */
void incident_rate(double rate, struct buffer *out);

/* Writes a share from 0 to 1: "19 %", "0.02 %", "less than 0.01 %". */
void incident_share(double share, struct buffer *out);

/* Writes the present date and time: "2026-11-28 03:09:20". */
void incident_date(struct buffer *out);

/* Writes the share, when it was, and how steady it is, as far as known: ", 19 % of the UDP received, since
 * 03:02:11, steady"; if it has paused, "from 03:02:11 to 03:04:00". */
void incident_circumstances(const struct incident *incident, uint64_t now_ns, struct buffer *out);

/* Writes "Limit: 512 of 4096 receive ring entries.", or nothing if there is no limit that can be read. */
void incident_limit(const struct incident *incident, struct buffer *out);

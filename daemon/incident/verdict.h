/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The colours: what is urgent, what should be looked at, and what is as it should be. All shares and rates
 * that decide stand here. Pure but for the collectors' health. Any thread.
 */

#include "base/host_network.h"
#include "daemon/incident/loss_report.h"
#include "daemon/run/registry.h"

/* Of class error, less than this share of the packets is a neutral line. */
#define VERDICT_ERROR_SHARE 0.0001
/* Fewer packets than this within five minutes are a neutral line, where somebody meant them to be dropped or
 * made them wrong: on a quiet host they are a large share of nothing. */
#define VERDICT_FEW 10
/* Rules that refuse as much of what comes are news, whatever is usual. */
#define VERDICT_REFUSED_SHARE 0.5
/* So are those that refuse so many times as much as ever in the last day, and as many packets a second. */
#define VERDICT_REFUSED_TIMES 3
#define VERDICT_REFUSED_RATE  1.0

/* The colour of what is lost, or refused. `usual`: the greatest rate of its direction in the hours before;
 * NAN: they are not known yet. `rate`: that of its direction in the last minute. */
enum colour verdict_colour(const struct incident *incident, double rate, double usual);

/* Writes what the collectors say of themselves: what was looked at, what could not be, what was chosen so.
 * Returns how many of them are well. */
size_t verdict_coverage(struct loss_report *report, const struct registry *registry,
                        enum host_network host_network);

/* The colour of it all and the sentence for it, once incidents and coverage are there. */
void verdict_say(struct loss_report *report);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Chooses colours: what is urgent, what should be looked at, and what is as it should be. All shares and
 * rates that decide stand here. Pure, except for the health of collectors. Any thread.
 */

#include "base/host_network.h"
#include "daemon/incident/loss_report.h"
#include "daemon/run/registry.h"

/* A loss of class error below this share of the packets is a neutral line. */
#define VERDICT_ERROR_SHARE 0.0001
/* Fewer packets than this within five minutes are a neutral line, if a rule dropped them or they were wrong:
 * on a quiet host even a few are a large share. */
#define VERDICT_FEW 10
/* Rules that refuse this share of what comes are news, whatever is usual. */
#define VERDICT_REFUSED_SHARE 0.5
/* So are rules that refuse so many times the greatest rate of the last day, and at least so many packets a
 * second. */
#define VERDICT_REFUSED_TIMES 3
#define VERDICT_REFUSED_RATE  1.0

/* Returns the colour of an incident. `usual` is the greatest rate of its direction in the hours before, or
 * NAN if these are not known yet; `rate` is that of its direction in the last minute. */
enum colour verdict_colour(const struct incident *incident, double rate, double usual);

/* Writes what was looked at, what could not be looked at, and what was left out by choice, as the collectors
 * report it. Returns how many of them are well. */
size_t verdict_coverage(struct loss_report *report, const struct registry *registry,
                        enum host_network host_network);

/* Sets the colour of the whole and its sentence. Call it once incidents and coverage are filled in. */
void verdict_say(struct loss_report *report);

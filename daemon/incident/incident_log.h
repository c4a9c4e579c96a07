/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Incidents as the log and the status line tell them: the onset and the end of each, once, with its subject,
 * its cause and the first command to type. Main thread, after each step of the trends.
 *
 * An onset is told when `onset_packets` were lost, or refused, within `window`, and an end when for
 * `end_after` there were less than half of that within `window`: what flaps in between is one. Only what is
 * urgent is told (daemon/incident/verdict.h).
 */

#include <stdint.h>

#include "daemon/incident/loss_report.h"
#include "daemon/settings/loss_settings.h"

struct incident_log;

int incident_log_new(struct incident_log **ret_log);              /* returns 0 or -ENOMEM */
struct incident_log *incident_log_free(struct incident_log *log); /* accepts NULL, returns NULL */

/* Logs what began and what ended. What the report calls recent is of settings->window_ns. */
void incident_log_update(struct incident_log *log, const struct loss_settings *settings,
                         const struct loss_report *report);

/* Returns the text for the status line as of the last update, which is valid until the next one: "eth0 loses
 * 34/s since 14:02:11: the queue is full; 2 more"; "no loss in the last minute"; "little" instead if neutral
 * lines tell of some; "" if nothing is known. */
const char *incident_log_text(const struct incident_log *log);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Spells of loss: which interface (or protocol) loses packets, since when, and why. Says the onset and the
 * end of each in the log, once, and has the words for the status line. Main thread, after each step of the
 * trends.
 *
 * A spell begins when `onset_packets` were lost within `window`, and ends when for `end_after` the loss
 * within `window` has stayed under half of that: what flaps in between is one spell. Layers overlap, so that
 * numbers are never added up: what is told of a subject is its counter that moves most, and among those that
 * move alike the one that tells most.
 */

#include <stdint.h>

#include "daemon/settings/loss_settings.h"
#include "daemon/trend/trend.h"

struct loss_spells;

int loss_spells_new(struct trend *trend, struct loss_spells **ret_loss); /* borrows it; -ENOMEM */
struct loss_spells *loss_spells_free(struct loss_spells *loss);          /* accepts NULL, returns NULL */

/* Looks at the trends, and logs what began and what ended. `now_ns` is CLOCK_BOOTTIME. */
void loss_spells_update(struct loss_spells *loss, const struct loss_settings *settings, uint64_t now_ns);

/* As of the last update: "eth0 loses 34/s since 14:02 (receive missed)", "no drops in the last minute"; ""
 * where nothing is known. Until the next update. */
const char *loss_spells_text(const struct loss_spells *loss);

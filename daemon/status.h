/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Watches how the collectors fare and says so where people look: a line in the log for each change of state,
 * and the Status line of `systemctl status`: "7 of 7 collectors up, 12 devices; eth0 loses 34/s since 14:02
 * (receive missed)". Main thread, called once a second.
 */

#include "daemon/run/registry.h"
#include "daemon/trend/loss_spells.h"
#include "daemon/trend/trend.h"

struct status;

/* Borrows all three. -ENOMEM. */
int status_new(const struct registry *registry, struct trend *trend, const struct loss_spells *loss,
               struct status **ret_status);
struct status *status_free(struct status *status); /* accepts NULL, returns NULL */

/* Shown in the Status line before all else; NULL: nothing. Borrowed text of static storage. */
void status_note(struct status *status, const char *note);

/* Logs what changed since the last call and updates the Status line where it reads differently, but not more
 * than once a second: the next call then does. */
void status_update(struct status *status, uint64_t now_ns);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Watches the health of the collectors and reports it: one log line for each change of state, and the Status
 * line of `systemctl status`: "7 of 7 collectors up, 12 devices; eth0 loses 34/s since 14:02:11: the queue is
 * full; 2 more". Main thread, called periodically.
 */

#include "daemon/incident/incident_log.h"
#include "daemon/run/registry.h"

struct status;

/* Borrows both arguments. Returns 0 or -ENOMEM. */
int status_new(const struct registry *registry, const struct incident_log *log, struct status **ret_status);
struct status *status_free(struct status *status); /* accepts NULL, returns NULL */

/* What comes first in the Status line; the most urgent note comes first. */
enum status_note {
    NOTE_ADDRESS,     /* an address that nobody can reach */
    NOTE_CERTIFICATE, /* a certificate outside of its validity */
    NOTE_FILES,       /* files that could not be reloaded */
    NOTE_RELOAD,
    NOTE_COUNT,
};

/* Sets or, with NULL, clears a note. The text is copied and cut to 159 bytes. */
void status_note(struct status *status, enum status_note kind, const char *text);

/* Logs what changed since the last call, and updates the Status line if its text changed, at most once a
 * second. Returns when to call it again: in a second if the line was held back or a collector is slow, for it
 * may be stuck; otherwise UINT64_MAX. `devices` is the number of devices. */
uint64_t status_update(struct status *status, size_t devices, uint64_t now_ns);

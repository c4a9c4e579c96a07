#pragma once

/*
 * Watches how the collectors fare and says so where people look: a line in the log for each change of state,
 * and the Status line of `systemctl status`. Main thread, called once a second.
 */

#include "daemon/registry.h"

struct status;

int status_new(const struct registry *registry, struct status **ret_status); /* -ENOMEM */
struct status *status_free(struct status *status);                           /* accepts NULL, returns NULL */

/* Shown in the Status line before all else; NULL: nothing. Borrowed text of static storage. */
void status_note(struct status *status, const char *note);

/* Logs what changed since the last call and updates the Status line where it reads differently. */
void status_update(struct status *status, uint64_t now_ns);

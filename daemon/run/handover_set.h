/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The hand-over of each collector (collectors/handover.h), filled from what systemd passed, or by opening
 * while the main thread still has its privilege. Main thread.
 */

#include "collectors/collector.h"
#include "daemon/settings/settings.h"
#include "daemon/systemd/systemd_fds.h"

/* Makes one for each of collectors[], all empty. Returns NULL if memory runs out. */
struct handover *handover_set_new(void);
struct handover *handover_set_free(struct handover *handovers); /* accepts NULL, returns NULL */

/* Takes the descriptors that collectors know by name. */
void handover_set_take(struct handover *handovers, struct systemd_fds *passed);

/* Opens for enabled collectors what was not passed. A failure goes into the fault of the hand-over, for the
 * collector to report. */
void handover_set_open(struct handover *handovers, const struct settings *settings, struct limits *limits);

/* Does the same for collector i alone, enabled or not. */
void handover_set_open_one(struct handover *handover, const struct settings *settings, struct limits *limits,
                           size_t i);

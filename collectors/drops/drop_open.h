/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The two halves of opening drop sites: first with privilege, then without, by the collector's thread, from
 * what the first half left in the hand-over.
 */

#include "collectors/drops/drop_source.h"
#include "collectors/handover.h"

enum drop_choice { DROP_CHOICE_AUTO, DROP_CHOICE_BPF, DROP_CHOICE_PACKET, DROP_CHOICE_SUMMARY };

/* What the hand-over may hold: NULL-terminated. */
extern const char *const drop_handle_names[];

/* Needs privilege. Chooses a source and opens it and the kernel's symbols. On failure the hand-over is as it
 * was; fault_unsupported() names what is missing. */
int drop_open(enum drop_choice choice, const struct drop_options *options, const char *procfs,
              struct handover *handover, struct fault *fault);

/* Describes what would be opened. Contract: `kept_as` of struct collector. */
void drop_kept_as(enum drop_choice choice, const struct drop_options *options, char *text, size_t size);

/* What is still to be adopted: copies, for the caller to close or to hand on. */
struct drop_opened {
    const struct drop_source *source;
    struct drop_handles handles;
    int kallsyms; /* -1: functions have no names */
    int modules;  /* -1: /proc/modules is opened by its path */
    int kept;     /* see drop_kept.h; -1 if nothing is kept */
};

#define DROP_OPENED_NONE                                                                                     \
    {                                                                                                        \
        .kallsyms = -1, .modules = -1, .kept = -1                                                            \
    }

/* Needs none. On failure nothing is left open, and the fault says why the privileged half yielded nothing. */
int drop_opened_copy(const struct handover *handover, struct drop_opened *ret_opened, struct fault *fault);
void drop_opened_done(struct drop_opened *opened);

/* Stops the kernel's drop_monitor, whoever started it. Needs privilege. */
void drop_open_stop(void);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Descriptors that were opened with privilege, by name, on their way to a collector that reads them without:
 * from netdrop-open by way of systemd's fd store, or from the main thread as it was before it gave its
 * capabilities away. One for each collector, filled before there is any other thread; what is in it stays
 * from then on: the collector takes copies, each time it opens.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"

enum { HANDOVER_HANDLES_MAX = 8 };

/* Zero-initialised: nothing was opened. */
struct handover {
    struct {
        const char *name; /* static storage: one of the collector's `handles` */
        int fd;
    } handles[HANDOVER_HANDLES_MAX];
    size_t count;
    bool leaving;       /* another process gets them: nothing of ours can stay behind to look after them */
    bool started;       /* something was switched on for the whole system: switch_off() when all is over */
    pid_t keeper;       /* or this process does that, once all is closed; 0: there is none */
    struct fault fault; /* why there are none; or, without an errno, what was chosen and why */

    /* The collector's own: what its last instance leaves to the next one, after a reload or a failure. NULL:
     * nothing. */
    void *left;
    void (*left_free)(void *left);
};

/* Takes the descriptor over. */
void handover_put(struct handover *handover, const char *name, int fd);

/* A copy of the descriptor of that name, for the caller to close. -ENOENT: there is none; -EMFILE, ... */
int handover_copy(const struct handover *handover, const char *name, int *ret_fd);

/* Closes all, frees what was left, and waits a moment for the keeper to be done. */
void handover_done(struct handover *handover);

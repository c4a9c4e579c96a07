/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Passes descriptors that were opened with privilege, by name, to a collector that reads them without: from
 * netdrop-open through systemd's fd store, or from the main thread before it gave up its capabilities. There
 * is one for each collector, filled before there is any other thread. Its descriptors stay: the collector
 * takes copies each time it opens.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/fault.h"

enum {
    HANDOVER_HANDLES_MAX = 24,
    HANDOVER_KEPT_SIZE = 256, /* see struct collector, kept_as */
};

/* Zero-initialised: nothing was opened. */
struct handover {
    struct {
        const char *name; /* static storage: one of the collector's `handles` */
        int fd;
    } handles[HANDOVER_HANDLES_MAX];
    size_t count;
    bool leaving;       /* another process gets them: nothing of ours can stay behind to look after them */
    bool keepable;      /* the next process may go on with the same ones: see struct collector, kept_as */
    bool started;       /* something was switched on for the whole system: switch_off() when all is over */
    pid_t keeper;       /* or this process does that, once all is closed; 0 if there is none */
    struct fault fault; /* why there are none; or, without an errno, what was chosen and why */

    /* The collector's own: what its last instance leaves to the next one, after a reload or a failure. NULL
     * if nothing. */
    void *left;
    void (*left_free)(void *left);
};

/* Takes the descriptor over. */
void handover_put(struct handover *handover, const char *name, int fd);

/* Copies the descriptor of that name; the caller closes the copy. Returns 0, -ENOENT if there is none, or
 * another -errno such as -EMFILE. */
int handover_copy(const struct handover *handover, const char *name, int *ret_fd);

bool handover_has(const struct handover *handover, const char *name);

/* Leaves something to the next instance, and frees what was left before. Without a hand-over (NULL) it is
 * freed at once. */
void handover_leave(struct handover *handover, void *left, void (*left_free)(void *left));

/* Returns what the last instance left, which then belongs to the caller, or NULL if there is nothing or no
 * hand-over. */
void *handover_take(struct handover *handover);

/* Closes all, frees what was left, and waits a moment for the keeper to be done. */
void handover_done(struct handover *handover);

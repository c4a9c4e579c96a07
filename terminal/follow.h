/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Follows records: first those that the daemon holds, then new ones, until there are enough. --watch --plain
 * and --capture share it. Main thread.
 */

#include "terminal/daemon_client.h"
#include "terminal/filter.h"

#define FOLLOW_WITHOUT_END UINT64_MAX

struct follow {
    struct daemon_client client;
    const struct filter *filter; /* borrowed */
    uint64_t for_ns; /* FOLLOW_WITHOUT_END: until a signal; 0: only what the daemon holds already */
    uint64_t count;  /* ends after so many records that pass the filter; or FOLLOW_WITHOUT_END */
    bool own;        /* we started the daemon, and nobody would start it again */
    int ending;      /* see ending.h */
    int out;         /* where the text goes; its reader may go away */

    /* Appends the text for a record that passes. A negative errno ends everything. */
    int (*record)(void *context, const struct records *records, const struct record *record,
                  struct buffer *text);
    void *context;
    struct buffer text; /* still to be written; what it has at first is written first */

    /* What was seen. */
    uint64_t passed;  /* records */
    uint64_t dropped; /* packets, at all sites, since it began */
};

/* Follows until there are enough. Returns 0 then and after a signal, -EPIPE if nobody reads any more, or
 * another -errno, whose reason is on standard error. If a daemon stops answering, waits for it and says so
 * on standard error. Releases the text. */
int follow_run(struct follow *follow);

/* Returns the exit status for that result. A reader that went away has had enough, which is no failure. */
int follow_status(int error);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Asks the daemon for what it recorded since the last question. Main thread. */

#include "base/local_client.h"
#include "terminal/records.h"

struct daemon_client {
    const char *path;  /* of the local socket; borrowed */
    uint64_t sequence; /* of the last record that came; 0 if none did yet */
    bool anew;         /* the last answer came from another daemon than the one before */
    bool answered;     /* it has answered before, with or without records */
};

/* Asks for all sites and for the records since the last call, or, after a restart of the daemon, for all
 * that it has. Waits up to two seconds if the daemon has to make its first answer. Returns 0, -ENODATA with
 * the fault if the daemon answers that it has none, and why, or another -errno with the fault if nobody
 * answers. */
int daemon_client_fetch(struct daemon_client *client, struct records **ret_records, struct fault *fault);

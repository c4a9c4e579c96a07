/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Asks the daemon for what it recorded since the last question. Main thread. */

#include "base/local_client.h"
#include "terminal/records.h"

struct daemon_client {
    const char *path;  /* of the local socket; borrowed */
    uint64_t sequence; /* of the last record that came; 0 if none did yet */
    bool anew;         /* the last answer is another daemon's than the one before */
    bool answered;     /* it has had records, or none of them, before */
};

/* Asks for all sites, and for the records since the last time; after a restart of the daemon, for those that
 * it has. Waits for the first answer, two seconds at most, if the daemon has yet to make it. Returns 0 or
 * -errno with the fault: -ENODATA if the daemon answers and says why it has none, another one if nobody
 * answers. */
int daemon_client_fetch(struct daemon_client *client, struct records **ret_records, struct fault *fault);

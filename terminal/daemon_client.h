/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Asks the daemon for what it recorded since the last question. Main thread. */

#include "base/local_client.h"
#include "terminal/records.h"

struct daemon_client {
    const char *path;  /* of the local socket; borrowed */
    uint64_t sequence; /* of the last record that came; 0: none yet */
    bool anew;         /* the last answer is another daemon's than the one before */
    bool answered;     /* it has had records, or none of them, before */
};

/* All sites, and the records since the last time. After a restart of the daemon those that it has. The first
 * answer is waited for, two seconds at most, where the daemon has yet to make it. -errno
 * with the fault: nobody answers; -ENODATA: it does, and says why it has none. */
int daemon_client_fetch(struct daemon_client *client, struct records **ret_records, struct fault *fault);

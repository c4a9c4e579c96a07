/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Asks an HTTP thread whether it still answers: GET /-/healthy over a socket pair that is handed to
 * libmicrohttpd, so that no port, address or connection limit is in the way. Where the thread speaks TLS,
 * which we do not, whether it still reads: the beginning of a handshake. Main thread; never blocks.
 */

#include <microhttpd.h>
#include <stdbool.h>

struct self_probe {
    int fd;       /* our end */
    bool waiting; /* asked, not answered yet */
    bool tls;
    size_t sent; /* TLS: bytes of the handshake */
};

/* Connects. -errno. */
int self_probe_init(struct self_probe *probe, struct MHD_Daemon *daemon, bool tls);
void self_probe_done(struct self_probe *probe);

/* Looks for the answer to the last question and, once it is there, asks again. True where the last question
 * was answered; at the first call there was none. */
bool self_probe_turn(struct self_probe *probe, struct MHD_Daemon *daemon);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Asks an HTTP thread whether it still answers: GET /-/healthy over a socket pair that is handed to
 * libmicrohttpd, so that no port, address or connection limit interferes. If the thread speaks TLS, which we
 * do not, the probe sends the beginning of a handshake and checks that it is read. Main thread; never blocks.
 *
 * The connection exists even if nobody asks, for another reason: without any connection, libmicrohttpd spins
 * on EMFILE (MHD_accept_connection).
 */

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* The address of our own connections: one that accept() never returns (AF_UNSPEC), with a secret number. */
struct probe_address {
    union {
        struct sockaddr any;
        struct {
            sa_family_t family;
            uint8_t token[sizeof(struct sockaddr) - sizeof(sa_family_t)];
        };
    };
};

enum probe_state { PROBE_UNASKED, PROBE_WAITING, PROBE_ANSWERED, PROBE_BROKEN };

struct self_probe {
    const struct probe_address *address;
    enum probe_state state;
    int fd; /* our end */
    bool tls;
    size_t sent; /* TLS: bytes of the handshake */
};

/* Makes a new token. Returns 0 or -errno. */
int probe_address_init(struct probe_address *ret_address);
/* Returns true if a connection is our own. */
bool probe_address_equal(const struct probe_address *own, const struct sockaddr *address);

/* Connects. The address is borrowed. Returns 0 or -errno. */
int self_probe_init(struct self_probe *probe, struct MHD_Daemon *daemon, const struct probe_address *address,
                    bool tls);
void self_probe_done(struct self_probe *probe);

/* Replaces the connection by another: after EMFILE libmicrohttpd accepts nothing until one of its connections
 * has ended (MHD_cleanup_connections), and this may be the only one. A pending question stays pending and an
 * answer stays an answer, so renewing often does no harm. */
void self_probe_renew(struct self_probe *probe, struct MHD_Daemon *daemon);

/* Asks, unless an answer is awaited. */
void self_probe_ask(struct self_probe *probe, struct MHD_Daemon *daemon);

/* Returns true if the last question was answered. A lost one is asked again. */
bool self_probe_answered(struct self_probe *probe, struct MHD_Daemon *daemon);

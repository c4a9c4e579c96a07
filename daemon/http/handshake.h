/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a TLS connection has besides libmicrohttpd's session: the certificate that it began with, the cost of
 * its handshake, and a bound on its memory. A ClientHello costs its sender nothing and us a signature; so
 * each is charged to its address like a password, and ends before we compute if the address has no credit. On
 * the HTTP thread of the connection.
 */

#include <gnutls/gnutls.h>
#include <stdint.h>
#include <sys/socket.h>

#include "daemon/http/certificate.h"
#include "daemon/http/credit.h"

/* How much GnuTLS may read from a client before any of it reaches HTTP. It would take messages of 16 MB. */
enum { HANDSHAKE_BYTES_MAX = 64 * 1024 };

extern const struct credit_terms handshake_terms;

struct handshake;

/* Makes the session use the certificate, takes over its reference, and charges the cost of the handshake.
 * Credit is borrowed. Returns NULL if memory runs out, and then the handshake fails. */
struct handshake *handshake_new(gnutls_session_t session, struct certificate *certificate,
                                struct credit *credit, const struct sockaddr *client);

/* Notes that HTTP understood what was read. */
void handshake_progress(struct handshake *handshake);

/* Notes that a request was admitted, so that the client is no stranger. */
void handshake_let_in(struct handshake *handshake, uint64_t now_ns);

/* Call it after the end of the session. Accepts NULL, returns NULL. */
struct handshake *handshake_free(struct handshake *handshake);

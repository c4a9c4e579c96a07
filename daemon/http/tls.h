/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The glue between a certificate and libmicrohttpd's TLS: each session is given the certificate of the day
 * when it begins, so that a reload brings a new one without a new listener. Main replaces it, HTTP threads
 * begin sessions.
 */

#include <pthread.h>
#include <stdbool.h>

#include <gnutls/abstract.h>
#include <microhttpd.h>

#include "daemon/http/certificate.h"
#include "daemon/http/connections.h"

struct tls {
    pthread_mutex_t lock;            /* a leaf */
    struct certificate *certificate; /* NULL: no TLS */
};

/* What clients may propose: not TLS 1.1, and no exchange of keys that a key which leaks later would open. */
extern const char tls_priorities[];

/* For MHD_OPTION_HTTPS_CERT_CALLBACK, without which, or a certificate, libmicrohttpd does not start: the
 * certificate of who was given none by tls_begin(). There is none. */
gnutls_certificate_retrieve_function2 tls_no_certificate;

void tls_init(struct tls *tls);
void tls_done(struct tls *tls);

/* Takes the reference over. */
void tls_replace(struct tls *tls, struct certificate *certificate);

/* A connection of libmicrohttpd's has begun, its handshake not yet; does nothing where it is none of TLS. The
 * entry holds the certificate as long as the connection is there: libmicrohttpd ends the session before it
 * says that. */
void tls_begin(struct tls *tls, struct MHD_Connection *connection, struct connection *entry);

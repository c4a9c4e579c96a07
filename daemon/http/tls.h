/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Connects certificates to libmicrohttpd's TLS: each session gets the current certificate when it begins, so
 * that a reload brings a new one without a new listener. Main replaces it, HTTP threads begin sessions.
 */

#include <pthread.h>
#include <stdbool.h>

#include <gnutls/abstract.h>
#include <microhttpd.h>

#include "daemon/http/certificate.h"
#include "daemon/http/connections.h"
#include "daemon/http/credit.h"

struct tls {
    pthread_mutex_t lock;            /* a leaf */
    struct certificate *certificate; /* NULL if there is no TLS */
    struct credit credit;            /* what handshakes of strangers may cost */
};

/* What clients may propose: no TLS 1.1, only key exchanges with forward secrecy, and none over finite fields:
 * numbers that a client makes up at no cost would keep us busy for a quarter of a second (D(HE)at,
 * CVE-2002-20001). */
extern const char tls_priorities[];

/* For MHD_OPTION_HTTPS_CERT_CALLBACK: the certificate of sessions that tls_begin() gave none. There is none,
 * but libmicrohttpd does not start without this callback or a certificate. */
gnutls_certificate_retrieve_function2 tls_no_certificate;

/* The limits are borrowed. */
void tls_init(struct tls *tls, struct limits *limits);
void tls_done(struct tls *tls);

/* Replaces the certificate and takes over the reference. */
void tls_replace(struct tls *tls, struct certificate *certificate);

/* Prepares a new connection of libmicrohttpd before its handshake. Does nothing if it is not TLS. The entry
 * holds what belongs to the session until the connection ends; libmicrohttpd ends the session before that. */
void tls_begin(struct tls *tls, struct MHD_Connection *connection, struct connection *entry);

/* Returns true if the client of a TLS connection showed a certificate, which then is a valid one. */
bool tls_client(struct MHD_Connection *connection);

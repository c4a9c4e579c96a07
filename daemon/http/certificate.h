/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A certificate with its key, for GnuTLS: loaded and checked as a whole, then immutable and
 * reference-counted, because a connection keeps the certificate that it began with when a reload brings
 * another. Main loads it; any thread may hold a reference.
 */

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/report.h"

enum { CERTIFICATE_FILE_MAX = 256 * 1024, CERTIFICATE_TEXT_MAX = 160 };

struct certificate;

/* Paths of PEM files. */
struct certificate_files {
    const char *certificate; /* followed by the chain */
    const char *key;
    const char *client_ca; /* the authority of the clients; "" if clients need no certificate */
    bool client_optional;  /* clients without a certificate may connect; certificate_client() tells them apart
                            */
};

/* Reads the files. Returns NULL if one is missing, not private, not PEM, does not match or cannot sign; the
 * report says which. It does not check the validity period; certificate_out_of_time() does. */
struct certificate *certificate_load(const struct certificate_files *files, struct report *report);

struct certificate *certificate_ref(struct certificate *certificate);
struct certificate *certificate_unref(struct certificate *certificate); /* accepts NULL, returns NULL */

/* Return when the validity of the whole chain begins and ends, in seconds since 1970. In nanoseconds, 64 bits
 * would end in the year 2554. */
uint64_t certificate_begin(const struct certificate *certificate);
uint64_t certificate_expiry(const struct certificate *certificate);

/* Returns true if `now` (seconds since 1970) is outside of the validity, and writes what is wrong: "expired
 * at ...". For people only, because a client decides by its own clock. */
bool certificate_out_of_time(const struct certificate *certificate, uint64_t now,
                             char ret_text[CERTIFICATE_TEXT_MAX]);

/* Makes a session use the certificate, before its handshake. The caller keeps a reference until the end of
 * the session. Returns 0 or a negative error of GnuTLS. */
int certificate_use(const struct certificate *certificate, gnutls_session_t session);

/* Returns true if the client of a session showed a certificate. Call it after the handshake, which fails if
 * client_ca did not sign the certificate. */
bool certificate_client(gnutls_session_t session);

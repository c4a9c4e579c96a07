/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A certificate with its key, as GnuTLS serves with it: loaded and checked as a whole, then immutable and
 * reference-counted, for a connection keeps what it began with when a reload brings another. Main loads; the
 * references are anybody's.
 */

#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdint.h>

#include "config/report.h"

enum { CERTIFICATE_FILE_MAX = 256 * 1024 };

struct certificate;

/* Reads both files (PEM; the chain follows the certificate). NULL: the report says which of them is wrong,
 * and how: not there, not private, not PEM, not each other's, expired, not valid yet. */
struct certificate *certificate_load(const char *certificate_path, const char *key_path,
                                     struct report *report);

struct certificate *certificate_ref(struct certificate *certificate);
struct certificate *certificate_unref(struct certificate *certificate); /* accepts NULL, returns NULL */

/* In seconds since 1970: in nanoseconds 64 bits end in the year 2554. */
uint64_t certificate_expiry(const struct certificate *certificate);

/* Makes the session, whose handshake has not begun, use it. The caller keeps a reference until the session's
 * end. A negative error of GnuTLS. */
int certificate_use(const struct certificate *certificate, gnutls_session_t session);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reloads certificate, key, authority of the clients and users when their files change, without a signal, so
 * that whatever renews them (certbot, cert-manager, a Secret of Kubernetes) need not know of us. It checks
 * every few seconds and reads the files once two checks agree, so that it never reads a half-written file.
 * Invalid files are reported, and the former ones stay in use. It also reports when the certificate leaves or
 * enters its validity. Main thread.
 */

#include "daemon/http/http.h"
#include "daemon/http/secrets.h"
#include "daemon/run/web_metrics.h"
#include "daemon/status.h"

/* All is borrowed and must outlive the renewal. */
struct renewal_of {
    const struct web_settings *web;
    struct http *http;
    struct auth *auth; /* NULL if there are no users */
    struct web_metrics *metrics;
    struct status *status;
};

struct renewal {
    struct renewal_of of;
    struct certificate *certificate; /* in use; NULL if there is no TLS */
    struct file_identity used[SECRET_FILES];
    struct file_identity refused[SECRET_FILES];
    struct file_identity seen[SECRET_FILES]; /* at the last check */
    bool refusing;
    bool out_of_time;
    uint64_t looked_ns;
    uint64_t refused_ns; /* when */
    struct buffer said;  /* the messages of the refusal */
};

/* Takes over the first secrets. */
void renewal_init(struct renewal *renewal, const struct renewal_of *of, struct secrets *secrets);
void renewal_done(struct renewal *renewal); /* accepts a zeroed struct */

/* Takes over new secrets, at a reload. */
void renewal_adopt(struct renewal *renewal, struct secrets *secrets);

/* Reports that the loaded files are not valid and the former ones stay in use, in the log with the reasons.
 * Once for the same reason, unless the user asked for the reload. */
void renewal_refuse(struct renewal *renewal, const struct secrets *secrets, const struct buffer *messages,
                    bool asked);

/* Checks files and clock, if the last check was a few seconds ago. Returns when to do so next: UINT64_MAX if
 * there are no files. */
uint64_t renewal_look(struct renewal *renewal, uint64_t now_ns);

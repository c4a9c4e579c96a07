/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/renewal.h"

/* Reloads certificates and users when their files change. Main thread. */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

/* The time between two checks, each of which calls stat(2) on SECRET_FILES files. */
#define LOOK_NS (5 * NS_PER_SECOND)
/* Refused files are tried again when they change, and also this often: they may become valid later. */
#define AGAIN_NS (60 * NS_PER_SECOND)

static bool same(const struct file_identity a[SECRET_FILES], const struct file_identity b[SECRET_FILES])
{
    return memcmp(a, b, SECRET_FILES * sizeof(*a)) == 0; /* it has no padding */
}

/* Logs when the certificate becomes valid or invalid. */
static void tell_time(struct renewal *renewal)
{
    static const struct log_fields wrong = {.message_id = MESSAGE_CERTIFICATE_TIME};
    static const struct log_fields right = {.message_id = MESSAGE_CERTIFICATE_IN_TIME};
    char text[CERTIFICATE_TEXT_MAX] = "", note[CERTIFICATE_TEXT_MAX + 16];
    bool was = renewal->out_of_time;

    if (!renewal->certificate)
        return;
    renewal->out_of_time =
        certificate_out_of_time(renewal->certificate, clock_realtime_ns() / NS_PER_SECOND, text);
    (void)snprintf(note, sizeof(note), "certificate: %s", text);
    status_note(renewal->of.status, NOTE_CERTIFICATE, renewal->out_of_time ? note : NULL);
    if (renewal->out_of_time && !was)
        log_event(LOG_LEVEL_WARN, &wrong, "certificate: %s; it is served, and clients may refuse it", text);
    if (!renewal->out_of_time && was)
        log_event(LOG_LEVEL_INFO, &right, "the certificate is within its validity now");
}

static void accept_files(struct renewal *renewal)
{
    renewal->refusing = false;
    buffer_clear(&renewal->said);
    status_note(renewal->of.status, NOTE_FILES, NULL);
    if (renewal->certificate || renewal->of.auth)
        web_metrics_files(renewal->of.metrics, true);
}

void renewal_adopt(struct renewal *renewal, struct secrets *secrets)
{
    memcpy(renewal->used, secrets->files, sizeof(renewal->used));
    if (secrets->certificate) {
        certificate_unref(renewal->certificate);
        renewal->certificate = certificate_ref(secrets->certificate);
        web_metrics_certificate(renewal->of.metrics, certificate_begin(secrets->certificate),
                                certificate_expiry(secrets->certificate));
        http_certificate(renewal->of.http, take_ptr(secrets->certificate));
    }
    if (secrets->users)
        auth_replace(renewal->of.auth, take_ptr(secrets->users));
    accept_files(renewal);
    tell_time(renewal);
}

void renewal_init(struct renewal *renewal, const struct renewal_of *of, struct secrets *secrets)
{
    *renewal = (struct renewal){.of = *of};
    memcpy(renewal->seen, secrets->files, sizeof(renewal->seen));
    renewal_adopt(renewal, secrets);
}

void renewal_done(struct renewal *renewal)
{
    renewal->certificate = certificate_unref(renewal->certificate);
    buffer_done(&renewal->said);
}

static bool was_said(const struct renewal *renewal, const struct buffer *messages)
{
    return renewal->said.size == messages->size &&
           memcmp(renewal->said.data, messages->data, messages->size) == 0;
}

void renewal_refuse(struct renewal *renewal, const struct secrets *secrets, const struct buffer *messages,
                    bool asked)
{
    static const struct log_fields refused = {.message_id = MESSAGE_FILES_REFUSED};

    memcpy(renewal->refused, secrets->files, sizeof(renewal->refused));
    renewal->refused_ns = clock_boottime_ns();
    renewal->refusing = true;
    if (messages->error || (!asked && was_said(renewal, messages)))
        return;
    log_lines(LOG_LEVEL_ERROR, messages->data, messages->size);
    log_event(LOG_LEVEL_ERROR, &refused,
              "certificate, key, authority or users are not valid; the former ones stay in use");
    status_note(renewal->of.status, NOTE_FILES,
                "certificate, key, authority or users file is invalid, the former ones stay in use");
    web_metrics_files(renewal->of.metrics, false);
    buffer_clear(&renewal->said);
    buffer_append(&renewal->said, messages->data, messages->size);
}

static void read_files(struct renewal *renewal)
{
    static const struct log_fields renewed = {.message_id = MESSAGE_FILES_RENEWED};
    _cleanup_(buffer_done) struct buffer messages = {};
    _cleanup_(secrets_done) struct secrets secrets = {};

    if (secrets_load(renewal->of.web, renewal->certificate, &secrets, &messages) < 0) {
        renewal_refuse(renewal, &secrets, &messages, false);
        return;
    }
    renewal_adopt(renewal, &secrets);
    log_event(LOG_LEVEL_INFO, &renewed, "certificate, key, authority or users changed and were reloaded");
}

/* Returns true if the files should be read. */
static bool files_changed(struct renewal *renewal, uint64_t now_ns)
{
    struct file_identity now[SECRET_FILES];
    bool settled;

    secrets_identify(renewal->of.web, now);
    settled = same(now, renewal->seen);
    memcpy(renewal->seen, now, sizeof(now));
    if (!settled)
        return false;
    if (same(now, renewal->used)) {
        if (renewal->refusing)
            accept_files(renewal);
        return false;
    }
    return !renewal->refusing || !same(now, renewal->refused) || now_ns >= renewal->refused_ns + AGAIN_NS;
}

uint64_t renewal_look(struct renewal *renewal, uint64_t now_ns)
{
    if (!renewal->certificate && !renewal->of.auth)
        return UINT64_MAX;
    if (now_ns < renewal->looked_ns + LOOK_NS)
        return renewal->looked_ns + LOOK_NS;
    renewal->looked_ns = now_ns;
    if (files_changed(renewal, now_ns))
        read_files(renewal);
    tell_time(renewal);
    return now_ns + LOOK_NS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/secrets.h"

/* Loads certificate, key and users from their files. Main thread. */

#include <errno.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/file.h"

static struct users *users_load(const char *path, struct report *report)
{
    _cleanup_(freep) char *data = NULL;
    struct fault fault;
    size_t size = 0;

    report->source = path;
    if (file_read(path, USERS_FILE_MAX, FILE_SECRET, &data, &size, &fault) == 0)
        return users_parse(data, size, report);
    report_error(report, 0, "web.users_file", "%s", fault.text);
    return NULL;
}

/* Refuses a new certificate that is expired or not valid yet, unless the current one is too, or there is
 * none. */
static void check_time(const struct certificate *next, const struct certificate *current,
                       struct report *report)
{
    uint64_t now = clock_realtime_ns() / NS_PER_SECOND;
    char text[CERTIFICATE_TEXT_MAX], other[CERTIFICATE_TEXT_MAX];

    if (certificate_out_of_time(next, now, text) && !certificate_out_of_time(current, now, other))
        report_error(report, 0, "web.tls.certificate", "%s", text);
}

void secrets_warn(const struct web_settings *web, const struct secrets *secrets, struct buffer *messages)
{
    struct report report = {.source = web->tls_certificate, .out = messages};
    char text[CERTIFICATE_TEXT_MAX];

    if (secrets->certificate &&
        certificate_out_of_time(secrets->certificate, clock_realtime_ns() / NS_PER_SECOND, text))
        report_warning(&report, 0, "web.tls.certificate", "%s: it is served, and clients may refuse it",
                       text);
}

static struct certificate *tls_load(const struct web_settings *web, const struct certificate *current,
                                    struct report *report)
{
    const struct certificate_files files = {
        .certificate = web->tls_certificate,
        .key = web->tls_key,
        .client_ca = web->tls_client_ca,
        .client_optional = web->open_probes,
    };
    struct certificate *certificate;

    if (!*web->tls_certificate || !*web->tls_key) /* neither, or the settings were refused */
        return NULL;
    certificate = certificate_load(&files, report);
    report->source = web->tls_certificate;
    if (certificate && current)
        check_time(certificate, current, report);
    return certificate;
}

void secrets_identify(const struct web_settings *web, struct file_identity ret_files[SECRET_FILES])
{
    const char *const paths[SECRET_FILES] = {web->tls_certificate, web->tls_key, web->tls_client_ca,
                                             web->users_file};

    for (size_t i = 0; i < SECRET_FILES; i++) {
        struct stat found;

        ret_files[i] = (struct file_identity){};
        if (!*paths[i] || stat(paths[i], &found) < 0)
            continue;
        ret_files[i] = (struct file_identity){
            .device = found.st_dev,
            .inode = found.st_ino,
            .size = (uint64_t)found.st_size,
            .written_ns = found.st_mtim.tv_sec * (int64_t)NS_PER_SECOND + found.st_mtim.tv_nsec,
            .changed_ns = found.st_ctim.tv_sec * (int64_t)NS_PER_SECOND + found.st_ctim.tv_nsec,
        };
    }
}

int secrets_load(const struct web_settings *web, const struct certificate *current,
                 struct secrets *ret_secrets, struct buffer *messages)
{
    _cleanup_(secrets_done) struct secrets secrets = {};
    struct report report = {.source = "configuration", .out = messages};

    /* Identify them first: a file that changes while it is read then counts as changed. */
    secrets_identify(web, ret_secrets->files);
    secrets.certificate = tls_load(web, current, &report);
    if (*web->users_file)
        secrets.users = users_load(web->users_file, &report);
    report_end(&report);
    if (report.errors)
        return -EINVAL;
    ret_secrets->certificate = take_ptr(secrets.certificate);
    ret_secrets->users = take_ptr(secrets.users);
    return 0;
}

void secrets_done(struct secrets *secrets)
{
    certificate_unref(secrets->certificate);
    users_unref(secrets->users);
}

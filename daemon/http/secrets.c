/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/secrets.h"

/* See secrets.h. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
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

int secrets_load(const struct web_settings *web, struct secrets *ret_secrets, struct buffer *messages)
{
    _cleanup_(secrets_done) struct secrets secrets = {};
    struct report report = {.source = "configuration", .out = messages};

    if (*web->tls_certificate && *web->tls_key)
        secrets.certificate = certificate_load(web->tls_certificate, web->tls_key, &report);
    else if (*web->tls_certificate)
        report_error(&report, 0, "web.tls.key", "is needed too where there is a web.tls.certificate");
    else if (*web->tls_key)
        report_error(&report, 0, "web.tls.certificate", "is needed too where there is a web.tls.key");
    if (*web->users_file)
        secrets.users = users_load(web->users_file, &report);
    report_end(&report);
    if (report.errors)
        return -EINVAL;
    *ret_secrets = secrets;
    secrets = (struct secrets){};
    return 0;
}

void secrets_done(struct secrets *secrets)
{
    certificate_unref(secrets->certificate);
    users_unref(secrets->users);
}

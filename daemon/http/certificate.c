/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/certificate.h"

/* See certificate.h. */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "base/cleanup.h"
#include "base/reference.h"
#include "config/file.h"

static const char key_of_certificate[] = "web.tls.certificate";
static const char key_of_key[] = "web.tls.key";

#define END_OF_9999 ((time_t)253402300799) /* December 31, 23:59:59 UTC */

struct certificate {
    _Atomic unsigned references;
    gnutls_certificate_credentials_t credentials;
    time_t expiry;
};

/* A file's bytes; wiped at the end, for one of them is the key. */
struct pem {
    const char *path;
    gnutls_datum_t data;
};

static void pem_done(struct pem *pem)
{
    if (pem->data.data)
        explicit_bzero(pem->data.data, pem->data.size);
    free(pem->data.data);
}

static void pem_error(const struct pem *pem, const char *key, const char *text, struct report *report)
{
    report->source = pem->path;
    report_error(report, 0, key, "%s", text);
}

static int pem_read(struct pem *pem, const char *key, mode_t refused, struct report *report)
{
    struct fault fault;
    char *data = NULL;
    size_t size = 0;
    int error = file_read(pem->path, CERTIFICATE_FILE_MAX, refused, &data, &size, &fault);

    if (error < 0) {
        pem_error(pem, key, fault.text, report);
        return error;
    }
    pem->data = (gnutls_datum_t){.data = (unsigned char *)data, .size = (unsigned)size};
    return 0;
}

/* What `when` is called in a message, to the second, UTC. */
static const char *time_text(time_t when, char text[32])
{
    struct tm parts;

    return gmtime_r(&when, &parts) && strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) ? text : "?";
}

/* "No well-defined expiration" (RFC 5280, 4.1.2.5) is a date too, the last of the year 9999; GnuTLS has a
 * number of the year 2106 for it. */
static time_t expiration_time(gnutls_x509_crt_t certificate)
{
    time_t time = gnutls_x509_crt_get_expiration_time(certificate);

    return time == GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION ? END_OF_9999 : time;
}

/* The first certificate of the file; those behind it, of authorities, are the clients' to judge. */
static int check_time(const struct pem *pem, struct report *report, time_t *ret_expiry)
{
    gnutls_x509_crt_t *chain = NULL;
    unsigned count = 0;
    time_t now = time(NULL), from, to;
    char text[32];
    int error = gnutls_x509_crt_list_import2(&chain, &count, &pem->data, GNUTLS_X509_FMT_PEM, 0);

    if (error < 0) {
        pem_error(pem, key_of_certificate, gnutls_strerror(error), report);
        return error;
    }
    from = gnutls_x509_crt_get_activation_time(chain[0]);
    to = expiration_time(chain[0]);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    report->source = pem->path;
    if (now < from)
        report_error(report, 0, key_of_certificate, "not valid before %s", time_text(from, text));
    if (now >= to)
        report_error(report, 0, key_of_certificate, "expired at %s", time_text(to, text));
    *ret_expiry = to;
    return now < from || now >= to ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

static int set_key(struct certificate *certificate, const struct pem *chain, const struct pem *key,
                   struct report *report)
{
    int error = gnutls_certificate_set_x509_key_mem2(certificate->credentials, &chain->data, &key->data,
                                                     GNUTLS_X509_FMT_PEM, NULL, 0);

    if (error == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        pem_error(key, key_of_key, "is not the key of web.tls.certificate", report);
    else if (error < 0)
        pem_error(key, key_of_key, gnutls_strerror(error), report);
    return error;
}

struct certificate *certificate_load(const char *certificate_path, const char *key_path,
                                     struct report *report)
{
    _cleanup_(pem_done) struct pem chain = {.path = certificate_path};
    _cleanup_(pem_done) struct pem key = {.path = key_path};
    struct certificate *certificate;
    time_t expiry = 0;
    int error = pem_read(&chain, key_of_certificate, 0, report);

    if (error == 0)
        error = check_time(&chain, report, &expiry);
    /* Whatever the one file is: all that is wrong is said in one go. */
    if (pem_read(&key, key_of_key, FILE_SECRET, report) < 0 || error < 0)
        return NULL;
    certificate = calloc(1, sizeof(*certificate));
    if (!certificate || gnutls_certificate_allocate_credentials(&certificate->credentials) < 0) {
        report_error(report, 0, "", "out of memory");
        free(certificate);
        return NULL;
    }
    atomic_init(&certificate->references, 1);
    certificate->expiry = expiry;
    return set_key(certificate, &chain, &key, report) < 0 ? certificate_unref(certificate) : certificate;
}

struct certificate *certificate_ref(struct certificate *certificate)
{
    reference_take(&certificate->references);
    return certificate;
}

struct certificate *certificate_unref(struct certificate *certificate)
{
    if (certificate && reference_drop(&certificate->references)) {
        gnutls_certificate_free_credentials(certificate->credentials);
        free(certificate);
    }
    return NULL;
}

uint64_t certificate_expiry(const struct certificate *certificate)
{
    return certificate->expiry > 0 ? (uint64_t)certificate->expiry : 0;
}

int certificate_use(const struct certificate *certificate, gnutls_session_t session)
{
    return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, certificate->credentials);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/certificate.h"

/* Loads and checks a certificate with its key. The main thread loads it; any thread may hold it. */

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/x509.h>

#include "base/cleanup.h"
#include "base/reference.h"
#include "config/file.h"

static const char key_of_certificate[] = "web.tls.certificate";
static const char key_of_key[] = "web.tls.key";
static const char key_of_client_ca[] = "web.tls.client_ca";

#define END_OF_9999 ((time_t)253402300799) /* December 31, 23:59:59 UTC */

/* When the whole chain is valid, and which certificates limit it (0: the first). */
struct span {
    time_t begin, end;
    unsigned begin_by, end_by;
};

struct certificate {
    _Atomic unsigned references;
    gnutls_certificate_credentials_t credentials;
    gnutls_certificate_request_t request; /* whether a client must show a certificate */
    struct span span;
};

/* The bytes of a file. They are wiped at the end, because one file is the key. */
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

/* Writes the time for a message, to the second, in UTC. */
static const char *time_text(time_t when, char text[32])
{
    struct tm parts;

    return gmtime_r(&when, &parts) && strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) ? text : "?";
}

/* "No well-defined expiration" (RFC 5280, 4.1.2.5) is the last second of the year 9999. GnuTLS returns a
 * special value for it, which as a time would be in 2106. */
static time_t expiration_time(gnutls_x509_crt_t certificate)
{
    time_t time = gnutls_x509_crt_get_expiration_time(certificate);

    return time == GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION ? END_OF_9999 : time;
}

static void span_of(const gnutls_x509_crt_t *chain, unsigned count, struct span *span)
{
    *span = (struct span){.end = END_OF_9999};
    for (unsigned i = 0; i < count; i++) {
        time_t begin = gnutls_x509_crt_get_activation_time(chain[i]);
        time_t end = expiration_time(chain[i]);

        if (begin > span->begin) {
            span->begin = begin;
            span->begin_by = i;
        }
        if (end < span->end) {
            span->end = end;
            span->end_by = i;
        }
    }
}

/* Refuses a certificate that no client would accept: in every handshake that we support, the key signs. */
static int check_use(const struct pem *pem, gnutls_x509_crt_t certificate, struct report *report)
{
    unsigned usage = 0;

    report->source = pem->path;
    if (gnutls_x509_crt_get_key_usage(certificate, &usage, NULL) == 0 &&
        !(usage & GNUTLS_KEY_DIGITAL_SIGNATURE)) {
        report_error(report, 0, key_of_certificate,
                     "its key may not sign (key usage without digitalSignature): nobody could connect");
        return GNUTLS_E_KEY_USAGE_VIOLATION;
    }
    if (!gnutls_x509_crt_check_key_purpose(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0))
        report_warning(report, 0, key_of_certificate,
                       "is not for servers (extended key usage without serverAuth): clients refuse it");
    return 0;
}

static int check_chain(const struct pem *pem, struct report *report, struct span *ret_span)
{
    gnutls_x509_crt_t *chain = NULL;
    unsigned count = 0;
    int error = gnutls_x509_crt_list_import2(&chain, &count, &pem->data, GNUTLS_X509_FMT_PEM, 0);

    if (error < 0) {
        pem_error(pem, key_of_certificate, gnutls_strerror(error), report);
        return error;
    }
    span_of(chain, count, ret_span);
    error = check_use(pem, chain[0], report);
    for (unsigned i = 0; i < count; i++)
        gnutls_x509_crt_deinit(chain[i]);
    gnutls_free(chain);
    return error;
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

/* Checks the client's certificate, if it showed one: the signature, the purpose, and the time. If
 * certificates are optional, it may have none. */
static int verify_client(gnutls_session_t session)
{
    unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st wanted = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose};
    unsigned status = 0;

    if (!certificate_client(session))
        return 0;
    if (gnutls_certificate_verify_peers(session, &wanted, 1, &status) < 0 || status)
        return GNUTLS_E_CERTIFICATE_ERROR;
    return 0;
}

static int set_client_ca(struct certificate *certificate, const struct certificate_files *files,
                         struct report *report)
{
    _cleanup_(pem_done) struct pem authorities = {.path = files->client_ca};
    int error;

    certificate->request = GNUTLS_CERT_IGNORE;
    if (!*files->client_ca)
        return 0;
    error = pem_read(&authorities, key_of_client_ca, 0, report);
    if (error < 0)
        return error;
    error = gnutls_certificate_set_x509_trust_mem(certificate->credentials, &authorities.data,
                                                  GNUTLS_X509_FMT_PEM);
    if (error <= 0) {
        pem_error(&authorities, key_of_client_ca, error ? gnutls_strerror(error) : "no certificate is in it",
                  report);
        return GNUTLS_E_NO_CERTIFICATE_FOUND;
    }
    certificate->request = files->client_optional ? GNUTLS_CERT_REQUEST : GNUTLS_CERT_REQUIRE;
    gnutls_certificate_set_verify_function(certificate->credentials, verify_client);
    return 0;
}

static struct certificate *certificate_new(void)
{
    struct certificate *certificate = calloc(1, sizeof(*certificate));

    if (!certificate)
        return NULL;
    atomic_init(&certificate->references, 1);
    if (gnutls_certificate_allocate_credentials(&certificate->credentials) == 0)
        return certificate;
    free(certificate);
    return NULL;
}

struct certificate *certificate_load(const struct certificate_files *files, struct report *report)
{
    _cleanup_(pem_done) struct pem chain = {.path = files->certificate};
    _cleanup_(pem_done) struct pem key = {.path = files->key};
    struct certificate *certificate = certificate_new();
    int error;

    if (!certificate) {
        report_error(report, 0, "", "out of memory");
        return NULL;
    }
    error = pem_read(&chain, key_of_certificate, 0, report);
    if (error == 0)
        error = check_chain(&chain, report, &certificate->span);
    /* Read all files, even if one is wrong, so that all mistakes are reported at once. */
    if (pem_read(&key, key_of_key, FILE_SECRET, report) < 0)
        error = GNUTLS_E_FILE_ERROR;
    if (error == 0)
        error = set_key(certificate, &chain, &key, report);
    if (set_client_ca(certificate, files, report) < 0)
        error = GNUTLS_E_FILE_ERROR;
    return error < 0 ? certificate_unref(certificate) : certificate;
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

static uint64_t seconds(time_t time)
{
    return time > 0 ? (uint64_t)time : 0;
}

uint64_t certificate_begin(const struct certificate *certificate)
{
    return seconds(certificate->span.begin);
}

uint64_t certificate_expiry(const struct certificate *certificate)
{
    return seconds(certificate->span.end);
}

bool certificate_out_of_time(const struct certificate *certificate, uint64_t now,
                             char ret_text[CERTIFICATE_TEXT_MAX])
{
    const struct span *span = &certificate->span;
    bool early = now < seconds(span->begin), late = now >= seconds(span->end);
    unsigned which = early ? span->begin_by : span->end_by;
    char at[32], clock[32], of[48] = "";

    if (!early && !late)
        return false;
    if (which)
        (void)snprintf(of, sizeof(of), "certificate %u of the chain ", which + 1);
    if (early)
        (void)snprintf(ret_text, CERTIFICATE_TEXT_MAX, "%snot valid before %s, and this host's clock says %s",
                       of, time_text(span->begin, at), time_text((time_t)now, clock));
    else
        (void)snprintf(ret_text, CERTIFICATE_TEXT_MAX, "%sexpired at %s", of, time_text(span->end, at));
    return true;
}

int certificate_use(const struct certificate *certificate, gnutls_session_t session)
{
    int error = gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, certificate->credentials);

    gnutls_certificate_server_set_request(session, certificate->request);
    return error;
}

bool certificate_client(gnutls_session_t session)
{
    unsigned count = 0;

    return gnutls_certificate_get_peers(session, &count) && count > 0;
}

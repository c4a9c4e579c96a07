/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/tls.h"

/* Gives each TLS session the current certificate. The main thread replaces it, HTTP threads use it. */

const char tls_priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-GROUP-DH-ALL";

int tls_no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                       const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                       gnutls_pcert_st **ret_certificates, unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    (void)session;
    (void)authorities;
    (void)authority_count;
    (void)algorithms;
    (void)algorithm_count;
    (void)ret_certificates;
    (void)ret_count;
    (void)ret_key;
    return GNUTLS_E_INSUFFICIENT_CREDENTIALS;
}

void tls_init(struct tls *tls, struct limits *limits)
{
    *tls = (struct tls){};
    pthread_mutex_init(&tls->lock, NULL);
    credit_init(&tls->credit, &handshake_terms, limits);
}

void tls_done(struct tls *tls)
{
    certificate_unref(tls->certificate);
    credit_done(&tls->credit);
    pthread_mutex_destroy(&tls->lock);
}

void tls_replace(struct tls *tls, struct certificate *certificate)
{
    struct certificate *old;

    pthread_mutex_lock(&tls->lock);
    old = tls->certificate;
    tls->certificate = certificate;
    pthread_mutex_unlock(&tls->lock);
    certificate_unref(old);
}

void tls_begin(struct tls *tls, struct MHD_Connection *connection, struct connection *entry)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    struct certificate *certificate;

    if (!info)
        return;
    pthread_mutex_lock(&tls->lock);
    certificate = certificate_ref(tls->certificate);
    pthread_mutex_unlock(&tls->lock);
    connection_hold(
        entry,
        handshake_new(info->tls_session, certificate, &tls->credit,
                      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr));
}

bool tls_client(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    return info && certificate_client(info->tls_session);
}

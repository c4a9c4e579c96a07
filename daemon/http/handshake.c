/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/handshake.h"

/*
 * Measures and bounds the TLS handshake of a connection. HTTP threads. GnuTLS calls us for each message,
 * before it is read and after it was written. It handles a ClientHello and our answer in one go.
 */

#include <errno.h>
#include <stdlib.h>

const struct credit_terms handshake_terms = {
    .free_ns = NS_PER_SECOND / 5, .free_pieces = 8, .limit = LIMIT_HANDSHAKES};

struct handshake {
    struct certificate *certificate;
    struct credit *credit;
    struct credit_client client;
    uint64_t begin_ns; /* CPU time of the thread */
    uint64_t cost_ns;  /* charged, but not settled yet */
    int fd;
    size_t unused_bytes; /* read, but not a complete message yet */
};

static int on_hello(struct handshake *handshake)
{
    enum credit_standing standing;
    uint64_t now_ns = clock_boottime_ns();

    if (credit_when(handshake->credit, &handshake->client, now_ns, &standing) > now_ns) {
        credit_hit(handshake->credit);
        return GNUTLS_E_TOO_MANY_HANDSHAKE_PACKETS;
    }
    handshake->begin_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    return 0;
}

static void on_answer(struct handshake *handshake)
{
    uint64_t cost_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - handshake->begin_ns;

    credit_charge(handshake->credit, &handshake->client, cost_ns, clock_boottime_ns());
    handshake->cost_ns += cost_ns;
}

static int on_message(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                      const gnutls_datum_t *message)
{
    struct handshake *handshake = gnutls_session_get_ptr(session);

    (void)message;
    if (incoming && when == GNUTLS_HOOK_PRE && type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
        return on_hello(handshake);
    /* The last of our messages, in TLS 1.3 and 1.2. */
    if (!incoming && when == GNUTLS_HOOK_POST && handshake->begin_ns &&
        (type == GNUTLS_HANDSHAKE_FINISHED || type == GNUTLS_HANDSHAKE_SERVER_HELLO_DONE)) {
        on_answer(handshake);
        handshake->begin_ns = 0;
    }
    return 0;
}

static ssize_t on_pull(gnutls_transport_ptr_t transport, void *data, size_t size)
{
    struct handshake *handshake = transport;
    ssize_t count;

    if (handshake->unused_bytes > HANDSHAKE_BYTES_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    count = recv(handshake->fd, data, size, 0);
    if (count > 0)
        handshake->unused_bytes += (size_t)count;
    return count;
}

struct handshake *handshake_new(gnutls_session_t session, struct certificate *certificate,
                                struct credit *credit, const struct sockaddr *client)
{
    struct handshake *handshake = calloc(1, sizeof(*handshake));

    if (!handshake) {
        certificate_unref(certificate);
        return NULL;
    }
    *handshake = (struct handshake){
        .certificate = certificate,
        .credit = credit,
        .client = credit_client(client),
        .fd = gnutls_transport_get_int(session),
    };
    gnutls_session_set_ptr(session, handshake);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_BOTH, on_message);
    gnutls_transport_set_ptr2(session, handshake, (gnutls_transport_ptr_t)(intptr_t)handshake->fd);
    gnutls_transport_set_pull_function(session, on_pull);
    (void)certificate_use(certificate, session); /* if it fails, so will the handshake */
    return handshake;
}

void handshake_progress(struct handshake *handshake)
{
    handshake->unused_bytes = 0;
}

void handshake_let_in(struct handshake *handshake, uint64_t now_ns)
{
    if (handshake->cost_ns)
        credit_settle(handshake->credit, &handshake->client, handshake->cost_ns, true, now_ns);
    handshake->cost_ns = 0;
}

struct handshake *handshake_free(struct handshake *handshake)
{
    if (!handshake)
        return NULL;
    if (handshake->cost_ns)
        credit_settle(handshake->credit, &handshake->client, handshake->cost_ns, false, clock_boottime_ns());
    certificate_unref(handshake->certificate);
    free(handshake);
    return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What is served, and how each request is answered: metrics, page, health and readiness. It knows no HTTP
 * library: requests and responses are plain data. Any thread; reads only snapshots, never the kernel.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "daemon/encode/answer_cache.h"
#include "daemon/http/auth.h"
#include "daemon/http/response.h"
#include "daemon/http/rights.h"
#include "daemon/page/page.h"
#include "daemon/run/registry.h"
#include "daemon/run/rounds.h"

enum { REQUEST_ARGUMENTS_MAX = 64 };

/* How long after the start /-/ready waits for the first attempt of each collector before it says 200 anyway.
 * */
#define READY_AFTER_NS (5 * NS_PER_SECOND)

/* All is borrowed and must outlive the routes. */
struct routes {
    const struct registry *registry; /* slot i is collectors[i] */
    struct rounds *rounds;           /* NULL if collectors are not woken */
    struct answer_cache *answers;
    const char *telemetry_path;
    const char *node_exporter_path; /* NULL if there is none */
    const struct page *page;        /* NULL if no page, and no report */
    struct auth *auth;              /* NULL if everybody may ask */
    bool client_certificates;       /* clients need one for TLS */
    bool open_probes;               /* health and readiness need neither password nor certificate */
    uint64_t start_ns;              /* of the program, CLOCK_BOOTTIME */
};

/* All texts are NUL-terminated and percent-decoded; they come from outside. */
struct argument {
    const char *key;
    const char *value; /* NULL if there was no "=" */
};

struct request {
    const struct rights *rights;   /* of the listener that it came in on */
    const struct sockaddr *client; /* its address, for the network */
    const char *method;
    const char *path;            /* or a whole URL, as for a proxy */
    bool certificate;            /* the client showed a certificate */
    const char *accept;          /* NULL if no such header */
    const char *accept_encoding; /* NULL if no such header */
    const char *authorization;   /* NULL if no such header */
    struct argument arguments[REQUEST_ARGUMENTS_MAX];
    size_t argument_count;
    bool arguments_cut; /* there were more */
    uint64_t now_ns;    /* CLOCK_BOOTTIME */
};

/* Decides whether the client may ask. AUTH_HASH: only a hash can tell (auth.h). */
enum auth_result routes_admit(const struct routes *routes, const struct request *request);

/* Returns what the answer has, which should be fresh. */
struct round_demand routes_demand(const struct routes *routes, const struct request *request);

/* Always makes a response: a refusal if the client was not admitted, a 503 if memory runs out. HEAD is
 * answered like GET, and the sender leaves out the data. The caller releases the response. */
void routes_answer(const struct routes *routes, const struct request *request, enum auth_result admitted,
                   struct response *ret_response);

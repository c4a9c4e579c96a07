/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What is served, and how each request is answered: the metrics, the page, health and readiness. Knows no
 * HTTP library: a request comes in as plain data, a response goes out as plain data. Any thread; reads
 * snapshots only, never the kernel.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "daemon/encode/answer_cache.h"
#include "daemon/http/auth.h"
#include "daemon/page/page.h"
#include "daemon/run/registry.h"

enum { REQUEST_ARGUMENTS_MAX = 64, RESPONSE_HEADERS_MAX = 8 };

/* How long after the start a collector's first attempt is waited for before /-/ready says 200 anyway. */
#define READY_AFTER_NS (5 * NS_PER_SECOND)

/* Everything is borrowed and outlives the routes. */
struct routes {
    const struct registry *registry; /* slot i is collectors[i] */
    struct answer_cache *answers;
    const char *telemetry_path;
    const struct page *page; /* NULL: no page */
    struct auth *auth;       /* NULL: everybody may ask */
    uint64_t start_ns;       /* of the program, CLOCK_BOOTTIME */
};

/* All texts are NUL-terminated and percent-decoded; they come from outside. */
struct argument {
    const char *key;
    const char *value; /* NULL: there was no "=" */
};

struct request {
    const struct sockaddr *client; /* NULL: our own probe, which needs no password and is not told of */
    const char *method;
    const char *path;
    const char *accept;          /* NULL: no such header */
    const char *accept_encoding; /* NULL: no such header */
    const char *authorization;   /* NULL: no such header, or everybody may ask */
    struct argument arguments[REQUEST_ARGUMENTS_MAX];
    size_t argument_count;
    bool arguments_cut; /* there were more */
    uint64_t now_ns;    /* CLOCK_BOOTTIME */
};

/* Names and values outlive the response. */
struct header {
    const char *name;
    const char *value;
};

struct response {
    unsigned status;
    struct header headers[RESPONSE_HEADERS_MAX];
    size_t header_count;
    const char *data; /* size bytes, there until release(owner) is called */
    size_t size;
    void (*release)(void *owner); /* NULL: constant data */
    void *owner;
};

/* Always yields a response; where memory is out it is a 503. HEAD is answered like GET: whoever sends it
 * leaves out the data. The caller releases it. */
void routes_answer(const struct routes *routes, const struct request *request, struct response *ret_response);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/routes.h"

/* See routes.h. On an HTTP thread; whatever a client wrote and gets back in an error is cut and made
 * harmless.
 */

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/http/negotiate.h"
#include "daemon/systemd/log.h"

enum { REFLECTED_MAX = 64 }; /* bytes of a client's own text in an error */

static const char content_text[] = "text/plain; charset=utf-8";
static const char content_html[] = "text/html; charset=utf-8";

static const char *const content_metrics[EXPOSITION_COUNT] = {
    [EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
    [EXPOSITION_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

static void response_header(struct response *response, const char *name, const char *value)
{
    response->headers[response->header_count++] = (struct header){name, value};
}

/* NULL: it has no such header. */
static const char *response_value(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (!strcmp(response->headers[i].name, name))
            return response->headers[i].value;
    return NULL;
}

static void response_init(struct response *response, unsigned status, const char *content_type)
{
    *response = (struct response){.status = status};
    response_header(response, "Content-Type", content_type);
    response_header(response, "X-Content-Type-Options", "nosniff");
    response_header(response, "Cache-Control", "no-store");
}

static void respond_constant(struct response *response, unsigned status, const char *text)
{
    response_init(response, status, content_text);
    response->data = text;
    response->size = strlen(text);
}

static void respond_exhausted(struct response *response)
{
    respond_constant(response, 503, "out of memory, try again later\n");
}

/* Takes the buffer's memory over. */
static void respond_buffer(struct response *response, unsigned status, const char *content_type,
                           struct buffer *buffer)
{
    if (buffer->error) {
        respond_exhausted(response);
        return;
    }
    response_init(response, status, content_type);
    response->size = buffer->size;
    response->release = free;
    response->owner = take_ptr(buffer->data);
    response->data = response->owner;
}

static void release_body(void *owner)
{
    answer_cache_release(owner);
}

/* Appends text of a client's: printable ASCII, bounded. */
static void append_reflected(struct buffer *out, const char *text)
{
    size_t i;

    for (i = 0; text[i] && i < REFLECTED_MAX; i++) {
        char c = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';

        buffer_append(out, &c, 1);
    }
    if (text[i])
        buffer_text(out, "...");
}

static bool slot_enabled(const struct routes *routes, size_t slot, uint64_t now_ns)
{
    struct collector_health health;

    registry_health(routes->registry, slot, now_ns, &health);
    return health.enabled;
}

/* The bit of the enabled collector with this name; 0: there is none. */
static uint64_t collector_bit(const struct routes *routes, const char *name, uint64_t now_ns)
{
    for (size_t i = 0; i < collector_count; i++) {
        if (name && strcmp(collectors[i]->name, name) == 0)
            return slot_enabled(routes, i, now_ns) ? UINT64_C(1) << i : 0;
    }
    return 0;
}

static void respond_unknown_collector(const struct routes *routes, const char *name, uint64_t now_ns,
                                      struct response *response)
{
    _cleanup_(buffer_done) struct buffer text = {};
    const char *separator = "";

    buffer_text(&text, "no enabled collector is called \"");
    append_reflected(&text, name ? name : "");
    buffer_text(&text, "\"; enabled: ");
    for (size_t i = 0; i < collector_count; i++) {
        if (!slot_enabled(routes, i, now_ns))
            continue;
        buffer_printf(&text, "%s%s", separator, collectors[i]->name);
        separator = ", ";
    }
    buffer_text(&text, "\n");
    respond_buffer(response, 400, content_text, &text);
}

/* The collectors that ?collect[]= or ?exclude[]= leave. False: the response says what is wrong with them. */
static bool select_collectors(const struct routes *routes, const struct request *request,
                              uint64_t *ret_selected, struct response *response)
{
    uint64_t all = UINT64_MAX >> (64 - collector_count);
    uint64_t collect = 0, exclude = 0;

    if (request->arguments_cut) {
        respond_constant(response, 400, "too many query arguments\n");
        return false;
    }
    for (size_t i = 0; i < request->argument_count; i++) {
        const struct argument *argument = &request->arguments[i];
        bool is_collect = strcmp(argument->key, "collect[]") == 0;
        uint64_t bit;

        if (!is_collect && strcmp(argument->key, "exclude[]") != 0)
            continue;
        bit = collector_bit(routes, argument->value, request->now_ns);
        if (!bit) {
            respond_unknown_collector(routes, argument->value, request->now_ns, response);
            return false;
        }
        *(is_collect ? &collect : &exclude) |= bit;
    }
    if (collect && exclude) {
        respond_constant(response, 400, "collect[] and exclude[] cannot be combined\n");
        return false;
    }
    *ret_selected = collect ? collect : all & ~exclude;
    return true;
}

static void respond_metrics(const struct routes *routes, const struct request *request,
                            struct response *response)
{
    struct answer_key key = {
        .exposition = negotiate_exposition(request->accept),
        .gzip = negotiate_gzip(request->accept_encoding),
    };
    const struct body *body;

    if (!select_collectors(routes, request, &key.collectors, response))
        return;
    body = answer_cache_get(routes->answers, &key);
    if (!body) {
        respond_exhausted(response);
        return;
    }
    response_init(response, 200, content_metrics[key.exposition]);
    response_header(response, "Vary", "Accept, Accept-Encoding");
    if (key.gzip)
        response_header(response, "Content-Encoding", "gzip");
    response->data = body->data;
    response->size = body->size;
    response->release = release_body;
    response->owner = (void *)body;
}

/* True where the page is asked for with all interfaces, however many there are. */
static bool wants_all_interfaces(const struct request *request)
{
    for (size_t i = 0; i < request->argument_count; i++) {
        const struct argument *argument = &request->arguments[i];

        if (!strcmp(argument->key, "interfaces") && argument->value && !strcmp(argument->value, "all"))
            return true;
    }
    return false;
}

static void respond_page(const struct routes *routes, const struct request *request,
                         struct response *response)
{
    _cleanup_(buffer_done) struct buffer page = {};

    if (page_render(routes->page, wants_all_interfaces(request), request->now_ns, &page) < 0) {
        respond_exhausted(response);
        return;
    }
    respond_buffer(response, 200, content_html, &page);
    response_header(response, "Content-Security-Policy", routes->page->policy);
    response_header(response, "Referrer-Policy", "no-referrer");
}

static void respond_ready(const struct routes *routes, const struct request *request,
                          struct response *response)
{
    _cleanup_(buffer_done) struct buffer text = {};
    bool waiting = false;

    for (size_t i = 0; request->now_ns < routes->start_ns + READY_AFTER_NS && i < collector_count; i++) {
        struct collector_health health;

        registry_health(routes->registry, i, request->now_ns, &health);
        if (!health.enabled || health.tried)
            continue;
        buffer_printf(&text, "%s%s", waiting ? ", " : "waiting for the first attempt of ",
                      collectors[i]->name);
        waiting = true;
    }
    if (!waiting) {
        respond_constant(response, 200, "ready\n");
        return;
    }
    buffer_text(&text, "\n");
    respond_buffer(response, 503, content_text, &text);
}

static void respond_not_found(const struct routes *routes, struct response *response)
{
    _cleanup_(buffer_done) struct buffer text = {};

    buffer_printf(&text, "nothing is at this path; there are %s%s, /-/healthy, /-/ready\n",
                  routes->telemetry_path, routes->page ? ", /" : "");
    respond_buffer(response, 404, content_text, &text);
}

/* True where the client may ask; else the response says why not. */
static bool admit(const struct routes *routes, const struct request *request, struct response *response)
{
    enum auth_result result = AUTH_GRANTED;

    if (routes->auth && request->client)
        result = auth_check(routes->auth, request->authorization, request->client);
    if (result == AUTH_GRANTED)
        return true;
    if (result == AUTH_LATER) {
        respond_constant(response, 429, "too many wrong passwords came from there, try again later\n");
    } else {
        respond_constant(response, 401, "a name and its password are needed\n");
        response_header(response, "WWW-Authenticate", "Basic realm=\"netdrop-exporter\", charset=\"UTF-8\"");
    }
    return false;
}

static void respond(const struct routes *routes, const struct request *request, struct response *ret_response)
{
    if (!admit(routes, request, ret_response))
        return;
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        respond_constant(ret_response, 405, "only GET and HEAD are served\n");
        response_header(ret_response, "Allow", "GET, HEAD");
    } else if (strcmp(request->path, routes->telemetry_path) == 0) {
        respond_metrics(routes, request, ret_response);
    } else if (strcmp(request->path, "/-/healthy") == 0) {
        respond_constant(ret_response, 200, "healthy\n");
    } else if (strcmp(request->path, "/-/ready") == 0) {
        respond_ready(routes, request, ret_response);
    } else if (strcmp(request->path, "/") == 0 && routes->page) {
        respond_page(routes, request, ret_response);
    } else {
        respond_not_found(routes, ret_response);
    }
}

/* Who asked for what, and what it got. What was sent of it, and when, only the connection knows. */
static void tell(const struct request *request, const struct response *response)
{
    const char *type = response_value(response, "Content-Type");
    const char *encoding = response_value(response, "Content-Encoding");
    char client[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "?";
    socklen_t size =
        request->client->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

    (void)getnameinfo(request->client, size, client, sizeof(client), NULL, 0, NI_NUMERICHOST);
    log_debug("%s: %s %s: %u, %zu bytes, %s%s%s, made in %.3f ms", client, request->method, request->path,
              response->status, response->size, type, encoding ? ", " : "", encoding ? encoding : "",
              (double)(clock_boottime_ns() - request->now_ns) / 1e6);
}

void routes_answer(const struct routes *routes, const struct request *request, struct response *ret_response)
{
    respond(routes, request, ret_response);
    if (request->client && log_enabled(LOG_LEVEL_DEBUG))
        tell(request, ret_response);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/routes.h"

/* Answers requests. HTTP threads. An error message shows the client's own text only cut and made harmless. */

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "collectors/collector.h"
#include "collectors/packet_records.h"
#include "daemon/http/negotiate.h"
#include "daemon/http/packets.h"
#include "daemon/http/response.h"
#include "daemon/http/selection.h"
#include "daemon/incident/loss_report_json.h"
#include "daemon/incident/loss_report_text.h"
#include "daemon/runbook/runbook.h"
#include "daemon/systemd/log.h"

static const char path_healthy[] = "/-/healthy";
static const char path_ready[] = "/-/ready";
static const char content_json[] = "application/json";
static const char path_report[] = "/report";
static const char path_runbook[] = "/runbook";
static const char path_records[] = "/records";
static const char content_html[] = "text/html; charset=utf-8";

static const char *const content_metrics[EXPOSITION_COUNT] = {
    [EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
    [EXPOSITION_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

static void respond_metrics(const struct routes *routes, const struct request *request, bool node_exporter,
                            struct response *response)
{
    struct answer_key key = {
        .node_exporter = node_exporter,
        .exposition = negotiate_exposition(request->accept),
        .gzip = negotiate_gzip(request->accept_encoding),
    };
    struct selection selection = selection_of(routes, request);
    const struct body *body;

    if (selection.verdict != SELECTION_RIGHT) {
        selection_respond_wrong(routes, request, &selection, response);
        return;
    }
    key.collectors = selection.collectors;
    body = answer_cache_get(routes->answers, &key);
    respond_body(response, 200, content_metrics[key.exposition], body);
    response_header(response, "Vary", "Accept, Accept-Encoding");
    if (body && key.gzip)
        response_header(response, "Content-Encoding", "gzip");
}

/* Returns true if a query argument has this value. */
static bool asks_for(const struct request *request, const char *key, const char *value)
{
    for (size_t i = 0; i < request->argument_count; i++) {
        const struct argument *argument = &request->arguments[i];

        if (!strcmp(argument->key, key) && argument->value && !strcmp(argument->value, value))
            return true;
    }
    return false;
}

static void respond_page(const struct routes *routes, const struct request *request,
                         struct response *response)
{
    _cleanup_(buffer_done) struct buffer page = {};

    if (page_render(routes->page, asks_for(request, "interfaces", "all"), request->now_ns, &page) < 0) {
        respond_exhausted(response);
        return;
    }
    respond_buffer(routes->answers, response, 200, content_html, &page);
    response_header(response, "Content-Security-Policy", routes->page->policy);
    response_header(response, "Referrer-Policy", "no-referrer");
}

/* Responds with the report as text, coloured if the client asks for it, or as JSON. */
static void respond_report(const struct routes *routes, const struct request *request,
                           struct response *response)
{
    bool json = asks_for(request, "format", "json");
    _cleanup_(buffer_done) struct buffer text = {};
    _cleanup_(freep) struct loss_report *report = incidents_report(routes->page->incidents, request->now_ns);
    _cleanup_(snapshot_unrefp) struct snapshot *snapshot = packets_snapshot(routes, request);
    struct utsname host = {};

    if (!report) {
        respond_exhausted(response);
        return;
    }
    (void)uname(&host);
    report->packets = packet_records_of(snapshot);
    if (json)
        loss_report_json(report, host.nodename, &text);
    else
        loss_report_text(report, host.nodename, asks_for(request, "colour", "yes"), &text);
    respond_buffer(routes->answers, response, 200, json ? content_json : response_text_type, &text);
}

/* Responds with a page of the runbook, or redirects to its index. Returns false if there is no such page. */
static bool respond_runbook(const char *path, struct response *response)
{
    const char *rest = path + strlen(path_runbook);
    const char *document = *rest == '/' ? runbook_find(rest + 1) : NULL;

    if (!document && *rest)
        return false;
    if (!document) {
        respond_constant(response, 301, "the runbook is at runbook/\n");
        response_header(response, "Location", "runbook/"); /* relative, for proxies */
        return true;
    }
    respond_document(response, content_html, document);
    response_header(response, "Content-Security-Policy", runbook_policy);
    response_header(response, "Referrer-Policy", "no-referrer");
    return true;
}

static bool is_runbook(const char *path)
{
    return strncmp(path, path_runbook, strlen(path_runbook)) == 0;
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
    respond_buffer(routes->answers, response, 503, response_text_type, &text);
}

static void respond_not_found(const struct routes *routes, struct response *response)
{
    _cleanup_(buffer_done) struct buffer text = {};

    buffer_printf(&text, "nothing is at this path; there are %s%s%s%s, /-/healthy, /-/ready\n",
                  routes->telemetry_path, routes->node_exporter_path ? ", " : "",
                  routes->node_exporter_path ? routes->node_exporter_path : "",
                  routes->page ? ", /, /report, /runbook/" : "");
    respond_buffer(routes->answers, response, 404, response_text_type, &text);
}

/* Returns the path of a request's target: "http://host:10190/metrics" is "/metrics" (RFC 9112, 3.2.2). */
static const char *path_of(const char *target)
{
    const char *rest = NULL;

    if (strncasecmp(target, "http://", strlen("http://")) == 0)
        rest = target + strlen("http://");
    else if (strncasecmp(target, "https://", strlen("https://")) == 0)
        rest = target + strlen("https://");
    if (!rest)
        return target;
    rest = strchr(rest, '/');
    return rest ? rest : "/";
}

/* Packets are for users of this host: for others the path does not exist. */
static bool is_records(const struct request *request, const char *path)
{
    return request->rights->local_routes && strcmp(path, path_records) == 0;
}

static bool is_node_exporter(const struct routes *routes, const char *path)
{
    return routes->node_exporter_path && strcmp(path, routes->node_exporter_path) == 0;
}

static bool is_probe(const char *path)
{
    return strcmp(path, path_healthy) == 0 || strcmp(path, path_ready) == 0;
}

enum auth_result routes_admit(const struct routes *routes, const struct request *request)
{
    bool certificate = routes->client_certificates && request->rights->tls;
    bool password = routes->auth && request->rights->password;

    if ((certificate || password) && routes->open_probes && is_probe(path_of(request->path)))
        return AUTH_OPEN;
    if (certificate && !request->certificate)
        return AUTH_UNPROVEN;
    if (!password)
        return AUTH_GRANTED;
    return auth_check(routes->auth, request->authorization, request->client);
}

static void respond_refused(enum auth_result refusal, struct response *response)
{
    if (refusal == AUTH_UNPROVEN) {
        respond_constant(response, 403, "a client certificate is needed\n");
    } else if (refusal == AUTH_LATER) {
        respond_constant(response, 429, "too many wrong passwords came from your address, try again later\n");
    } else {
        respond_constant(response, 401, "a name and its password are needed\n");
        response_header(response, "WWW-Authenticate", "Basic realm=\"netdrop-exporter\", charset=\"UTF-8\"");
    }
}

static bool reads(const struct request *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

struct round_demand routes_demand(const struct routes *routes, const struct request *request)
{
    const char *path = path_of(request->path);
    bool report = strcmp(path, path_report) == 0;
    bool packets = report ? request->rights->local_routes : routes->page && routes->page->packets;
    struct round_demand demand = {};

    if (!reads(request))
        return demand;
    if (strcmp(path, routes->telemetry_path) == 0)
        demand.collectors = selection_of(routes, request).collectors;
    else if (is_node_exporter(routes, path))
        demand.collectors = selection_of(routes, request).collectors & selection_node_exporter();
    else if (is_records(request, path))
        demand.collectors = demand.attachments = packets_collectors();
    else if (routes->page && (report || strcmp(path, "/") == 0))
        demand = (struct round_demand){.collectors = selection_all(),
                                       .attachments = packets ? packets_collectors() : 0};
    return demand;
}

static void respond(const struct routes *routes, const struct request *request, struct response *ret_response)
{
    const char *path = path_of(request->path);

    if (!reads(request)) {
        respond_constant(ret_response, 405, "only GET and HEAD are served\n");
        response_header(ret_response, "Allow", "GET, HEAD");
    } else if (strcmp(path, routes->telemetry_path) == 0) {
        respond_metrics(routes, request, false, ret_response);
    } else if (is_node_exporter(routes, path)) {
        respond_metrics(routes, request, true, ret_response);
    } else if (strcmp(path, path_healthy) == 0) {
        respond_constant(ret_response, 200, "healthy\n");
    } else if (strcmp(path, path_ready) == 0) {
        respond_ready(routes, request, ret_response);
    } else if (strcmp(path, path_report) == 0 && routes->page) {
        respond_report(routes, request, ret_response);
    } else if (strcmp(path, "/") == 0 && routes->page) {
        respond_page(routes, request, ret_response);
    } else if (is_records(request, path)) {
        packets_respond(routes, request, ret_response);
    } else if (!routes->page || !is_runbook(path) || !respond_runbook(path, ret_response)) {
        respond_not_found(routes, ret_response);
    }
}

static void client_name(const struct sockaddr *client, char *ret_name, socklen_t size)
{
    socklen_t client_size =
        client->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);

    if (getnameinfo(client, client_size, ret_name, size, NULL, 0, NI_NUMERICHOST) != 0)
        (void)snprintf(ret_name, size, "?");
}

/* Logs who asked for what, and the answer. Only the connection knows what was sent of it, and when. */
static void tell(const struct request *request, const struct response *response)
{
    const char *type = response_value(response, "Content-Type");
    const char *encoding = response_value(response, "Content-Encoding");
    char client[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "local socket";

    if (request->rights->share == SHARE_NETWORK)
        client_name(request->client, client, sizeof(client));
    log_debug("%s: %s %s: %u, %zu bytes, %s%s%s, made in %.3f ms", client, request->method, request->path,
              response->status, response->size, type, encoding ? ", " : "", encoding ? encoding : "",
              (double)(clock_boottime_ns() - request->now_ns) / 1e6);
}

void routes_answer(const struct routes *routes, const struct request *request, enum auth_result admitted,
                   struct response *ret_response)
{
    if (admitted == AUTH_GRANTED || admitted == AUTH_OPEN)
        respond(routes, request, ret_response);
    else
        respond_refused(admitted, ret_response);
    if (request->rights->logged && log_enabled(LOG_LEVEL_DEBUG))
        tell(request, ret_response);
}

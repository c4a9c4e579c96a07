/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is served: routes, methods, filters, headers. Answers and the page are fakes here: only how they are
 * asked for is tested, with the real registry behind. */

#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "collectors/packet_records.h"
#include "daemon/http/routes.h"
#include "tests/unit/unit.h"

struct answer_cache {
    struct answer_key key; /* of the last question */
    struct body body;
    bool exhausted;
    unsigned held; /* bodies not released yet */
    struct body own;
    struct buffer buffer; /* of the one taken in */
};

static struct answer_cache answers;
static bool page_fails;

const struct body *answer_cache_get(struct answer_cache *from, const struct answer_key *key)
{
    if (from->exhausted)
        return NULL;
    from->key = *key;
    from->held++;
    return &from->body;
}

void answer_cache_release(const struct body *body)
{
    if (body == &answers.own)
        buffer_done(&answers.buffer);
    else
        assert_ptr_equal(body, &answers.body);
    answers.held--;
}

const struct body *answer_cache_take_in(struct answer_cache *from, struct buffer *buffer)
{
    if (from->exhausted || buffer->error)
        return NULL;
    from->buffer = *buffer;
    *buffer = (struct buffer){};
    from->own = (struct body){.data = from->buffer.data, .size = from->buffer.size};
    from->held++;
    return &from->own;
}

int page_render(const struct page *page, bool all_interfaces, uint64_t now_ns, struct buffer *out)
{
    (void)page;
    (void)all_interfaces;
    (void)now_ns;
    buffer_text(out, "<!DOCTYPE html>\n");
    return page_fails ? -12 : 0;
}

#define START_NS (1000 * NS_PER_SECOND)

static struct page page = {.policy = "default-src 'none'"};
static struct routes routes;

static int set_up(void **state)
{
    struct registry *registry;

    answers = (struct answer_cache){.body = {.data = "metrics\n", .size = 8}};
    page_fails = false;
    if (registry_new(collector_count, &registry) < 0)
        return -1;
    for (size_t i = 0; i < collector_count; i++)
        registry_enable(registry, i, NS_PER_SECOND, 30 * NS_PER_SECOND);
    routes = (struct routes){.registry = registry,
                             .answers = &answers,
                             .telemetry_path = "/metrics",
                             .page = &page,
                             .start_ns = START_NS};
    *state = registry;
    return 0;
}

static int tear_down(void **state)
{
    registry_free(*state);
    return answers.held == 0 ? 0 : -1;
}

static void wake(void *data)
{
    *(bool *)data = true;
}

/* Waits for the hash, where one is needed. */
static enum auth_result admitted(const struct request *request)
{
    bool woken = false;
    const struct auth_waiter waiter = {.wake = wake, .data = &woken};
    enum auth_result result = routes_admit(&routes, request);
    struct auth_attempt *attempt;

    if (result != AUTH_HASH)
        return result;
    attempt = auth_attempt_new(routes.auth, request->authorization, request->client, &waiter);
    assert_non_null(attempt);
    auth_submit(routes.auth, attempt);
    while (!woken)
        (void)auth_turn(routes.auth);
    result = auth_attempt_result(attempt);
    auth_attempt_free(attempt);
    return result;
}

static struct response ask(const struct request *asked)
{
    struct request request = *asked;
    struct response response;

    if (!request.rights)
        request.rights = &rights_network;
    routes_answer(&routes, &request, admitted(&request), &response);
    return response;
}

static struct response get(const char *path)
{
    return ask(&(struct request){.method = "GET", .path = path, .now_ns = START_NS});
}

static void release(struct response *response)
{
    if (response->release)
        response->release(response->owner);
}

static const char *header(const struct response *response, const char *name)
{
    const char *value = NULL;

    for (size_t i = 0; i < response->header_count; i++) {
        if (strcmp(response->headers[i].name, name) == 0) {
            assert_null(value);
            value = response->headers[i].value;
        }
    }
    return value;
}

static bool says(const struct response *response, const char *text)
{
    return memmem(response->data, response->size, text, strlen(text)) != NULL;
}

/* Of each path, and of each method: whoever is not let in learns nothing. */
static void test_passwords(void **state)
{
    static const char file[] = "u:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW\n";
    static const char *const paths[] = {"/metrics", "/", "/-/healthy", "/-/ready", "/nothing"};
    const struct sockaddr_in client = {.sin_family = AF_INET};
    struct request request = {.client = (const struct sockaddr *)&client, .now_ns = START_NS};
    struct buffer out = {};
    struct report report = {.source = "f", .out = &out};
    struct limits limits = {};

    (void)state;
    assert_int_equal(auth_new(users_parse(file, strlen(file), &report), &limits, &routes.auth), 0);
    for (size_t i = 0; i < ELEMENTS(paths); i++) {
        struct response response;

        request.path = paths[i];
        request.method = i ? "POST" : "GET";
        response = ask(&request);
        assert_int_equal(response.status, 401);
        assert_string_equal(header(&response, "WWW-Authenticate"),
                            "Basic realm=\"netdrop-exporter\", charset=\"UTF-8\"");
        release(&response);
    }
    request.path = "/-/healthy";
    request.method = "GET";
    request.authorization = "Basic dTpzZWNyZXQ="; /* u:secret */
    assert_int_equal(ask(&request).status, 200);
    request.authorization = "Basic dTpzZWNyZXR0";
    assert_int_equal(ask(&request).status, 401);
    request.rights = &rights_local; /* who may connect is decided by the mode of a file */
    assert_int_equal(ask(&request).status, 200);
    request.rights = &rights_probe;
    assert_int_equal(ask(&request).status, 200);
    /* What is open to anybody is served, and nobody is better known for it. */
    request.rights = &rights_network;
    request.authorization = NULL;
    assert_int_equal(routes_admit(&routes, &request), AUTH_REFUSED);
    routes.open_probes = true;
    assert_int_equal(routes_admit(&routes, &request), AUTH_OPEN);
    assert_int_equal(ask(&request).status, 200);
    routes.auth = auth_free(routes.auth);
    assert_int_equal(routes_admit(&routes, &request), AUTH_GRANTED);
}

static void test_routes(void **state)
{
    static const struct {
        const char *method, *path;
        unsigned status;
    } cases[] = {
        {"GET", "/metrics", 200},   {"HEAD", "/metrics", 200},
        {"GET", "/", 200},          {"HEAD", "/", 200},
        {"GET", "/-/healthy", 200}, {"HEAD", "/-/healthy", 200},
        {"GET", "/-/ready", 503},   {"GET", "/metrics/", 404},
        {"GET", "/Metrics", 404},   {"GET", "", 404},
        {"GET", "/-/", 404},        {"GET", "//", 404},
        {"GET", "/runbook/", 200},  {"GET", "/runbook/backlog", 200},
        {"GET", "/runbook", 301},   {"GET", "/runbook/none", 404},
        {"GET", "/runbooks", 404},  {"GET", "/runbook/backlog.md", 404},
        {"GET", "/runbook//", 404}, {"GET", "/runbook/../metrics", 404},
        {"POST", "/metrics", 405},  {"PUT", "/nowhere", 405},
        {"DELETE", "/", 405},       {"OPTIONS", "/metrics", 405},
        {"get", "/metrics", 405},   {"", "/metrics", 405},
        {"GETS", "/metrics", 405},  {"TRACE", "/-/ready", 405},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct response response =
            ask(&(struct request){.method = cases[i].method, .path = cases[i].path, .now_ns = START_NS});

        if (response.status != cases[i].status)
            fail_msg("%s %s: %u", cases[i].method, cases[i].path, response.status);
        assert_true(response.size > 0);
        assert_int_equal(response.data[response.size - 1], '\n');
        assert_non_null(header(&response, "Content-Type"));
        assert_string_equal(header(&response, "X-Content-Type-Options"), "nosniff");
        assert_string_equal(header(&response, "Cache-Control"), "no-store");
        if (response.status == 405)
            assert_string_equal(header(&response, "Allow"), "GET, HEAD");
        else
            assert_null(header(&response, "Allow"));
        release(&response);
    }
}

static void test_other_telemetry_path(void **state)
{
    struct response response;

    (void)state;
    routes.telemetry_path = "/numbers";
    routes.page = NULL;
    response = get("/numbers");
    assert_int_equal(response.status, 200);
    assert_true(says(&response, "metrics"));
    release(&response);
    response = get("/");
    assert_int_equal(response.status, 404);
    assert_true(says(&response, "there are /numbers, /-/healthy"));
    release(&response);
    response = get("/metrics");
    assert_int_equal(response.status, 404);
    release(&response);
    routes.telemetry_path = "/";
    routes.page = &page;
    response = get("/");
    assert_true(says(&response, "metrics"));
    release(&response);
}

/* It has what /metrics has, of fewer collectors, and is asked for in the same ways. */
static void test_node_exporter_path(void **state)
{
    struct request request = {
        .rights = &rights_network, .method = "GET", .path = "/metrics/node", .now_ns = START_NS};
    struct response response = get("/metrics/node");
    uint64_t wanted;

    (void)state;
    assert_int_equal(response.status, 404);
    assert_false(says(&response, "node"));
    release(&response);
    assert_int_equal(routes_demand(&routes, &request).collectors, 0);
    routes.node_exporter_path = "/metrics/node";
    response = ask(&request);
    assert_int_equal(response.status, 200);
    assert_true(answers.key.node_exporter);
    release(&response);
    wanted = routes_demand(&routes, &request).collectors;
    for (size_t i = 0; i < collector_count; i++)
        assert_int_equal(wanted >> i & 1, collectors[i]->node != NULL);
    assert_true(wanted);
    request.arguments[request.argument_count++] = (struct argument){"collect[]", "softnet"};
    response = ask(&request);
    assert_int_equal(__builtin_popcountll(answers.key.collectors), 1);
    assert_int_equal(routes_demand(&routes, &request).collectors, answers.key.collectors);
    release(&response);
    response = get("/metrics");
    assert_false(answers.key.node_exporter);
    release(&response);
    response = get("/nothing");
    assert_true(says(&response, "there are /metrics, /metrics/node, /"));
    release(&response);
}

static void test_negotiation(void **state)
{
    static const char text[] = "text/plain; version=0.0.4; charset=utf-8";
    static const char open[] = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    static const struct {
        const char *accept, *accept_encoding;
        const char *content_type, *content_encoding;
    } cases[] = {
        {NULL, NULL, text, NULL},
        {"*/*", "identity", text, NULL},
        {"application/openmetrics-text", "gzip", open, "gzip"},
        {"text/plain", "gzip;q=0", text, NULL},
        {"nonsense", "gzip", text, "gzip"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct response response = ask(&(struct request){.method = "GET",
                                                         .path = "/metrics",
                                                         .accept = cases[i].accept,
                                                         .accept_encoding = cases[i].accept_encoding});
        const char *encoding = header(&response, "Content-Encoding");

        assert_int_equal(response.status, 200);
        assert_ptr_equal(response.data, answers.body.data);
        assert_int_equal(response.size, answers.body.size);
        assert_string_equal(header(&response, "Content-Type"), cases[i].content_type);
        assert_string_equal(header(&response, "Vary"), "Accept, Accept-Encoding");
        assert_string_equal(encoding ? encoding : "",
                            cases[i].content_encoding ? cases[i].content_encoding : "");
        assert_int_equal(answers.key.gzip, cases[i].content_encoding != NULL);
        assert_int_equal(answers.key.exposition,
                         cases[i].content_type == open ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT);
        assert_int_equal(answers.held, 1);
        release(&response);
        assert_int_equal(answers.held, 0);
    }
}

static void test_page(void **state)
{
    struct response response = get("/");

    (void)state;
    assert_string_equal(header(&response, "Content-Type"), "text/html; charset=utf-8");
    assert_non_null(strstr(header(&response, "Content-Security-Policy"), "default-src 'none'"));
    assert_null(strstr(header(&response, "Content-Security-Policy"), "script"));
    assert_null(header(&response, "Vary"));
    release(&response);
    page_fails = true;
    response = get("/");
    assert_int_equal(response.status, 503);
    assert_string_equal(header(&response, "Content-Type"), "text/plain; charset=utf-8");
    release(&response);
}

static void test_exhausted(void **state)
{
    struct response response;

    (void)state;
    answers.exhausted = true;
    response = get("/metrics");
    assert_int_equal(response.status, 503);
    assert_null(header(&response, "Content-Encoding"));
    release(&response);
}

static struct argument collect_first(void)
{
    return (struct argument){"collect[]", collectors[0]->name};
}

static void test_filters(void **state)
{
    const uint64_t all = UINT64_MAX >> (64 - collector_count);
    const struct argument exclude = {"exclude[]", collectors[1]->name};
    struct request request = {.method = "GET", .path = "/metrics", .now_ns = START_NS};
    struct response response;

    (void)state;
#define SELECTS(count, mask)                                                                                 \
    request.argument_count = (count);                                                                        \
    response = ask(&request);                                                                                \
    assert_int_equal(response.status, 200);                                                                  \
    assert_int_equal(answers.key.collectors, (mask));                                                        \
    release(&response)

    SELECTS(0, all);
    request.arguments[0] = collect_first();
    SELECTS(1, 1);
    request.arguments[1] = request.arguments[0];
    SELECTS(2, 1);
    request.arguments[2] = (struct argument){"collect[]", collectors[1]->name};
    SELECTS(3, 3);
    request.arguments[0] = exclude;
    SELECTS(1, all & ~UINT64_C(2));
    request.arguments[1] = (struct argument){"exclude[]", collectors[0]->name};
    SELECTS(2, all & ~UINT64_C(3));
    request.arguments[0] = (struct argument){"collect", "nonsense"}; /* not ours: passed over */
    request.arguments[1] = (struct argument){"", NULL};
    SELECTS(2, all);
}

static void refused(struct argument first, struct argument second, const char *why)
{
    struct request request = {.method = "GET",
                              .path = "/metrics",
                              .arguments = {first, second},
                              .argument_count = 2,
                              .now_ns = START_NS};
    struct response response = ask(&request);

    assert_int_equal(response.status, 400);
    assert_string_equal(header(&response, "Content-Type"), "text/plain; charset=utf-8");
    if (!says(&response, why))
        fail_msg("\"%.*s\" lacks \"%s\"", (int)response.size, response.data, why);
    assert_true(response.size < 1024);
    for (size_t i = 0; i + 1 < response.size; i++)
        assert_in_range(response.data[i], ' ', '~');
    release(&response);
}

static void test_bad_filters(void **state)
{
    const struct argument first = collect_first();
    char long_name[4097] = "";

    memset(long_name, 'n', sizeof(long_name) - 1);
    refused(first, (struct argument){"exclude[]", collectors[1]->name}, "cannot be combined");
    refused(first, (struct argument){"collect[]", "nosuch"}, "called \"nosuch\"; enabled: ");
    refused(first, (struct argument){"collect[]", "nosuch"}, collectors[0]->name);
    refused(first, (struct argument){"exclude[]", "nosuch"}, "called \"nosuch\"");
    refused(first, (struct argument){"collect[]", NULL}, "called \"\"");
    refused(first, (struct argument){"collect[]", ""}, "called \"\"");
    refused(first, (struct argument){"collect[]", "\xff<b>\r\nX: y"}, "called \"?<b>??X: y\"");
    refused(first, (struct argument){"collect[]", long_name}, "nnn...\"");
    registry_disable(*state, 1);
    refused(first, (struct argument){"collect[]", collectors[1]->name}, "no enabled collector");
    refused(first, (struct argument){"exclude[]", collectors[1]->name}, "no enabled collector");
    registry_disable(*state, 0);
    refused(first, first, "no enabled collector");
}

static void test_too_many_arguments(void **state)
{
    struct request request = {.method = "GET", .path = "/metrics", .arguments_cut = true};
    struct response response = ask(&request);

    (void)state;
    assert_int_equal(response.status, 400);
    release(&response);
}

static struct response ready_at(uint64_t now_ns)
{
    return ask(&(struct request){.method = "GET", .path = "/-/ready", .now_ns = now_ns});
}

static void test_ready(void **state)
{
    struct fault fault = {.error = -5, .text = "broken"};
    struct response response = ready_at(START_NS + 1);

    assert_int_equal(response.status, 503);
    for (size_t i = 0; i < collector_count; i++)
        assert_true(says(&response, collectors[i]->name));
    release(&response);
    for (size_t i = 1; i < collector_count; i++) {
        registry_begin(*state, i, START_NS);
        registry_fail(*state, i, &fault, START_NS + 2);
    }
    response = ready_at(START_NS + 3);
    assert_int_equal(response.status, 503);
    assert_true(says(&response, collectors[0]->name));
    assert_false(says(&response, collectors[1]->name)); /* it failed, but it has tried */
    release(&response);
    response = ready_at(START_NS + READY_AFTER_NS - 1);
    assert_int_equal(response.status, 503);
    release(&response);
    response = ready_at(START_NS + READY_AFTER_NS);
    assert_int_equal(response.status, 200);
    release(&response);
    registry_disable(*state, 0);
    response = ready_at(START_NS + 4);
    assert_int_equal(response.status, 200);
    release(&response);
}

/* Numbers should be fresh where the answer has any, and of those collectors only. */
static void test_whose_numbers_should_be_fresh(void **state)
{
    const uint64_t all = UINT64_MAX >> (64 - collector_count);
    struct request request = {
        .method = "GET", .path = "/metrics", .rights = &rights_network, .now_ns = START_NS};

    (void)state;
    assert_int_equal(routes_demand(&routes, &request).collectors, all);
    request.method = "HEAD";
    assert_int_equal(routes_demand(&routes, &request).collectors, all);
    request.path = "http://host/metrics";
    assert_int_equal(routes_demand(&routes, &request).collectors, all);
    request.arguments[request.argument_count++] = (struct argument){"collect[]", collectors[1]->name};
    assert_int_equal(routes_demand(&routes, &request).collectors, 2);
    request.arguments[0].key = "exclude[]";
    assert_int_equal(routes_demand(&routes, &request).collectors, all & ~UINT64_C(2));
    request.arguments[request.argument_count++] = (struct argument){"collect[]", collectors[0]->name};
    assert_int_equal(routes_demand(&routes, &request).collectors, 0); /* wrong */
    request.argument_count = 0;
    request.method = "POST";
    assert_int_equal(routes_demand(&routes, &request).collectors, 0);
    request.method = "GET";
    request.path = "/";
    assert_int_equal(routes_demand(&routes, &request).collectors, all);
    routes.page = NULL;
    assert_int_equal(routes_demand(&routes, &request).collectors, 0);
    request.path = "/-/healthy";
    assert_int_equal(routes_demand(&routes, &request).collectors, 0);
}

static struct response get_records(const struct rights *rights, const char *path, const char *after)
{
    struct request request = {.method = "GET", .path = path, .rights = rights, .now_ns = START_NS};

    if (after)
        request.arguments[request.argument_count++] = (struct argument){.key = "after", .value = after};
    return ask(&request);
}

static void expect_records(const char *after, unsigned status, const char *text)
{
    struct response response = get_records(&rights_local, "/records", after);

    assert_int_equal(response.status, status);
    if (!says(&response, text))
        fail_msg("after %s: %.*s", after ? after : "nothing", (int)response.size, response.data);
    release(&response);
}

/* Of the collector that shows packets. */
static void publish_attached(struct registry *registry, struct packet_records *records, bool asked)
{
    struct snapshot *snapshot = snapshot_new();
    size_t slot = 0;

    while (!collectors[slot]->shows_packets)
        slot++;
    snapshot->attach = asked;
    if (records)
        snapshot_attach(snapshot, &records->attachment);
    registry_publish(registry, slot, snapshot, START_NS, START_NS);
    snapshot_unref(snapshot);
}

/* Three packets of two places. */
static void publish_packets(struct registry *registry)
{
    struct packet_records *records = packet_records_new("played");

    records->sites = calloc(1, sizeof(*records->sites));
    records->records = calloc(2, sizeof(*records->records));
    records->owners = calloc(1, sizeof(*records->owners));
    *records->sites = (struct packet_site){.number = 17,
                                           .function = "f",
                                           .offset = 0x2f1,
                                           .reason = "R",
                                           .cause = "c",
                                           .loss_class = "error",
                                           .netns = "a\"b",
                                           .packets = 5};
    records->owners[0] = (struct packet_owner){.unit = "u.service"};
    records->records[0] = (struct packet_record){.sequence = 7,
                                                 .time_ns = 1000000002,
                                                 .owner = PACKET_OWNER_NONE,
                                                 .stack = PACKET_STACK_NONE,
                                                 .link_type = PACKET_RAW,
                                                 .protocol = 0x800,
                                                 .length = 9,
                                                 .size = 2,
                                                 .data = {0x45, 0x0f}};
    records->records[1] = records->records[0];
    records->records[1].sequence = 8;
    records->records[1].owner = 0;
    records->records[1].stack = 0;
    buffer_append(&records->stacks, "f+0x2f1\ng+0x1\n", sizeof("f+0x2f1\ng+0x1\n"));
    records->site_count = records->owner_count = 1;
    records->record_count = 2;
    publish_attached(registry, records, true);
    packet_records_unref(records);
}

static void test_records_are_for_this_host(void **state)
{
    struct response response;

    expect_records(NULL, 503, "ask again");
    publish_attached(*state, NULL, false); /* for somebody who did not ask for them */
    expect_records(NULL, 503, "ask again");
    publish_attached(*state, NULL, true);
    expect_records(NULL, 404, "no packets are recorded");
    publish_packets(*state);
    response = get_records(&rights_network, "/records", NULL);
    assert_int_equal(response.status, 404);
    assert_false(says(&response, "record"));
    release(&response);
    response = get_records(&rights_probe, "/records", NULL);
    assert_int_equal(response.status, 404);
    release(&response);
    response = get_records(&rights_local, "/records", NULL);
    assert_string_equal(header(&response, "Content-Type"), "application/json");
    release(&response);
}

static void test_records_say_all(void **state)
{
    publish_packets(*state);
    expect_records(NULL, 200, "\"source\":\"played\"");
    expect_records(
        NULL, 200,
        "\"sequence\":8,\"sites\":[{\"site\":17,\"function\":\"f\",\"offset\":\"0x2f1\",\"reason\":\"R\",\"cause\":\"c\",\"class\":\"error\",\"device\":\"\",\"netns\":\"a\\\"b\",\"packets\":5}],");
    expect_records(
        NULL, 200,
        "\"records\":[{\"sequence\":7,\"site\":17,\"time\":\"1.000000002\",\"link_type\":101,\"protocol\":\"0x0800\",\"length\":9,\"device\":\"\",\"netns\":\"a\\\"b\",\"unit\":\"\",\"container_id\":\"\",\"pod_uid\":\"\",\"data\":\"450f\"},\n{\"sequence\":8");
    expect_records(
        "0", 200,
        "\"unit\":\"u.service\",\"container_id\":\"\",\"pod_uid\":\"\",\"data\":\"450f\",\"stack\":[\"f+0x2f1\",\"g+0x1\"]}]}\n");
    expect_records("7", 200, "\"records\":[{\"sequence\":8,");
    expect_records("8", 200, "\"records\":[]}\n");
    expect_records("18446744073709551615", 200, "\"records\":[]}\n");
}

static void test_records_behind_a_number(void **state)
{
    publish_packets(*state);
    expect_records("18446744073709551616", 400, "after=");
    expect_records("1x", 400, "after=");
    expect_records("", 400, "after=");
}

/* Who asks for packets wakes the collector that has them; who may not wakes nobody. */
static void test_records_wake_one(void **state)
{
    struct request request = {
        .method = "GET", .path = "/records", .rights = &rights_local, .now_ns = START_NS};
    uint64_t woken = routes_demand(&routes, &request).attachments;

    (void)state;
    assert_int_equal(__builtin_popcountll(woken), 1);
    assert_true(collectors[__builtin_ctzll(woken)]->shows_packets);
    assert_int_equal(routes_demand(&routes, &request).collectors, woken);
    request.rights = &rights_network;
    assert_int_equal(routes_demand(&routes, &request).collectors, 0);
}

/* All collectors are asked for a report; that with packets for them, too, by who may see them. */
static void test_a_report_has_packets(void **state)
{
    struct request request = {
        .method = "GET", .path = "/report", .rights = &rights_local, .now_ns = START_NS};
    struct round_demand demand;

    (void)state;
    routes.page = &page;
    demand = routes_demand(&routes, &request);
    assert_int_equal(__builtin_popcountll(demand.collectors), collector_count);
    assert_int_equal(__builtin_popcountll(demand.attachments), 1);
    assert_true(collectors[__builtin_ctzll(demand.attachments)]->shows_packets);
    request.rights = &rights_network;
    demand = routes_demand(&routes, &request);
    assert_int_equal(__builtin_popcountll(demand.collectors), collector_count);
    assert_int_equal(demand.attachments, 0);
    request.rights = &rights_local;
    request.path = "/";
    assert_int_equal(routes_demand(&routes, &request).attachments, 0);
}

static void test_records_of_who_is_off(void **state)
{
    for (size_t i = 0; i < collector_count; i++)
        if (collectors[i]->shows_packets)
            registry_disable(*state, i);
    expect_records(NULL, 404, "not enabled");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_routes),
        TEST(test_other_telemetry_path),
        TEST(test_node_exporter_path),
        TEST(test_negotiation),
        TEST(test_page),
        TEST(test_exhausted),
        TEST(test_filters),
        TEST(test_bad_filters),
        TEST(test_too_many_arguments),
        TEST(test_ready),
        TEST(test_passwords),
        TEST(test_whose_numbers_should_be_fresh),
        TEST(test_records_are_for_this_host),
        TEST(test_records_say_all),
        TEST(test_records_behind_a_number),
        TEST(test_records_wake_one),
        TEST(test_a_report_has_packets),
        TEST(test_records_of_who_is_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

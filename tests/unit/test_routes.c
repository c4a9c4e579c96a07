/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is served: routes, methods, filters, headers. Answers and the page are fakes here: only how they are
 * asked for is tested, with the real registry behind. */

#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/http/routes.h"
#include "tests/unit/unit.h"

struct answer_cache {
    struct answer_key key; /* of the last question */
    struct body body;
    bool exhausted;
    unsigned held; /* bodies not released yet */
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
    assert_ptr_equal(body, &answers.body);
    answers.held--;
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

static struct response ask(const struct request *request)
{
    struct response response;

    routes_answer(&routes, request, &response);
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
    request.client = NULL; /* our own question */
    assert_int_equal(ask(&request).status, 200);
    routes.auth = auth_free(routes.auth);
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

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_routes),      TEST(test_other_telemetry_path),
        TEST(test_negotiation), TEST(test_page),
        TEST(test_exhausted),   TEST(test_filters),
        TEST(test_bad_filters), TEST(test_too_many_arguments),
        TEST(test_ready),       TEST(test_passwords),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From keys to structs, with tables of our own: types, unknown keys and their hints, all errors at once. */

#include <errno.h>
#include <string.h>

#include "config/config.h"
#include "config/config_print.h"
#include "config/suggest.h"
#include "daemon/generate/render.h"
#include "tests/unit/unit.h"

struct sample {
    bool page;
    uint64_t connections;
    uint64_t timeout_ns;
    char *path;
    struct string_list include;
    unsigned columns;
};

static const char *const choices[] = {"all", "loss", NULL};

#define FIELD(name) .offset = offsetof(struct sample, name)

static const struct option options[] = {
    {FIELD(page), .key = "page", .type = OPTION_BOOL, .default_text = "true", .help = "a page"},
    {FIELD(connections), .key = "max_connections", .type = OPTION_UINT, .default_text = "256", .min = 1,
     .max = 65536, .help = "connections"},
    {FIELD(timeout_ns), .key = "request_timeout", .type = OPTION_DURATION, .default_text = "10s",
     .min = 1000000000, .max = UINT64_C(300000000000), .help = "time"},
    {FIELD(path), .key = "telemetry_path", .type = OPTION_STRING, .default_text = "/m", .help = "path"},
    {FIELD(include), .key = "deep.er.include", .type = OPTION_LIST, .default_text = "", .help = "globs"},
    {FIELD(columns), .key = "deep.columns", .type = OPTION_CHOICE, .default_text = "all", .choices = choices,
     .help = "columns"},
};

static const struct option_table table = OPTION_TABLE(options, struct sample);

static const struct option small_options[] = {
    {.key = "interval", .type = OPTION_UINT, .default_text = "1", .help = "interval"},
};

static const struct option_table small_table = OPTION_TABLE(small_options, uint64_t);

static const struct option devices_options[] = {
    {.key = "include", .type = OPTION_LIST, .default_text = "*", .help = "devices"},
};

static const struct option_table devices_table = OPTION_TABLE(devices_options, struct string_list);

enum { WEB, LINK, LINK_DEVICES, SNMP, SNMP_DEVICES, BINDINGS };

struct fixture {
    struct config_binding bindings[BINDINGS];
    struct config config;
    struct report report;
    struct buffer out;
    struct sample *web;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->bindings[WEB] = (struct config_binding){"web", &table, options_new(&table), NULL};
    fixture->bindings[LINK] =
        (struct config_binding){"collectors.link", &small_table, options_new(&small_table), NULL};
    fixture->bindings[LINK_DEVICES] = (struct config_binding){"collectors.link.devices", &devices_table,
                                                              options_new(&devices_table), "devices"};
    fixture->bindings[SNMP] =
        (struct config_binding){"collectors.snmp", &small_table, options_new(&small_table), NULL};
    fixture->bindings[SNMP_DEVICES] = (struct config_binding){"collectors.snmp.devices", &devices_table,
                                                              options_new(&devices_table), "devices"};
    fixture->report = (struct report){.source = "f", .out = &fixture->out};
    fixture->config =
        (struct config){.bindings = fixture->bindings, .count = BINDINGS, .report = &fixture->report};
    fixture->web = fixture->bindings[WEB].settings;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTS(fixture->bindings); i++)
        options_free(fixture->bindings[i].table, fixture->bindings[i].settings);
    buffer_done(&fixture->out);
    free(fixture);
    return 0;
}

/* Applies text and compares the whole report, which begins anew. */
static void apply(struct fixture *fixture, const char *text, const char *expected)
{
    _cleanup_(json_freep) struct json *json = NULL;

    buffer_clear(&fixture->out);
    fixture->report.errors = fixture->report.warnings = 0;
    json = json_parse(text, strlen(text), &fixture->report);
    assert_non_null(json);
    config_apply(&fixture->config, json);
    report_end(&fixture->report);
    buffer_append(&fixture->out, "", 1);
    assert_string_equal(fixture->out.data, expected);
}

static void set(struct fixture *fixture, const char *assignment, const char *expected)
{
    buffer_clear(&fixture->out);
    fixture->report.errors = fixture->report.warnings = 0;
    config_set(&fixture->config, assignment);
    report_end(&fixture->report);
    buffer_append(&fixture->out, "", 1);
    assert_string_equal(fixture->out.data, expected);
}

static void test_apply(void **state)
{
    struct fixture *fixture = *state;

    apply(fixture, "{}", "");
    assert_true(fixture->web->page);
    apply(
        fixture,
        "{\"web\": {\"page\": false, \"max_connections\": 65536, \"request_timeout\": \"1m\","
        "\"telemetry_path\": \"/x\", \"deep\": {\"columns\": \"loss\", \"er\": {\"include\": [\"a\", \"b,c\"]}}},"
        "\"collectors\": {\"snmp\": {\"interval\": 9007199254740991}}}",
        "");
    assert_false(fixture->web->page);
    assert_int_equal(fixture->web->connections, 65536);
    assert_true(fixture->web->timeout_ns == UINT64_C(60000000000));
    assert_string_equal(fixture->web->path, "/x");
    assert_int_equal(fixture->web->columns, 1);
    assert_int_equal(fixture->web->include.count, 2);
    assert_string_equal(fixture->web->include.items[1], "b,c");
    assert_true(*(uint64_t *)fixture->bindings[SNMP].settings == UINT64_C(9007199254740991));
    assert_int_equal(*(uint64_t *)fixture->bindings[LINK].settings, 1);
}

struct row {
    const char *text;
    const char *report;
};

#define THE_TOP ", there are web, collectors"
#define IN_WEB  ", there are page, max_connections, request_timeout, telemetry_path, deep"

static const struct row type_rows[] = {
    {"[]", "f:1: expected an object, found a list\n"},
    {"null", "f:1: expected an object, found null\n"},
    {"{\"web\": 1}", "f:1: web: expected an object, found a number\n"},
    {"{\"web\": {\"deep\": {\"er\": []}}}", "f:1: web.deep.er: expected an object, found a list\n"},
    {"{\"web\": {\"page\": \"true\"}}", "f:1: web.page: expected true or false, found a string\n"},
    {"{\"web\": {\"page\": 1}}", "f:1: web.page: expected true or false, found a number\n"},
    {"{\"web\": {\"page\": null}}", "f:1: web.page: expected true or false, found null\n"},
    {"{\"web\": {\"max_connections\": \"5\"}}",
     "f:1: web.max_connections: expected a whole number, found a string\n"},
    {"{\"web\": {\"max_connections\": 0}}", "f:1: web.max_connections: \"0\": out of range: 1 to 65536\n"},
    {"{\"web\": {\"max_connections\": -5}}", "f:1: web.max_connections: \"-5\": expected a whole number\n"},
    {"{\"web\": {\"request_timeout\": 10}}",
     "f:1: web.request_timeout: expected a string like \"10s\", found a number\n"},
    {"{\"web\": {\"request_timeout\": \"10m\"}}",
     "f:1: web.request_timeout: \"10m\": out of range: 1s to 5m\n"},
    {"{\"web\": {\"telemetry_path\": {}}}", "f:1: web.telemetry_path: expected a string, found an object\n"},
    {"{\"web\": {\"telemetry_path\": \"a\\nb\"}}",
     "f:1: web.telemetry_path: \"a\\x0ab\": control characters are not allowed\n"},
    {"{\"web\": {\"deep\": {\"columns\": true}}}",
     "f:1: web.deep.columns: expected a string, found true or false\n"},
    {"{\"web\": {\"deep\": {\"columns\": \"some\"}}}",
     "f:1: web.deep.columns: \"some\": expected \"all\" or \"loss\"\n"},
    {"{\"web\": {\"deep\": {\"er\": {\"include\": \"a\"}}}}",
     "f:1: web.deep.er.include: expected a list of strings, found a string\n"},
    {"{\"web\": {\"deep\": {\"er\": {\"include\": [\"a\", 2]}}}}",
     "f:1: web.deep.er.include: item 2: expected a string, found a number\n"},
    {"{\"web\": {\"deep\": {\"er\": {\"include\": [\"a\", \"\"]}}}}",
     "f:1: web.deep.er.include: item 2 is empty\n"},
};

static void test_types(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTS(type_rows); i++)
        apply(fixture, type_rows[i].text, type_rows[i].report);
    assert_true(fixture->web->page);
    assert_int_equal(fixture->web->connections, 256);
}

static const struct row unknown_rows[] = {
    {"{\"wbe\": {\"page\": 1}}", "f:1: wbe: unknown key, did you mean \"web\"?\n"},
    {"{\"Web\": {}}", "f:1: Web: unknown key, did you mean \"web\"?\n"},
    {"{\"web\": {\"pagee\": 1}}", "f:1: web.pagee: unknown key, did you mean \"page\"?\n"},
    {"{\"web\": {\"telemtry_path\": 1}}",
     "f:1: web.telemtry_path: unknown key, did you mean \"telemetry_path\"?\n"},
    {"{\"web\": {\"deep\": {\"colunms\": 1}}}",
     "f:1: web.deep.colunms: unknown key, did you mean \"columns\"?\n"},
    {"{\"web\": {\"depe\": {}}}", "f:1: web.depe: unknown key, did you mean \"deep\"?\n"},
    {"{\"collectors\": {\"lnik\": {}}}", "f:1: collectors.lnik: unknown key, did you mean \"link\"?\n"},
    {"{\"collectors\": {\"foo\": {}}}", "f:1: collectors.foo: unknown key, there are link, snmp\n"},
    /* The right word in the wrong place. */
    {"{\"max_connections\": 1}",
     "f:1: max_connections: unknown key, did you mean \"web.max_connections\"?\n"},
    {"{\"something_else\": 1}", "f:1: something_else: unknown key" THE_TOP "\n"},
    /* Dots in names open nothing, and empty names are not the section itself. */
    {"{\"web.page\": true}", "f:1: web.page: unknown key" THE_TOP "\n"},
    {"{\"web\": {\"deep.columns\": \"all\"}}", "f:1: web.deep.columns: unknown key" IN_WEB "\n"},
    {"{\"\": {\"web\": {}}}", "f:1: unknown key" THE_TOP "\n"},
    {"{\"web\": {\"\": {\"page\": true}}}", "f:1: web.: unknown key" IN_WEB "\n"},
    {"{\"web\": {\"page\\n2\": true}}", "f:1: web.page\\x0a2: unknown key, did you mean \"page\"?\n"},
};

static void test_unknown(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < ELEMENTS(unknown_rows); i++)
        apply(fixture, unknown_rows[i].text, unknown_rows[i].report);
    assert_int_equal(fixture->config.unknown_keys, ELEMENTS(unknown_rows));
}

static void test_all_errors_with_lines(void **state)
{
    apply(*state,
          "{\n\"web\": {\n  \"page\": 1,\n  \"pagee\": true,\n  \"max_connections\":\n    0\n},\n"
          "\"collectors\": {\"link\": 3}, \"devices\": {},\n\"web\": {}}",
          "f:9: web: given twice, first on line 2\n"
          "f:3: web.page: expected true or false, found a number\n"
          "f:4: web.pagee: unknown key, did you mean \"page\"?\n"
          "f:5: web.max_connections: \"0\": out of range: 1 to 65536\n"
          "f:8: collectors.link: expected an object, found a number\n"
          "f:8: devices: unknown key" THE_TOP "\n");
}

static void test_warnings(void **state)
{
    struct fixture *fixture = *state;

    fixture->config.warn_unknown = true;
    apply(fixture, "{\"web\": {\"pagee\": 1,\n\"page\": false},\n\"new\": {\"x\": {}, \"y\": 1}}",
          "f:1: web.pagee: unknown key, passed over, did you mean \"page\"?\n"
          "f:3: new: unknown key, passed over\n");
    assert_int_equal(fixture->report.errors, 0);
    assert_int_equal(fixture->config.unknown_keys, 2);
    assert_false(fixture->web->page);
    /* Nothing else becomes a warning. */
    apply(fixture, "{\"web\": {\"page\": 1}}", "f:1: web.page: expected true or false, found a number\n");
    assert_int_equal(fixture->report.errors, 1);
}

/* Errors are never crowded out by warnings, and both end. */
static void test_many(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_(buffer_done) struct buffer text = {}, expected = {};

    fixture->config.warn_unknown = true;
    buffer_text(&text, "{");
    for (unsigned i = 0; i < 30; i++)
        buffer_printf(&text, "\"unknown%u\": 0,\n", i);
    buffer_text(&text, "\"web\": {\"page\": 1}}");
    buffer_append(&text, "", 1);
    for (unsigned i = 0; i < REPORT_LINES_MAX; i++)
        buffer_printf(&expected, "f:%u: unknown%u: unknown key, passed over\n", i + 1, i);
    buffer_text(&expected, "f:31: web.page: expected true or false, found a number\nand 10 more warnings\n");
    buffer_append(&expected, "", 1);
    apply(fixture, text.data, expected.data);
    assert_int_equal(fixture->config.unknown_keys, 30);
    fixture->config.warn_unknown = false;
    apply(fixture, "{\"a\":0}", "f:1: a: unknown key" THE_TOP "\n");
    buffer_clear(&text);
    buffer_clear(&expected);
    for (unsigned i = 0; i < 25; i++)
        buffer_printf(&text, "%s\"unknown%u\": 0", i ? "," : "{", i);
    buffer_append(&text, "}", 2);
    for (unsigned i = 0; i < REPORT_LINES_MAX; i++)
        buffer_printf(&expected, "f:1: unknown%u: unknown key" THE_TOP "\n", i);
    buffer_text(&expected, "and 5 more errors\n");
    buffer_append(&expected, "", 1);
    apply(fixture, text.data, expected.data);
}

static void test_set(void **state)
{
    struct fixture *fixture = *state;

    set(fixture, "web.page=false", "");
    assert_false(fixture->web->page);
    set(fixture, "web.deep.er.include=a, b", "");
    assert_int_equal(fixture->web->include.count, 2);
    set(fixture, "web.deep.er.include=", "");
    assert_int_equal(fixture->web->include.count, 0);
    set(fixture, "web.telemetry_path=/a=b", "");
    assert_string_equal(fixture->web->path, "/a=b");
    set(fixture, "collectors.link.interval=7", "");
    assert_int_equal(*(uint64_t *)fixture->bindings[1].settings, 7);
}

static const struct row set_rows[] = {
    {"web.page", "f: web.page: expected KEY=VALUE\n"},
    {"", "f: expected KEY=VALUE\n"},
    {"=1", "f: this is a section, not a key\n"},
    {"web=1", "f: web: this is a section, not a key\n"},
    {"web.deep.er=1", "f: web.deep.er: this is a section, not a key\n"},
    {"web.page=maybe", "f: web.page: \"maybe\": expected true or false\n"},
    {"web.page=a\xff\x1b", "f: web.page: \"a\\xff\\x1b\": expected true or false\n"},
    {"web.pagee=true", "f: web.pagee: unknown key, did you mean \"page\"?\n"},
    {"wbe.page=true", "f: wbe: unknown key, did you mean \"web\"?\n"},
    {"collectors.lnik.interval=1", "f: collectors.lnik: unknown key, did you mean \"link\"?\n"},
    {"web.page.x=1", "f: web.page: unknown key, did you mean \"page\"?\n"},
    {"web.=1", "f: web.: unknown key" IN_WEB "\n"},
    {"web..page=1", "f: web.: unknown key" IN_WEB "\n"},
    {".page=1", "f: page: unknown key, did you mean \"web.page\"?\n"},
    {"interval=1", "f: interval: unknown key, did you mean \"collectors.snmp.interval\"?\n"},
};

static void test_set_wrong(void **state)
{
    for (size_t i = 0; i < ELEMENTS(set_rows); i++)
        set(*state, set_rows[i].text, set_rows[i].report);
}

static void test_suggest(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {{"", "", 0},
                {"", "abc", 3},
                {"abc", "", 3},
                {"abc", "abc", 0},
                {"abc", "abd", 1},
                {"abc", "acb", 1},
                {"abc", "ab", 1},
                {"ab", "abc", 1},
                {"kitten", "sitting", 3},
                {"listen", "silent", 4},
                {"ca", "abc", 3},
                {"Abc", "abc", 1}};
    char longer[SUGGEST_WORD_MAX + 2];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        assert_int_equal(suggest_distance(rows[i].a, rows[i].b), rows[i].distance);
        assert_int_equal(suggest_distance(rows[i].b, rows[i].a), rows[i].distance);
    }
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_true(suggest_distance(longer, "a") == SIZE_MAX);
    longer[sizeof(longer) - 2] = '\0';
    assert_int_equal(suggest_distance(longer, "a"), SUGGEST_WORD_MAX - 1);
    assert_int_equal(suggest_distance(longer, longer), 0);
}

static void test_suggest_nearest(void **state)
{
    struct suggestion near = {.word = "colour"};

    (void)state;
    suggest_try(&near, "collar");
    assert_string_equal(near.best, "collar");
    suggest_try(&near, "color");
    assert_string_equal(near.best, "color");
    suggest_try(&near, "colours");
    assert_string_equal(near.best, "color");
    near = (struct suggestion){.word = "collector.foo"};
    suggest_try(&near, "collector.link");
    assert_string_equal(near.best, "");
}

/* The default file, read back, changes nothing; what inherits is not in it, but in the schema. */
static void test_render(void **state)
{
    struct fixture *fixture = *state;
    struct sample *defaults = options_new(&table);
    _cleanup_(buffer_done) struct buffer text = {}, schema = {};
    _cleanup_(json_freep) struct json *json = NULL;

    assert_int_equal(config_print_json(fixture->bindings, BINDINGS, &text), 0);
    buffer_append(&text, "", 1);
    assert_non_null(strstr(text.data, "\"max_connections\": 256,\n"));
    assert_null(strstr(text.data, "devices"));
    set(fixture, "web.page=false", "");
    set(fixture, "web.deep.er.include=x", "");
    apply(fixture, text.data, "");
    assert_true(options_equal(&table, fixture->web, defaults));
    assert_int_equal(render_schema(fixture->bindings, BINDINGS, &schema), 0);
    json = json_parse(schema.data, schema.size, &fixture->report);
    assert_non_null(json);
    assert_int_equal(fixture->report.errors, 0);
    buffer_append(&schema, "", 1);
    assert_non_null(strstr(schema.data, "\"devices\""));
    options_free(&table, defaults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_apply, setup, teardown),
        cmocka_unit_test_setup_teardown(test_types, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_all_errors_with_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_warnings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_set_wrong, setup, teardown),
        cmocka_unit_test(test_suggest),
        cmocka_unit_test(test_suggest_nearest),
        cmocka_unit_test_setup_teardown(test_render, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

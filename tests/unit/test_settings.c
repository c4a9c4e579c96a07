/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings: defaults, file and flags in their order, what is refused, what a reload compares. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/file.h"
#include "config/json.h"
#include "daemon/settings/settings.h"
#include "tests/unit/unit.h"

static const struct settings_source no_source = {.procfs = "/proc"};

static size_t find_collector(const char *name)
{
    for (size_t i = 0; i < collector_count; i++)
        if (strcmp(collectors[i]->name, name) == 0)
            return i;
    fail_msg("no collector %s", name);
    return 0;
}

/* Parses a file's text (NULL: no file) and compares the messages; NULL where it is refused. */
static struct settings *parse(const struct settings_source *source, const char *text, const char *expected)
{
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;
    int error = settings_parse(source, text, text ? strlen(text) : 0, &settings, &messages);

    buffer_append(&messages, "", 1);
    assert_string_equal(messages.data, expected);
    assert_int_equal(error, settings ? 0 : -EINVAL);
    return settings;
}

static struct settings *good(const char *text)
{
    struct settings *settings = parse(&no_source, text, "");

    assert_non_null(settings);
    return settings;
}

static void add(struct settings_source *source, const char *assignment)
{
    assert_int_equal(string_list_add(&source->sets, assignment), 0);
}

/* Else rates under a scrape each 15 s are off: two steps of 10 s are in one scrape, and one in the next. */
static void test_default_intervals_divide_15_seconds(void **state)
{
    struct settings *settings = good(NULL);

    (void)state;
    for (size_t i = 0; i < collector_count; i++) {
        const struct collector_common *common = settings_collector(settings, i);

        if (!common->interval_ns || 15 * NS_PER_SECOND % common->interval_ns)
            fail_msg("%s: %llu ns", collectors[i]->name, (unsigned long long)common->interval_ns);
    }
    settings_unref(settings);
}

static void test_defaults(void **state)
{
    struct settings *settings = good(NULL);

    (void)state;
    assert_int_equal(settings->web.listen.count, 1);
    assert_string_equal(settings->web.listen.items[0], ":10190");
    assert_string_equal(settings->web.telemetry_path, "/metrics");
    assert_true(settings->web.page);
    assert_int_equal(settings->web.max_connections, 256);
    assert_int_equal(settings->web.max_connections_per_address, 32);
    assert_true(settings->web.request_timeout_ns == 10 * NS_PER_SECOND);
    assert_string_equal(settings->procfs, "/proc");
    assert_string_equal(settings->sha256, "");
    assert_int_equal(settings->unknown_keys, 0);
    for (size_t i = 0; i < collector_count; i++) {
        const struct collector_common *common = settings_collector(settings, i);

        assert_true(common->interval_ns >= NS_PER_SECOND / 10);
        assert_true(common->max_age_ns >= 3 * common->interval_ns);
        assert_ptr_equal(settings_devices(settings, i), &settings->devices);
    }
    assert_true(settings_collector(settings, find_collector("link"))->enabled);
    assert_true(settings_collector(settings, find_collector("process"))->interval_ns == 5 * NS_PER_SECOND);
    settings_unref(settings);
}

static void test_file(void **state)
{
    struct settings *settings =
        good("{\"web\": {\"listen\": [\"127.0.0.1:1\", \"[::1]:2\"], \"page\": false},"
             "\"collectors\": {\"link\": {\"interval\": \"5s\", \"enabled\": false}}}");
    size_t link = find_collector("link");

    (void)state;
    assert_int_equal(settings->web.listen.count, 2);
    assert_false(settings->web.page);
    assert_false(settings_collector(settings, link)->enabled);
    assert_true(settings_collector(settings, link)->interval_ns == 5 * NS_PER_SECOND);
    settings_unref(settings);
}

/* printf '%s' '{}' | sha256sum */
static void test_sha256(void **state)
{
    struct settings *settings = good("{}");

    (void)state;
    assert_string_equal(settings->sha256, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    settings_unref(settings);
}

/* Three intervals are granted, whatever max_age says. */
static void test_max_age(void **state)
{
    struct settings *settings =
        good("{\"collectors\": {\"link\": {\"interval\": \"20s\", \"max_age\": \"30s\"}}}");

    (void)state;
    assert_true(settings_collector(settings, find_collector("link"))->max_age_ns == 60 * NS_PER_SECOND);
    settings_unref(settings);
}

struct row {
    const char *text;
    const char *messages;
};

#define DEFAULT_FILE "the.file"

static const struct row bad[] = {
    {"", "the.file:1: expected a value, found the end of the file\n"},
    {"[]", "the.file:1: expected an object, found a list\n"},
    {"{\"web\": {\"listen\": []}}", "the.file:1: web.listen: 0 items, allowed are 1 to 16\n"},
    {"{\"web\": {\"listen\": [\":1\", \":2\", \":1\"]}}", "the.file:1: web.listen: \":1\" is there twice\n"},
    {"{\"web\": {\"telemetry_path\": \"metrics\"}}",
     "the.file:1: web.telemetry_path: \"metrics\": must begin with / and name something\n"},
    {"{\"web\": {\"telemetry_path\": \"\"}}",
     "the.file:1: web.telemetry_path: \"\": must begin with / and name something\n"},
    {"{\"web\": {\"telemetry_path\": \"/\"}}",
     "the.file:1: web.telemetry_path: \"/\": must begin with / and name something\n"},
    {"{\"web\": {\"telemetry_path\": \"/-/healthy\"}}",
     "the.file:1: web.telemetry_path: \"/-/healthy\": /-/ is taken by /-/healthy and /-/ready\n"},
    {"{\"web\": {\"telemetry_path\": \"/a?b\"}}",
     "the.file:1: web.telemetry_path: \"/a?b\": only letters, digits and /._~- are allowed\n"},
    {"{\"web\": {\"max_connections\": 65537}}",
     "the.file:1: web.max_connections: \"65537\": out of range: 1 to 65536\n"},
    {"{\"web\": {\"request_timeout\": \"301s\"}}",
     "the.file:1: web.request_timeout: \"301s\": out of range: 1s to 5m\n"},
    {"{\"collectors\": {\"link\": {\"columns\": \"some\"}}}",
     "the.file:1: collectors.link.columns: \"some\": expected \"all\" or \"loss\"\n"},
    {"{\"collectors\": {\"process\": {\"devices\": {}}}}",
     "the.file:1: collectors.process.devices: unknown key\n"}, /* it looks at none */
    {"{\"web\": {\"page\": 1},\n\"web\": {}}",
     "the.file:2: web: given twice, first on line 1\n"
     "the.file:1: web.page: expected true or false, found a number\n"},
};

static void test_bad(void **state)
{
    struct settings_source source = {.config_file = DEFAULT_FILE, .procfs = "/proc"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_null(parse(&source, bad[i].text, bad[i].messages));
}

/* An address that is none: what is said of it is listen.c's, where it stands is ours. */
static void test_bad_address(void **state)
{
    _cleanup_(buffer_done) struct buffer messages = {};
    const char text[] = "{\n\"web\": {\n\"listen\": [\"nowhere\"]}}";
    struct settings_source source = {.config_file = DEFAULT_FILE, .procfs = "/proc"};
    struct settings *settings = NULL;

    (void)state;
    assert_int_equal(settings_parse(&source, text, sizeof(text) - 1, &settings, &messages), -EINVAL);
    assert_null(settings);
    buffer_append(&messages, "", 1);
    assert_int_equal(strncmp(messages.data, "the.file:3: web.listen: ", 24), 0);
    assert_non_null(strstr(messages.data, "nowhere"));
}

static void test_command_line_wins(void **state)
{
    struct settings_source source = {.config_file = DEFAULT_FILE, .procfs = "/proc"};
    struct settings *settings;

    (void)state;
    add(&source, "web.max_connections=1");
    add(&source, "web.max_connections=2");
    add(&source, "devices.exclude_kinds=");
    settings = parse(&source, "{\"web\": {\"max_connections\": 3, \"page\": false}}", "");
    assert_int_equal(settings->web.max_connections, 2);
    assert_int_equal(settings->devices.exclude_kinds.count, 0);
    assert_false(settings->web.page);
    settings_unref(settings);
    string_list_done(&source.sets);
}

/* A veth may be the only NIC of a container; on the host it is the other end of somebody's. What a user says
 * holds everywhere. */
static void test_veth_is_left_out_by_default_on_the_host_only(void **state)
{
    static const char file[] = "{\"collectors\": {\"link\": {\"devices\": {\"include\": [\"e*\"]}}}}";
    static const struct {
        enum host_network host_network;
        size_t count;
    } cases[] = {{HOST_NETWORK_YES, 1}, {HOST_NETWORK_UNKNOWN, 1}, {HOST_NETWORK_NO, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settings_source source = {
            .config_file = DEFAULT_FILE, .procfs = "/proc", .host_network = cases[i].host_network};
        struct settings *settings = parse(&source, file, "");

        assert_int_equal(settings->devices.exclude_kinds.count, cases[i].count);
        for (size_t j = 0; j < collector_count; j++)
            assert_int_equal(settings_devices(settings, j)->exclude_kinds.count, cases[i].count);
        settings_unref(settings);
        add(&source, "devices.exclude_kinds=veth,tun");
        settings = parse(&source, file, "");
        assert_int_equal(settings->devices.exclude_kinds.count, 2);
        settings_unref(settings);
        string_list_done(&source.sets);
    }
}

/* Errors of file and command line come together. */
static void test_command_line_bad(void **state)
{
    struct settings_source source = {
        .config_file = DEFAULT_FILE, .unknown_keys = UNKNOWN_KEYS_WARN, .procfs = "/proc"};

    (void)state;
    add(&source, "web.pagee=1");
    add(&source, "web.page=1");
    assert_null(parse(&source, "{\"web\": {\"page\": 1}, \"new\": 1}",
                      "the.file:1: web.page: expected true or false, found a number\n"
                      "the.file:1: new: unknown key, passed over\n"
                      "command line: web.pagee: unknown key, did you mean \"page\"?\n"
                      "command line: web.page: \"1\": expected true or false\n"));
    string_list_done(&source.sets);
}

static void test_unknown_keys_warn(void **state)
{
    struct settings_source source = {
        .config_file = DEFAULT_FILE, .unknown_keys = UNKNOWN_KEYS_WARN, .procfs = "/proc"};
    struct settings *settings = parse(&source, "{\"new\": 1,\n\"web\": {\"newer\": 2, \"page\": false}}",
                                      "the.file:1: new: unknown key, passed over\n"
                                      "the.file:2: web.newer: unknown key, passed over\n");

    (void)state;
    assert_int_equal(settings->unknown_keys, 2);
    assert_false(settings->web.page);
    settings_unref(settings);
}

/* Only those that the command line names run, also beside a file that enables all. */
static void test_disable_defaults(void **state)
{
    struct settings_source source = {.disable_defaults = true, .procfs = "/proc"};
    struct settings *settings;
    size_t link = find_collector("link");

    (void)state;
    settings = parse(&source, NULL, "");
    for (size_t i = 0; i < collector_count; i++)
        assert_false(settings_collector(settings, i)->enabled);
    settings_unref(settings);
    add(&source, "collectors.link.enabled=true");
    settings = parse(&source, "{\"collectors\": {\"process\": {\"enabled\": true}}}", "");
    for (size_t i = 0; i < collector_count; i++)
        assert_int_equal(settings_collector(settings, i)->enabled, i == link);
    settings_unref(settings);
    string_list_done(&source.sets);
}

static void test_devices(void **state)
{
    struct settings *settings = good("{\"devices\": {\"include\": [\"eth*\"]},"
                                     "\"collectors\": {\"link\": {\"devices\": {\"exclude\": [\"lo\"]}}}}");
    size_t link = find_collector("link"), process = find_collector("process");
    const struct device_filter *own = settings_devices(settings, link);

    (void)state;
    assert_ptr_equal(settings_devices(settings, process), &settings->devices);
    assert_string_equal(settings->devices.include.items[0], "eth*");
    /* Its own replaces the global one whole. */
    assert_ptr_not_equal(own, &settings->devices);
    assert_string_equal(own->include.items[0], "*");
    assert_string_equal(own->exclude.items[0], "lo");
    assert_string_equal(own->exclude_kinds.items[0], "veth");
    settings_unref(settings);
}

struct change {
    const char *before, *after;
    bool link_equal, process_equal;
};

static const struct change changes[] = {
    {"{}", "{}", true, true},
    {"{}", "{\"web\": {\"page\": false}}", true, true},
    {"{}", "{\"collectors\": {\"link\": {\"interval\": \"1s\"}}}", true, true},
    {"{}", "{\"collectors\": {\"link\": {\"interval\": \"2s\"}}}", false, true},
    {"{}", "{\"collectors\": {\"process\": {\"max_age\": \"31s\"}}}", true, false},
    {"{}", "{\"devices\": {\"exclude\": [\"lo\"]}}", false, true}, /* process looks at no devices */
    {"{}", "{\"devices\": {\"exclude_kinds\": [\"veth\"]}}", true, true},
    /* The same filter, whether global or the collector's own. */
    {"{\"devices\": {\"exclude\": [\"lo\"]}}",
     "{\"collectors\": {\"link\": {\"devices\": {\"exclude\": [\"lo\"]}}}}", true, true},
    {"{\"devices\": {\"exclude\": [\"lo\"]}}",
     "{\"devices\": {\"exclude\": [\"lo\"]}, \"collectors\": {\"link\": {\"devices\": {\"include\": [\"*\"]}}}}",
     false, true},
    {"{}", "{\"collectors\": {\"link\": {\"devices\": {\"include\": [\"*\"]}}}}", true, true},
};

static void test_collector_equal(void **state)
{
    size_t link = find_collector("link"), process = find_collector("process");

    (void)state;
    for (size_t i = 0; i < ELEMENTS(changes); i++) {
        struct settings *before = good(changes[i].before), *after = good(changes[i].after);

        if (settings_collector_equal(before, after, link) != changes[i].link_equal ||
            settings_collector_equal(before, after, process) != changes[i].process_equal)
            fail_msg("change %zu", i);
        assert_int_equal(settings_collector_equal(after, before, link), changes[i].link_equal);
        settings_unref(before);
        settings_unref(after);
    }
}

static void test_restart_needed(void **state)
{
    struct settings *old = good("{}");
    struct settings *same = good("{\"web\": {\"request_timeout\": \"9s\", \"max_connections\": 1}}");
    struct settings *next = good("{\"web\": {\"listen\": [\":1\"], \"telemetry_path\": \"/m\","
                                 "\"max_connections\": 5}}");
    _cleanup_(buffer_done) struct buffer out = {};

    (void)state;
    assert_int_equal(settings_restart_needed(old, same, &out), 0);
    assert_int_equal(out.size, 0);
    assert_int_equal(settings_restart_needed(old, next, &out), 2);
    buffer_append(&out, "", 1);
    assert_string_equal(out.data, "web.listen, web.telemetry_path");
    /* Nothing half-applied: these as before, the rest new. */
    assert_string_equal(next->web.listen.items[0], ":10190");
    assert_string_equal(next->web.telemetry_path, "/metrics");
    assert_int_equal(next->web.max_connections, 5);
    settings_unref(old);
    settings_unref(same);
    settings_unref(next);
}

static void test_references(void **state)
{
    struct settings *settings = good(NULL);

    (void)state;
    assert_ptr_equal(settings_ref(settings), settings);
    assert_null(settings_unref(settings));
    assert_string_equal(settings->web.telemetry_path, "/metrics");
    assert_null(settings_unref(settings));
    assert_null(settings_unref(NULL));
}

static void load_fails(const char *path, const char *text)
{
    struct settings_source source = {.config_file = path, .procfs = "/proc"};
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;

    assert_int_equal(settings_load(&source, &settings, &messages), -EINVAL);
    assert_null(settings);
    buffer_append(&messages, "", 1);
    assert_string_equal(messages.data, text);
}

static void test_load(void **state)
{
    char path[] = "/tmp/test_settings.XXXXXX";
    struct settings_source source = {.config_file = path, .procfs = "/proc"};
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;
    _cleanup_(closep) int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"web\": {\"page\": false}}", 24), 24);
    assert_int_equal(settings_load(&source, &settings, &messages), 0);
    assert_int_equal(messages.size, 0);
    assert_false(settings->web.page);
    settings_unref(settings);
    unlink(path);
    load_fails("/nonexistent\n/x", "/nonexistent\\x0a/x: cannot open: No such file or directory\n");
    load_fails("/", "/: not a regular file\n");
}

/* Every file in the fixtures: good ones are accepted, each bad one says what its .messages file says. */
static void test_fixtures(void **state)
{
    static const char *const names[] = {"full", "many-mistakes"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        _cleanup_(buffer_done) struct buffer messages = {};
        _cleanup_(freep) char *expected = NULL;
        char path[4096], expected_path[4096 + 16];
        struct settings_source source = {.config_file = path, .procfs = "/proc"};
        struct settings *settings = NULL;
        size_t size = 0;
        const char *root = getenv("FIXTURES");

        (void)snprintf(path, sizeof(path), "%s/config/%s.json", root ? root : "tests/fixtures", names[i]);
        (void)snprintf(expected_path, sizeof(expected_path), "%s.messages", path);
        assert_int_equal(file_read(expected_path, JSON_SIZE_MAX, 0, &expected, &size, NULL), 0);
        assert_int_equal(settings_load(&source, &settings, &messages), size ? -EINVAL : 0);
        settings_unref(settings);
        /* The messages name the file; the fixture leaves that out. */
        for (char *at = messages.data, *end = at + messages.size; at && at < end; at++) {
            char *newline = memchr(at, '\n', (size_t)(end - at));
            size_t prefix = strlen(path) + 1, line = (size_t)(newline - at) + 1 - prefix;

            assert_memory_equal(at, path, prefix - 1);
            assert_true(size >= line);
            assert_memory_equal(at + prefix, expected, line);
            memmove(expected, expected + line, size -= line);
            at = newline;
        }
        assert_int_equal(size, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_default_intervals_divide_15_seconds),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_max_age),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_bad_address),
        cmocka_unit_test(test_command_line_wins),
        cmocka_unit_test(test_veth_is_left_out_by_default_on_the_host_only),
        cmocka_unit_test(test_command_line_bad),
        cmocka_unit_test(test_unknown_keys_warn),
        cmocka_unit_test(test_disable_defaults),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_collector_equal),
        cmocka_unit_test(test_restart_needed),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_fixtures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

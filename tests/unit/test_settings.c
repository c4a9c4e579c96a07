/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings: defaults, file and flags in their order, what is refused, what a reload compares. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "config/config_print.h"
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
    assert_false(settings->web.created);
    assert_int_equal(settings->web.max_connections, 256);
    assert_int_equal(settings->web.max_connections_per_address, 32);
    assert_int_equal(settings->web.idle_connections, 32);
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
    assert_true(settings_collector(settings, find_collector("process"))->interval_ns == 15 * NS_PER_SECOND);
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
    {"{\"web\": {\"listen\": [\":1\", \":2\", \":3\", \":4\", \":5\", \":6\", \":7\", \":8\", \":9\", \":10\","
     " \":11\", \":12\", \":13\", \":14\", \":15\", \":16\", \":17\"]}}",
     "the.file:1: web.listen: 17 items, allowed are 0 to 16\n"},
    {"{\"web\": {\"listen\": [\":1\", \":2\", \":1\"]}}", "the.file:1: web.listen: \":1\" is there twice\n"},
    {"{\"web\": {\"telemetry_path\": \"metrics\"}}",
     "the.file:1: web.telemetry_path: \"metrics\": must begin with / and name something\n"},
    {"{\"web\": {\"telemetry_path\": \"\"}}",
     "the.file:1: web.telemetry_path: \"\": must begin with / and name something\n"},
    {"{\"web\": {\"telemetry_path\": \"/\"}}",
     "the.file:1: web.telemetry_path: \"/\": must begin with / and name something\n"},
    {"{\"web\": {\"telemetry_path\": \"/-/healthy\"}}",
     "the.file:1: web.telemetry_path: \"/-/healthy\": /-/ is taken by /-/healthy and /-/ready\n"},
    {"{\"web\": {\"node_exporter_path\": \"node\"}}",
     "the.file:1: web.node_exporter_path: \"node\": must begin with / and name something\n"},
    {"{\"web\": {\n\"node_exporter_path\": \"/metrics\"}}",
     "the.file:2: web.node_exporter_path: \"/metrics\" is web.telemetry_path too: give it another\n"},
    {"{\"web\": {\"telemetry_path\": \"/a?b\"}}",
     "the.file:1: web.telemetry_path: \"/a?b\": only letters, digits and /._~- are allowed\n"},
    {"{\"web\": {\"local_socket\": \"s\"}}",
     "the.file:1: web.local_socket: \"s\": must be an absolute path, which begins with /\n"},
    {"{\"web\": {\"local_socket\": \"@s\"}}",
     "the.file:1: web.local_socket: \"@s\": must be an absolute path, which begins with /\n"},
    {"{\"web\": {\"max_connections\": 65537}}",
     "the.file:1: web.max_connections: \"65537\": out of range: 1 to 65536\n"},
    {"{\"web\": {\"request_timeout\": \"301s\"}}",
     "the.file:1: web.request_timeout: \"301s\": out of range: 1s to 5m\n"},
    {"{\"collectors\": {\"link\": {\"columns\": \"some\"}}}",
     "the.file:1: collectors.link.columns: \"some\": expected \"all\" or \"loss\"\n"},
    {"{\"collectors\": {\"process\": {\"devices\": {}}}}",
     "the.file:1: collectors.process.devices: unknown key, there are enabled, interval, max_age\n"}, /* it
                                                                                                        looks
                                                                                                        at
                                                                                                        none
                                                                                                      */
    {"{\"collectors\": {\"drop_monitor\": {\n\"record_addresses\": \"prefixes\"}}}",
     "the.file:2: collectors.drop_monitor.record_addresses: needs web.users_file, which is not set\n"},
    {"{\"web\": {\"tls\": {\n\"certificate\": \"/c\"}}}",
     "the.file:2: web.tls.certificate: needs web.tls.key, which is not set\n"},
    {"{\"web\": {\"tls\": {\n\"key\": \"/k\",\n\"client_ca\": \"/a\"}}}",
     "the.file:2: web.tls.key: needs web.tls.certificate, which is not set\n"
     "the.file:3: web.tls.client_ca: needs web.tls.certificate, which is not set\n"},
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
    {"{}", "{\"collectors\": {\"link\": {\"interval\": \"15s\"}}}", true, true},
    {"{}", "{\"collectors\": {\"link\": {\"interval\": \"2s\"}}}", false, true},
    {"{}", "{\"collectors\": {\"process\": {\"max_age\": \"46s\"}}}", true, false},
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

/* As long as the kernel takes. */
static void test_length_of_local_socket(void **state)
{
    char text[200];

    (void)state;
    for (size_t size = 107; size <= 108; size++) {
        struct settings *settings = NULL;
        _cleanup_(buffer_done) struct buffer messages = {};
        int length =
            snprintf(text, sizeof(text), "{\"web\": {\"local_socket\": \"/%0*d\"}}", (int)size - 1, 0);
        struct settings_source source = {.procfs = "/proc"};

        assert_int_equal(settings_parse(&source, text, (size_t)length, &settings, &messages),
                         size == 107 ? 0 : -EINVAL);
        settings_unref(settings);
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

static void load_fails(const char *path, int error, const char *text)
{
    struct settings_source source = {.config_file = path, .procfs = "/proc"};
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;

    assert_int_equal(settings_load(&source, &settings, &messages), error);
    assert_null(settings);
    buffer_append(&messages, "", 1);
    assert_string_equal(messages.data, text);
}

/* Prints what holds, in the lines that do not come from defaults. */
static void origins_are(const struct settings_source *source, const char *text, const char *expected)
{
    struct settings *settings = parse(source, text, "");
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(settings, &count);
    _cleanup_(buffer_done) struct buffer printed = {}, shown = {};

    config_print_text(bindings, count, &printed);
    buffer_append(&printed, "", 1);
    for (char *rest = printed.data, *line; (line = strsep(&rest, "\n")) && *line;) {
        char key[KEY_PATH_MAX], origin[KEY_PATH_MAX];

        assert_int_equal(sscanf(line, "%255s %255s", key, origin), 2);
        if (strcmp(origin, "default") != 0 && strcmp(origin, "FROM") != 0 && !strstr(line, "three intervals"))
            buffer_printf(&shown, "%s\n", line);
    }
    buffer_append(&shown, "", 1);
    assert_string_equal(shown.data, expected);
    settings_unref(settings);
}

/* Each value with what set it last; a section that inherits, with what it inherits, until something sets it.
 */
static void test_origins(void **state)
{
    struct settings_source source = {
        .config_file = DEFAULT_FILE, .procfs = "/proc", .host_network = HOST_NETWORK_NO};

    (void)state;
    add(&source, "web.page=false");
    add(&source, "collectors.link.devices.exclude=a,b");
    add(&source, "collectors.ethtool.devices.exclude=");
    add(&source, "collectors.drop_monitor.devices.include=c");
    origins_are(&source,
                "{\"web\": {\"page\": true,\n\"telemetry_path\": \"/m\"},\n\"devices\": {\"include\": "
                "[\"e*\"]},\n\"collectors\": {\"process\": {\"interval\": \"20s\"}}}",
                "web.telemetry_path                             the.file:2                /m\n"
                "web.page                                       command line              false\n"
                "devices.include                                the.file:3                e*\n"
                "devices.exclude_kinds                          not the host's network    \"\"\n"
                "collectors.link.devices.exclude                command line              a,b\n"
                "collectors.ethtool.devices.exclude             command line              \"\"\n"
                "collectors.qdisc.devices.include               as devices.include        e*\n"
                "collectors.qdisc.devices.exclude               as devices.exclude        \"\"\n"
                "collectors.qdisc.devices.exclude_kinds         as devices.exclude_kinds  \"\"\n"
                "collectors.drop_monitor.devices.include        command line              c\n"
                "collectors.process.interval                    the.file:4                20s\n");
    string_list_done(&source.sets);
}

static void test_collector_chosen(void **state)
{
    struct settings *settings = good("{\"collectors\": {\"link\": {\"enabled\": true}, \"snmp\": "
                                     "{\"interval\": \"1s\"}}}");

    (void)state;
    for (size_t i = 0; i < collector_count; i++)
        assert_int_equal(settings_collector_chosen(settings, i), i == find_collector("link"));
    settings_unref(settings);
}

static void check_page_packets(const char *web, const char *drop_monitor, bool expected)
{
    char text[256];
    struct settings *settings;

    (void)snprintf(text, sizeof(text), "{\"web\": {%s}, \"collectors\": {\"drop_monitor\": {%s}}}", web,
                   drop_monitor);
    settings = good(text);
    assert_int_equal(settings_page_packets(settings), expected);
    settings_unref(settings);
}

static void test_packets_of_the_page(void **state)
{
    const char *users = "\"users_file\": \"/u\"", *prefixes = "\"record_addresses\": \"prefixes\"";

    (void)state;
    check_page_packets("", "", false);
    check_page_packets(users, "", false);
    check_page_packets("", "\"record_addresses\": \"local\"", false);
    check_page_packets(users, prefixes, true);
    check_page_packets(users, "\"record_addresses\": \"prefixes\", \"record\": \"off\"", false);
    check_page_packets(users, "\"record_addresses\": \"prefixes\", \"enabled\": false", false);
}

/* A directory of its own, with the file "c.json" in it. */
struct place {
    char directory[32], file[64];
};

static void put(const struct place *place, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", place->directory, name);
    file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void below(const struct place *place, const char *name, char path[256])
{
    (void)snprintf(path, 256, "%s/%s", place->directory, name);
}

static int setup(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    char path[256];

    assert_non_null(place);
    (void)snprintf(place->directory, sizeof(place->directory), "/tmp/test_settings.XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    (void)snprintf(place->file, sizeof(place->file), "%s/c.json", place->directory);
    put(place, "c.json", "{\"web\": {\"page\": false}}");
    below(place, "conf.d", path);
    assert_int_equal(mkdir(path, 0755), 0);
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    char command[64];

    (void)snprintf(command, sizeof(command), "rm -rf %s", place->directory);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    free(place);
    return 0;
}

/* Loads it, and compares the messages, in which ~ stands for the directory. */
static struct settings *load(const struct place *place, int error, const char *expected)
{
    struct settings_source source = {.config_file = place->file, .procfs = "/proc"};
    _cleanup_(buffer_done) struct buffer messages = {}, shown = {};
    struct settings *settings = NULL;

    assert_int_equal(settings_load(&source, &settings, &messages), error);
    buffer_append(&messages, "", 1);
    for (const char *at = messages.data; *at; at++) {
        size_t size = strlen(place->directory);

        if (strncmp(at, place->directory, size) == 0) {
            buffer_text(&shown, "~");
            at += size - 1;
        } else {
            buffer_append(&shown, at, 1);
        }
    }
    buffer_append(&shown, "", 1);
    assert_string_equal(shown.data, expected);
    assert_int_equal(settings == NULL, error != 0);
    return settings;
}

static void test_load(void **state)
{
    struct settings *settings = load(*state, 0, "");

    assert_false(settings->web.page);
    assert_int_equal(settings->files.count, 1);
    settings_unref(settings);
    load_fails("/nonexistent\n/x", -ENOENT, "/nonexistent\\x0a/x: cannot open: No such file or directory\n");
    load_fails("/", -EINVAL, "/: not a regular file\n");
}

/* Key by key; a list is replaced; what comes later wins, in bytewise order. What is left behind is left out.
 */
static void test_directory(void **state)
{
    static const char *const passed_over[] = {".hidden.json",   "a.json.dpkg-new", "a.json.dpkg-old",
                                              "a.json.rpmsave", "a.json~",         "a.conf",
                                              ".json",          "README"};
    const struct place *place = *state;
    struct settings *settings;

    for (size_t i = 0; i < ELEMENTS(passed_over); i++) {
        char name[64];

        (void)snprintf(name, sizeof(name), "conf.d/%s", passed_over[i]);
        put(place, name, "not JSON");
    }
    put(place, "c.json",
        "{\"web\": {\"page\": false, \"max_connections\": 1, \"listen\": [\":1\", \":2\"]}}");
    put(place, "conf.d/b.json", "{\"web\": {\"max_connections\": 3, \"listen\": [\":3\"]}}");
    put(place, "conf.d/B.json", "{\"web\": {\"max_connections\": 2, \"idle_connections\": 2}}");
    put(place, "conf.d/\xc3\xa4.json", "{\"web\": {\"request_timeout\": \"4s\"}}");
    settings = load(place, 0, "");
    assert_false(settings->web.page);
    assert_int_equal(settings->web.max_connections, 3);
    assert_int_equal(settings->web.idle_connections, 2);
    assert_true(settings->web.request_timeout_ns == 4 * NS_PER_SECOND);
    assert_int_equal(settings->web.listen.count, 1);
    assert_string_equal(settings->web.listen.items[0], ":3");
    assert_int_equal(settings->files.count, 4);
    settings_unref(settings);
}

/* All that is wrong, with its file and line, and what cannot be read before what is wrong in what can. */
static void test_directory_bad(void **state)
{
    const struct place *place = *state;
    char path[256];

    put(place, "conf.d/1.json", "{\"web\": {\n\"page\": 1}}");
    put(place, "conf.d/2\n.json", "{\"new\": 1}");
    put(place, "conf.d/3.json", "");
    assert_null(load(place, -EINVAL,
                     "~/conf.d/1.json:2: web.page: expected true or false, found a number\n"
                     "~/conf.d/2\\x0a.json:1: new: unknown key, there are web, devices, loss, collectors\n"
                     "~/conf.d/3.json:1: expected a value, found the end of the file\n"));
    below(place, "conf.d/4.json", path);
    assert_int_equal(mkfifo(path, 0644), 0);
    below(place, "conf.d/5.json", path);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_null(load(place, -EINVAL,
                     "~/conf.d/4.json: not a regular file\n"
                     "~/conf.d/5.json: not a regular file\n"));
    below(place, "conf.d/6.json", path);
    assert_int_equal(symlink("nowhere", path), 0);
    unlink(place->file);
    assert_null(load(place, -EINVAL,
                     "~/c.json: cannot open: No such file or directory\n"
                     "~/conf.d/4.json: not a regular file\n"
                     "~/conf.d/5.json: not a regular file\n"
                     "~/conf.d/6.json: cannot open: No such file or directory\n"));
}

/* A file of it that is on a mount that comes late, and the directory itself. */
static void test_directory_links(void **state)
{
    const struct place *place = *state;
    char path[256];

    below(place, "conf.d/1.json", path);
    assert_int_equal(symlink("../elsewhere", path), 0);
    assert_null(load(place, -ENOENT, "~/conf.d/1.json: cannot open: No such file or directory\n"));
    put(place, "elsewhere", "{\"web\": {\"page\": true}}");
    settings_unref(load(place, 0, ""));
    unlink(path);
    below(place, "conf.d", path);
    assert_int_equal(rmdir(path), 0);
    settings_unref(load(place, 0, ""));
    assert_int_equal(symlink("nowhere", path), 0);
    assert_null(load(place, -ENOENT, "~/conf.d: cannot read the directory: No such file or directory\n"));
    unlink(path);
    put(place, "conf.d", "{}");
    assert_null(load(place, -EINVAL, "~/conf.d: cannot read the directory: Not a directory\n"));
}

static void test_directory_limits(void **state)
{
    const struct place *place = *state;
    char path[256];

    for (int i = 0; i < CONFIG_FILES_MAX; i++) {
        (void)snprintf(path, sizeof(path), "conf.d/%d.json", i);
        put(place, path, "{}");
    }
    settings_unref(load(place, 0, ""));
    put(place, "conf.d/more.json", "{}");
    assert_null(load(place, -EINVAL, "~/conf.d: more than the 64 files that it may hold\n"));
    below(place, "conf.d/more.json", path);
    unlink(path);
    below(place, "conf.d/7.json", path);
    assert_int_equal(truncate(path, JSON_SIZE_MAX + 1), 0);
    assert_null(load(place, -EINVAL, "~/conf.d/7.json: larger than the limit of 1048576 bytes\n"));
}

/* As its contract says that a shell would: the named file alone; with others, all of them and their names. */
static void test_directory_hash(void **state)
{
    const struct place *place = *state;
    char command[256], expected[2][CONFIG_HASH_SIZE], before[CONFIG_HASH_SIZE];
    FILE *pipe;
    struct settings *settings = load(place, 0, "");

    memcpy(before, settings->sha256, sizeof(before));
    settings_unref(settings);
    put(place, "conf.d/10-\xc3\xa4.json", "{}");
    put(place, "conf.d/9.json", "{\"web\": {}}");
    (void)snprintf(command, sizeof(command),
                   "cd %s; sha256sum c.json; (LC_ALL=C; sha256sum c.json conf.d/?*.json) | sha256sum",
                   place->directory);
    pipe = popen(command, "re"); /* NOLINT(cert-env33-c) */
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%64s %*s %64s", expected[0], expected[1]), 2);
    assert_int_equal(pclose(pipe), 0);
    assert_string_equal(before, expected[0]);
    settings = load(place, 0, "");
    assert_string_equal(settings->sha256, expected[1]);
    settings_unref(settings);
}

/* Every file in the fixtures: good ones are accepted, each bad one says what its .messages file says. */
static void test_fixtures(void **state)
{
    static const char *const names[] = {"full", "many-mistakes", "shipped-0.1.0"};

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
        for (char *at = messages.data, *end = array_end(at, messages.size); at < end; at++) {
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
        cmocka_unit_test(test_length_of_local_socket),
        cmocka_unit_test(test_restart_needed),
        cmocka_unit_test(test_references),
        cmocka_unit_test_setup_teardown(test_load, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory_links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_directory_hash, setup, teardown),
        cmocka_unit_test(test_origins),
        cmocka_unit_test(test_collector_chosen),
        cmocka_unit_test(test_packets_of_the_page),
        cmocka_unit_test(test_fixtures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

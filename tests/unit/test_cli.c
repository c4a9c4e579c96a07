/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: every flag, what is wrong with one, and what --help holds. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/config.h"
#include "daemon/cli/cli.h"
#include "tests/unit/unit.h"

enum { FLAGS_MAX = 8 };

/* Parses flags (up to a NULL) behind a program name. */
static int parse(const char *const *flags, struct cli *ret_cli, struct buffer *message)
{
    char *argv[FLAGS_MAX + 2] = {(char *)"netdrop-exporter"};
    int argc = 1;

    for (; *flags && argc <= FLAGS_MAX; flags++)
        argv[argc++] = (char *)*flags;
    return cli_parse(argc, argv, ret_cli, message);
}

static struct cli good(const char *const *flags)
{
    _cleanup_(buffer_done) struct buffer message = {};
    struct cli cli = {};

    assert_int_equal(parse(flags, &cli, &message), 0);
    assert_int_equal(message.size, 0);
    return cli;
}

#define GOOD(...) good((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void test_defaults(void **state)
{
    struct cli cli = GOOD();

    (void)state;
    assert_int_equal(cli.command, COMMAND_RUN);
    assert_true(cli.once_ns == NS_PER_SECOND);
    assert_int_equal(cli.log_level, LOG_LEVEL_INFO);
    assert_null(cli.source.config_file);
    assert_int_equal(cli.source.sets.count, 0);
    assert_int_equal(cli.source.unknown_keys, UNKNOWN_KEYS_ERROR);
    assert_false(cli.source.disable_defaults);
    assert_false(cli.source.systemd_socket);
    assert_string_equal(cli.source.procfs, "/proc");
    cli_done(&cli);
}

static void test_no_arguments_at_all(void **state)
{
    char *argv[] = {NULL};
    struct cli cli = {};

    (void)state;
    assert_int_equal(cli_parse(0, argv, &cli, NULL), 0);
    assert_int_equal(cli.command, COMMAND_RUN);
    cli_done(&cli);
}

static void test_values(void **state)
{
    struct cli cli = GOOD("--config.file=/a=b", "--config.unknown-keys", "warn", "--path.procfs=/p",
                          "--log.level=debug", "--collector.disable-defaults", "--web.systemd-socket");

    (void)state;
    assert_string_equal(cli.source.config_file, "/a=b");
    assert_int_equal(cli.source.unknown_keys, UNKNOWN_KEYS_WARN);
    assert_string_equal(cli.source.procfs, "/p");
    assert_int_equal(cli.log_level, LOG_LEVEL_DEBUG);
    assert_true(cli.source.disable_defaults);
    assert_true(cli.source.systemd_socket);
    cli_done(&cli);
    cli = GOOD("--log.level", "error", "--log.level=warn", "--config.file", "/f");
    assert_int_equal(cli.log_level, LOG_LEVEL_WARN);
    assert_string_equal(cli.source.config_file, "/f");
    cli_done(&cli);
    cli = GOOD("--log.level=info");
    assert_int_equal(cli.log_level, LOG_LEVEL_INFO);
    cli_done(&cli);
    cli = GOOD("--log.level=error");
    assert_int_equal(cli.log_level, LOG_LEVEL_ERROR);
    cli_done(&cli);
}

static void test_commands(void **state)
{
    static const struct {
        const char *flag;
        enum command command;
    } rows[] = {{"--once", COMMAND_ONCE},
                {"--report", COMMAND_REPORT},
                {"--watch", COMMAND_WATCH},
                {"--capture=f", COMMAND_CAPTURE},
                {"--check-config", COMMAND_CHECK_CONFIG},
                {"--print-config", COMMAND_PRINT_CONFIG},
                {"--list-collectors", COMMAND_LIST_COLLECTORS},
                {"--self-test", COMMAND_SELF_TEST},
                {"--version", COMMAND_VERSION},
                {"--help", COMMAND_HELP},
                {"-h", COMMAND_HELP}};
    struct cli cli;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cli = GOOD(rows[i].flag);
        assert_int_equal(cli.command, rows[i].command);
        cli_done(&cli);
    }
    cli = GOOD("--once=250ms");
    assert_int_equal(cli.command, COMMAND_ONCE);
    assert_true(cli.once_ns == NS_PER_SECOND / 4);
    cli_done(&cli);
    cli = GOOD("--report=json");
    assert_int_equal(cli.command, COMMAND_REPORT);
    assert_int_equal(cli.report_format, 1);
    cli_done(&cli);
    cli = GOOD("--print-config=json");
    assert_int_equal(cli.command, COMMAND_PRINT_CONFIG);
    assert_int_equal(cli.config_format, 1);
    cli_done(&cli);
    cli = GOOD("--once", "--help", "--check-config");
    assert_int_equal(cli.command, COMMAND_HELP);
    cli_done(&cli);
    cli = GOOD("--once", "--once=2s");
    assert_true(cli.once_ns == 2 * NS_PER_SECOND);
    cli_done(&cli);
}

/* Flags that stand for keys keep their order; addresses are one list, last. */
static void test_sets(void **state)
{
    static const char *const expected[] = {
        "web.page=false",
        "web.telemetry_path=/m",
        "collectors.link.enabled=true",
        "collectors.process.enabled=false",
        "web.listen=:1,[::1]:2",
    };
    struct cli cli = GOOD("--web.listen-address=:1", "--set=web.page=false", "--web.telemetry-path=/m",
                          "--collector.link", "--no-collector.process", "--web.listen-address", "[::1]:2");

    (void)state;
    assert_int_equal(cli.source.sets.count, ELEMENTS(expected));
    for (size_t i = 0; i < ELEMENTS(expected); i++)
        assert_string_equal(cli.source.sets.items[i], expected[i]);
    cli_done(&cli);
    cli = GOOD("--set", "devices.exclude_kinds=");
    assert_string_equal(cli.source.sets.items[0], "devices.exclude_kinds=");
    cli_done(&cli);
}

/* What flags stand for must be keys that exist. */
static void test_sets_are_settings(void **state)
{
    struct cli cli = GOOD("--web.listen-address=:1", "--web.telemetry-path=/m", "--no-collector.link");
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;

    (void)state;
    assert_int_equal(settings_parse(&cli.source, NULL, 0, &settings, &messages), 0);
    assert_string_equal(settings->web.telemetry_path, "/m");
    assert_string_equal(settings->web.listen.items[0], ":1");
    settings_unref(settings);
    cli_done(&cli);
}

struct wrong {
    const char *flags[4];
    const char *message;
};

#define COLLECTORS "link, ethtool, snmp, softnet, conntrack, qdisc, sockets, drop_monitor, netns, process"

static void test_packets(void **state)
{
    struct cli cli = GOOD("--watch", "udp", "--log.level=warn", "port 53", "and", "not (host a)");

    (void)state;
    assert_string_equal(cli.packets.filter.data, "udp port 53 and not (host a)");
    assert_false(cli.packets.plain);
    assert_int_equal(cli.packets.for_ns, UINT64_MAX);
    assert_int_equal(cli.packets.count, UINT64_MAX);
    cli_done(&cli);
    cli = GOOD("--for=0s", "--watch");
    assert_true(cli.packets.plain); /* a list of a length */
    assert_int_equal(cli.packets.for_ns, 0);
    assert_int_equal(cli.packets.filter.size, 0);
    cli_done(&cli);
    cli = GOOD("--capture", "-", "--count=7", "ip6");
    assert_string_equal(cli.packets.capture, "-");
    assert_string_equal(cli.packets.filter.data, "ip6");
    assert_int_equal(cli.packets.count, 7);
    cli_done(&cli);
}

static const struct wrong wrong[] = {
    {{"serve"}, "unexpected argument \"serve\": there are only flags, see --help\n"},
    {{""}, "unexpected argument \"\": there are only flags, see --help\n"},
    {{"--web.listn-address=:1"}, "unknown flag --web.listn-address=:1, did you mean --web.listen-address?\n"},
    {{"-config.file=x"}, "unknown flag -config.file=x, did you mean --config.file?\n"},
    {{"--web.telemetry=/m"}, "unknown flag --web.telemetry=/m, did you mean --web.telemetry-path?\n"},
    {{"--collector.lnik"}, "unknown flag --collector.lnik, did you mean --collector.link?\n"},
    {{"--no-collector.lnik"}, "unknown flag --no-collector.lnik, did you mean --no-collector.link?\n"},
    {{"--collector.NAME"}, "unknown flag --collector.NAME, the collectors are " COLLECTORS "\n"},
    {{"--no-collector.netdev"}, "unknown flag --no-collector.netdev, the collectors are " COLLECTORS "\n"},
    {{"--collector.no-link"}, "unknown flag --collector.no-link, the collectors are " COLLECTORS "\n"},
    /* Never one that says the opposite. */
    {{"--collector.link=true"},
     "--collector.link=true takes no value: --collector.link runs it, --no-collector.link does not\n"},
    {{"--collector.link=false"},
     "--collector.link=false takes no value: --collector.link runs it, --no-collector.link does not\n"},
    {{"--no-collector.lnik=1"},
     "--no-collector.lnik=1 takes no value: --collector.link runs it, --no-collector.link does not\n"},
    {{"--collector.disable-default=1"},
     "unknown flag --collector.disable-default=1, did you mean --collector.disable-defaults?\n"},
    {{"--collector.disable-default"},
     "unknown flag --collector.disable-default, did you mean --collector.disable-defaults?\n"},
    {{"--web.config.file=x"},
     "there is no --web.config.file here: HTTPS and passwords are keys of the configuration: "
     "web.tls.certificate, web.tls.key, web.tls.client_ca, web.users_file\n"},
    {{"-web.config.file", "x"},
     "there is no --web.config.file here: HTTPS and passwords are keys of the configuration: "
     "web.tls.certificate, web.tls.key, web.tls.client_ca, web.users_file\n"},
    {{"--collector.netdev.device-exclude=^veth"},
     "there is no --collector.netdev.device-exclude here: set devices.exclude, a list of globs, for every "
     "collector\n"},
    {{"--hepl"}, "unknown flag --hepl, did you mean --help?\n"},
    {{"--xyzzy"}, "unknown flag --xyzzy, see --help\n"},
    {{"--x\ny"}, "unknown flag --x\\x0ay, see --help\n"},
    {{"-x"}, "unknown flag -x, see --help\n"},
    {{"--"}, "unknown flag --, see --help\n"},
    {{"-"}, "unknown flag -, see --help\n"},
    {{"--=1"}, "unknown flag --=1, see --help\n"},
    {{"--set"}, "--set wants a value: --set=KEY=VALUE\n"},
    {{"--set", "--check-config"}, "--set wants a value: --set=KEY=VALUE\n"},
    {{"--config.file"}, "--config.file wants a value: --config.file=PATH\n"},
    {{"--config.file="}, "--config.file: the PATH is empty\n"},
    {{"--check-config=yes"}, "--check-config takes no value\n"},
    {{"--web.systemd-socket=1"}, "--web.systemd-socket takes no value\n"},
    {{"--log.level=loud"}, "--log.level: \"loud\": expected \"error\", \"warn\", \"info\" or \"debug\"\n"},
    {{"--config.unknown-keys=ignore"}, "--config.unknown-keys: \"ignore\": expected \"error\" or \"warn\"\n"},
    {{"--once=5"}, "--once: \"5\": expected one whole number and one unit (ms, s, m or h), like \"10s\"\n"},
    {{"--once=2h"}, "--once: \"2h\": out of range: 0ms to 1h\n"},
    {{"--once", "5s"}, "unexpected argument \"5s\": there are only flags, see --help\n"},
    {{"--once", "--check-config"},
     "--check-config: only one of --once, --report, --watch, --capture, --check-config, --print-config, --list-collectors, --self-test\n"},
    {{"--watch", "--capture=f"},
     "--capture: only one of --once, --report, --watch, --capture, --check-config, --print-config, --list-collectors, --self-test\n"},
    {{"--capture"}, "--capture wants a value: --capture=FILE\n"},
    {{"--capture="}, "--capture: the FILE is empty\n"},
    {{"--plain"}, "--plain is for --watch\n"},
    {{"--capture=f", "--plain"}, "--plain is for --watch\n"},
    {{"--report", "--for=5s"}, "--for and --count are for --watch and --capture\n"},
    {{"--count=1"}, "--for and --count are for --watch and --capture\n"},
    {{"--watch", "--count=0"}, "--count: \"0\": out of range: 1 to 18446744073709551614\n"},
    {{"--print-config=yaml"}, "--print-config: \"yaml\": expected \"text\" or \"json\"\n"},
    {{"--web.systemd-socket", "--web.listen-address=:1"},
     "--web.systemd-socket excludes --web.listen-address (and --set=web.listen)\n"},
    {{"--set=web.listen=:1", "--web.systemd-socket"},
     "--web.systemd-socket excludes --web.listen-address (and --set=web.listen)\n"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(wrong); i++) {
        _cleanup_(buffer_done) struct buffer message = {};
        struct cli cli = {.command = 77};

        assert_int_equal(parse(wrong[i].flags, &cli, &message), -EINVAL);
        buffer_append(&message, "", 1);
        assert_string_equal(message.data, wrong[i].message);
        assert_int_equal(cli.command, 77); /* untouched */
    }
}

static bool holds(const struct buffer *text, const char *word)
{
    return memmem(text->data, text->size, word, strlen(word)) != NULL;
}

/* Every flag, every collector, every key with its default; and lines that fit. */
static void test_help(void **state)
{
    static const char *const words[] = {
        "--config.file=PATH",
        "--set=KEY=VALUE",
        "--config.unknown-keys=error|warn",
        "--web.listen-address",
        "--web.telemetry-path",
        "--web.local-socket",
        "--web.systemd-socket",
        "--collector.NAME",
        "--no-collector.NAME",
        "--collector.disable-defaults",
        "--path.procfs=PATH",
        "--log.level",
        "--once[=DURATION]",
        "--check-config",
        "--print-config[=text|json]",
        "--list-collectors",
        "--self-test",
        "--version",
        "--help",
        "web.max_connections ",
        "(256; 1 to 65536)",
    };
    _cleanup_(buffer_done) struct buffer text = {};
    _cleanup_(freep) struct config_binding *bindings = NULL;
    size_t count, line = 0;

    (void)state;
    cli_help(&text);
    assert_int_equal(text.error, 0);
    for (size_t i = 0; i < ELEMENTS(words); i++)
        assert_true(holds(&text, words[i]));
    bindings = settings_bindings(NULL, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < bindings[i].table->count; j++) {
            char key[KEY_PATH_MAX];

            key_path(key, bindings[i].section, bindings[i].table->options[j].key);
            assert_true(holds(&text, key));
        }
    for (size_t i = 0; i < collector_count; i++)
        assert_true(holds(&text, collectors[i]->name));
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] != '\n')
            continue;
        assert_true(i - line <= 110);
        assert_true(i == line || text.data[i - 1] != ' ');
        line = i + 1;
    }
    assert_int_equal(line, text.size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults), cmocka_unit_test(test_no_arguments_at_all),
        cmocka_unit_test(test_values),   cmocka_unit_test(test_commands),
        cmocka_unit_test(test_sets),     cmocka_unit_test(test_sets_are_settings),
        cmocka_unit_test(test_packets),  cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/cli/cli_flags.h"

/* The table of all flags. Constant data; main thread. */

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/clock.h"

static const char *const unknown_keys[] = {"error", "warn", NULL};
static const char *const report_formats[] = {"text", "json", NULL}; /* in the order of enum report_format */
static const char *const config_formats[] = {"text", "json", NULL}; /* in the order of enum config_format */
static const char *const log_levels[] = {"error", "warn", "info", "debug",
                                         NULL}; /* in the order of enum log_level */

static const struct option unknown_keys_option = {
    .type = OPTION_CHOICE, .offset = offsetof(struct cli, source.unknown_keys), .choices = unknown_keys};
static const struct option log_level_option = {
    .type = OPTION_CHOICE, .offset = offsetof(struct cli, log_level), .choices = log_levels};
static const struct option once_option = {
    .type = OPTION_DURATION, .offset = offsetof(struct cli, once_ns), .max = 3600 * NS_PER_SECOND};

static const struct option report_option = {
    .type = OPTION_CHOICE, .offset = offsetof(struct cli, report_format), .choices = report_formats};
static const struct option print_config_option = {
    .type = OPTION_CHOICE, .offset = offsetof(struct cli, config_format), .choices = config_formats};

static const struct option for_option = {.type = OPTION_DURATION,
                                         .offset = offsetof(struct cli, packets.for_ns)};
static const struct option count_option = {
    .type = OPTION_UINT, .offset = offsetof(struct cli, packets.count), .min = 1, .max = UINT64_MAX - 1};

const struct flag cli_flags[] = {
    {.group = "What to do instead of serving",
     .name = "once",
     .argument = "[DURATION]",
     .help = "collect once, print the metrics and exit; collectors that count while they listen do"
             " so for DURATION (1s)",
     .type = FLAG_COMMAND,
     .command = COMMAND_ONCE,
     .option = &once_option},
    {.name = "report",
     .argument = "[text|json]",
     .help = "print what is lost now, where, why and what to do; asks the running service, or else"
             " looks for a few seconds itself",
     .type = FLAG_COMMAND,
     .command = COMMAND_REPORT,
     .option = &report_option},
    {.name = "watch",
     .help = "show dropped packets live, as the running service records them; a filter in "
             "tcpdump's language may follow: --watch udp port 53",
     .type = FLAG_COMMAND,
     .command = COMMAND_WATCH},
    {.name = "capture",
     .argument = "FILE",
     .help = "write them to a pcapng file for Wireshark, with the reasons as comments; - is "
             "standard output",
     .type = FLAG_COMMAND,
     .command = COMMAND_CAPTURE,
     .offset = offsetof(struct cli, packets.capture)},
    {.name = "check-config",
     .help = "say what is wrong with the configuration and where; exit 0 or 2",
     .type = FLAG_COMMAND,
     .command = COMMAND_CHECK_CONFIG},
    {.name = "print-config",
     .argument = "[text|json]",
     .help = "print each key with its value and where that comes from; as json, a complete "
             "configuration file; exit 0 or 2",
     .type = FLAG_COMMAND,
     .command = COMMAND_PRINT_CONFIG,
     .option = &print_config_option},
    {.name = "list-collectors",
     .help = "print what each collector needs, whether it can run here, and how many series it "
             "has, or would have with other options",
     .type = FLAG_COMMAND,
     .command = COMMAND_LIST_COLLECTORS},
    {.name = "self-test",
     .help = "print what this host can and cannot do: run each collector once, drop a few packets "
             "in a network namespace of its own, and check that they are counted; exit 0, or 1 if "
             "something that is switched on does not work",
     .type = FLAG_COMMAND,
     .command = COMMAND_SELF_TEST},
    {.name = "version", .help = "print the version", .type = FLAG_COMMAND, .command = COMMAND_VERSION},
    {.name = "help", .help = "print this text (also -h)", .type = FLAG_COMMAND, .command = COMMAND_HELP},

    {.group = "Packets, with --watch and --capture",
     .name = "plain",
     .help = "--watch prints a line for each packet, as it does anyway if its output is no "
             "terminal",
     .type = FLAG_TRUE,
     .offset = offsetof(struct cli, packets.plain)},
    {.name = "for",
     .argument = "DURATION",
     .help = "end after this time; 0s: show only what is recorded already",
     .type = FLAG_OPTION,
     .option = &for_option},
    {.name = "count",
     .argument = "N",
     .help = "end after so many packets",
     .type = FLAG_OPTION,
     .option = &count_option},

    {.group = "Configuration",
     .name = "config.file",
     .argument = "PATH",
     .help = "the configuration file (" NETDROP_DEFAULT_CONFIG
             " if it exists); conf.d/*.json beside it is read after it",
     .type = FLAG_TEXT,
     .offset = offsetof(struct cli, source.config_file)},
    {.name = "set",
     .argument = "KEY=VALUE",
     .help = "set a key of the configuration, as listed below; repeatable; a list is "
             "comma-separated",
     .type = FLAG_SET},
    {.name = "config.unknown-keys",
     .argument = "error|warn",
     .help = "how an unknown key in a file counts (error); warn is for fleets of mixed versions",
     .type = FLAG_OPTION,
     .option = &unknown_keys_option},

    {.group = "Web",
     .name = "web.listen-address",
     .argument = "ADDRESS",
     .help = "set web.listen; repeatable",
     .type = FLAG_LISTEN},
    {.name = "web.telemetry-path",
     .argument = "PATH",
     .help = "set web.telemetry_path",
     .type = FLAG_KEY,
     .key = "web.telemetry_path"},
    {.name = "web.node-exporter-path",
     .argument = "PATH",
     .help = "set web.node_exporter_path",
     .type = FLAG_KEY,
     .key = "web.node_exporter_path"},
    {.name = "web.local-socket",
     .argument = "PATH",
     .help = "set web.local_socket",
     .type = FLAG_KEY,
     .key = "web.local_socket"},
    {.name = "web.systemd-socket",
     .help = "take the listening sockets from systemd instead",
     .type = FLAG_TRUE,
     .offset = offsetof(struct cli, source.systemd_socket)},

    {.group = "Collectors",
     .name = "collector.NAME",
     .help = "run collector NAME (set collectors.NAME.enabled)",
     .type = FLAG_COLLECTOR},
    {.name = "no-collector.NAME", .help = "don't run it", .type = FLAG_COLLECTOR},
    {.name = "collector.disable-defaults",
     .help = "run only the collectors that other flags name",
     .type = FLAG_TRUE,
     .offset = offsetof(struct cli, source.disable_defaults)},

    {.group = "Other",
     .name = "path.procfs",
     .argument = "PATH",
     .help = "where /proc is mounted (/proc)",
     .type = FLAG_TEXT,
     .offset = offsetof(struct cli, source.procfs)},
    {.name = "log.level",
     .argument = "LEVEL",
     .help = "how much to log: debug, info, warn or error (info)",
     .type = FLAG_OPTION,
     .option = &log_level_option},
};

const size_t cli_flag_count = ELEMENTS(cli_flags);

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
     .help = "collect once, print the metrics, exit; a collector that listens does so for DURATION (1s)",
     .type = FLAG_COMMAND,
     .command = COMMAND_ONCE,
     .option = &once_option},
    {.name = "report",
     .argument = "[text|json]",
     .help =
         "what is lost now, where, why and what to do: as the running service says, else after a few seconds' "
         "look",
     .type = FLAG_COMMAND,
     .command = COMMAND_REPORT,
     .option = &report_option},
    {.name = "watch",
     .help = "the packets that are dropped, as they are, by the running service; what follows is a filter as "
             "tcpdump's: --watch udp port 53",
     .type = FLAG_COMMAND,
     .command = COMMAND_WATCH},
    {.name = "capture",
     .argument = "FILE",
     .help = "the same as a pcapng file for Wireshark, reasons in its comments; - is standard output",
     .type = FLAG_COMMAND,
     .command = COMMAND_CAPTURE,
     .offset = offsetof(struct cli, packets.capture)},
    {.name = "check-config",
     .help = "say what is wrong with the configuration and where; exit 0 or 2",
     .type = FLAG_COMMAND,
     .command = COMMAND_CHECK_CONFIG},
    {.name = "print-config",
     .argument = "[text|json]",
     .help =
         "every key with its value and where that comes from; as json, a complete configuration file; exit 0 "
         "or 2",
     .type = FLAG_COMMAND,
     .command = COMMAND_PRINT_CONFIG,
     .option = &print_config_option},
    {.name = "list-collectors",
     .help =
         "what each collector needs, whether it can run here, how many series it has, and would have with other options",
     .type = FLAG_COMMAND,
     .command = COMMAND_LIST_COLLECTORS},
    {.name = "self-test",
     .help =
         "what this host can and cannot do: runs each collector once, and looks for drops that it makes in "
         "a network namespace of its own; exit 0, or 1 where something that is switched on cannot be done",
     .type = FLAG_COMMAND,
     .command = COMMAND_SELF_TEST},
    {.name = "version", .help = "print the version", .type = FLAG_COMMAND, .command = COMMAND_VERSION},
    {.name = "help", .help = "print this text (also -h)", .type = FLAG_COMMAND, .command = COMMAND_HELP},

    {.group = "Packets, with --watch and --capture",
     .name = "plain",
     .help = "--watch prints a line for each packet, as it does where its output is no terminal",
     .type = FLAG_TRUE,
     .offset = offsetof(struct cli, packets.plain)},
    {.name = "for",
     .argument = "DURATION",
     .help = "end after that long; 0s: only what is recorded already",
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
             " where it exists); conf.d/*.json beside it is read behind it",
     .type = FLAG_TEXT,
     .offset = offsetof(struct cli, source.config_file)},
    {.name = "set",
     .argument = "KEY=VALUE",
     .help = "set a key of the configuration, below; repeatable; a list is comma-separated",
     .type = FLAG_SET},
    {.name = "config.unknown-keys",
     .argument = "error|warn",
     .help = "what an unknown key in the file is (error); warn is for fleets of mixed versions",
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

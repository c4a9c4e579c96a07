/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/cli/cli_flags.h"

/* See cli_flags.h. */

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/clock.h"

static const char *const unknown_keys[] = {"error", "warn", NULL};
static const char *const log_levels[] = {"error", "warn", "info", "debug", NULL}; /* as enum log_level */

static const struct option unknown_keys_option = {
    .type = OPTION_CHOICE, .offset = offsetof(struct cli, source.unknown_keys), .choices = unknown_keys};
static const struct option log_level_option = {
    .type = OPTION_CHOICE, .offset = offsetof(struct cli, log_level), .choices = log_levels};
static const struct option once_option = {
    .type = OPTION_DURATION, .offset = offsetof(struct cli, once_ns), .max = 3600 * NS_PER_SECOND};

const struct flag cli_flags[] = {
    {.group = "What to do instead of serving",
     .name = "once",
     .argument = "[DURATION]",
     .help = "collect once, print the metrics, exit; a collector that listens does so for DURATION (1s)",
     .type = FLAG_COMMAND,
     .command = COMMAND_ONCE,
     .option = &once_option},
    {.name = "check-config",
     .help = "say what is wrong with the configuration and where; exit 0 or 2",
     .type = FLAG_COMMAND,
     .command = COMMAND_CHECK_CONFIG},
    {.name = "list-collectors",
     .help = "what each collector needs, and whether it can run here",
     .type = FLAG_COMMAND,
     .command = COMMAND_LIST_COLLECTORS},
    {.name = "version", .help = "print the version", .type = FLAG_COMMAND, .command = COMMAND_VERSION},
    {.name = "help", .help = "print this text (also -h)", .type = FLAG_COMMAND, .command = COMMAND_HELP},

    {.group = "Configuration",
     .name = "config.file",
     .argument = "PATH",
     .help = "the configuration file (" NETDROP_DEFAULT_CONFIG " where it exists)",
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

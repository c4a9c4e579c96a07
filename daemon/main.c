/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netdrop-exporter: where, on which interface, and why this host drops packets, as Prometheus metrics. The
 * main thread, from the command line to one of the commands. Exit status 2 means a wrong flag or
 * configuration, 1 a failure.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/version.h"
#include "daemon/cli/cli.h"
#include "daemon/command_collectors.h"
#include "daemon/command_output.h"
#include "daemon/command_packets.h"
#include "daemon/command_report.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/http/secrets.h"
#include "daemon/self_test.h"
#include "daemon/systemd/log.h"

enum { EXIT_USAGE = 2 };

static void complain(const struct buffer *text)
{
    if (text->size)
        (void)fwrite(text->data, 1, text->size, stderr);
}

static int run(const struct cli *cli, struct settings *settings, struct secrets *secrets)
{
    switch (cli->command) {
    case COMMAND_ONCE:
        return command_once(settings, cli->once_ns);
    case COMMAND_REPORT:
        return command_report(settings, (enum report_format)cli->report_format);
    case COMMAND_WATCH:
    case COMMAND_CAPTURE:
        return command_packets(cli, settings);
    case COMMAND_LIST_COLLECTORS:
        return command_list_collectors(settings);
    case COMMAND_SELF_TEST:
        return command_self_test(settings);
    case COMMAND_PRINT_CONFIG: /* it is already printed */
    case COMMAND_CHECK_CONFIG:
        return EXIT_SUCCESS;
    default:
        return daemon_run(&cli->source, settings, secrets);
    }
}

/* Returns true for commands that serve, or that check whether serving would work. Commands that only collect
 * need not be able to read secrets. */
static bool needs_secrets(enum command command)
{
    return command == COMMAND_RUN || command == COMMAND_CHECK_CONFIG || command == COMMAND_PRINT_CONFIG ||
           command == COMMAND_SELF_TEST;
}

/* The exit status if a named file is missing or incomplete. It may be on a mount that comes late, or be
 * written right now: with status 1 systemd starts the service again until the file is there. Status 2 means
 * that a person must correct something. */
static int late(const struct cli *cli)
{
    return cli->command == COMMAND_RUN || cli->command == COMMAND_SELF_TEST ? EXIT_FAILURE : EXIT_USAGE;
}

static int configured(const struct cli *cli)
{
    _cleanup_(buffer_done) struct buffer messages = {};
    _cleanup_(secrets_done) struct secrets secrets = {};
    struct settings *settings = NULL;
    int error = settings_load(&cli->source, &settings, &messages);
    int status = error == -ENOENT ? late(cli) : EXIT_USAGE;

    /* Also for users who may not read the secrets. */
    if (!error && cli->command == COMMAND_PRINT_CONFIG) {
        status = command_print_config(settings, (enum config_format)cli->config_format);
        error = status == EXIT_SUCCESS ? 0 : -EIO;
    }
    if (!error && needs_secrets(cli->command)) {
        status = late(cli);
        error = secrets_load(&settings->web, NULL, &secrets, &messages);
    }
    if (!error && cli->command == COMMAND_CHECK_CONFIG)
        secrets_warn(&settings->web, &secrets, &messages);
    complain(&messages);
    if (!error)
        status = run(cli, settings, &secrets);
    settings_unref(settings);
    return status;
}

int main(int argc, char *argv[])
{
    _cleanup_(buffer_done) struct buffer text = {};
    _cleanup_(cli_done) struct cli cli = {};
    int error = cli_parse(argc, argv, &cli, &text);

    if (error < 0) {
        complain(&text);
        return EXIT_USAGE;
    }
    log_set_level(cli.log_level);
    cli.source.host_network = host_network_find();
    switch (cli.command) {
    case COMMAND_HELP:
        cli_help(&text);
        return command_output_text(&text);
    case COMMAND_VERSION:
        buffer_text(&text, "netdrop-exporter " NETDROP_VERSION " (" NETDROP_REVISION ")\n");
        return command_output_text(&text);
    default:
        return configured(&cli);
    }
}

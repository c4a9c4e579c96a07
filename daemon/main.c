/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netdrop-exporter: where, on which interface, and why this host drops packets, as Prometheus metrics. From
 * the command line to one of the commands; exit status 2 is a wrong flag or configuration, 1 a failure.
 */

#include <stdio.h>
#include <stdlib.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/version.h"
#include "daemon/cli/cli.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/http/secrets.h"
#include "daemon/systemd/log.h"

enum { EXIT_USAGE = 2 };

static void print(FILE *stream, const struct buffer *text)
{
    if (text->size)
        (void)fwrite(text->data, 1, text->size, stream);
}

static int run(const struct cli *cli, struct settings *settings, struct secrets *secrets)
{
    switch (cli->command) {
    case COMMAND_ONCE:
        return command_once(settings, cli->once_ns);
    case COMMAND_LIST_COLLECTORS:
        return command_list_collectors(settings);
    case COMMAND_CHECK_CONFIG:
        return EXIT_SUCCESS;
    default:
        return daemon_run(&cli->source, settings, secrets);
    }
}

/* True for commands that serve, or say whether that would go well. Who only collects need not be able to read
 * secrets. */
static bool needs_secrets(enum command command)
{
    return command == COMMAND_RUN || command == COMMAND_CHECK_CONFIG;
}

static int configured(const struct cli *cli)
{
    _cleanup_(buffer_done) struct buffer messages = {};
    _cleanup_(secrets_done) struct secrets secrets = {};
    struct settings *settings = NULL;
    int error = settings_load(&cli->source, &settings, &messages);
    int status = EXIT_USAGE;

    if (!error && needs_secrets(cli->command))
        error = secrets_load(&settings->web, &secrets, &messages);
    print(stderr, &messages);
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
        print(stderr, &text);
        return EXIT_USAGE;
    }
    log_set_level(cli.log_level);
    cli.source.host_network = host_network_find();
    switch (cli.command) {
    case COMMAND_HELP:
        cli_help(&text);
        print(stdout, &text);
        return EXIT_SUCCESS;
    case COMMAND_VERSION:
        printf("netdrop-exporter " NETDROP_VERSION " (" NETDROP_REVISION ")\n");
        return EXIT_SUCCESS;
    default:
        return configured(&cli);
    }
}

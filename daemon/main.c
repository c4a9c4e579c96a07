/*
 * netdrop-exporter: where, on which interface, and why this host drops packets, as Prometheus metrics. From
 * the command line to one of the commands; exit status 2 is a wrong flag or configuration, 1 a failure.
 */

#include <stdio.h>
#include <stdlib.h>

#include "daemon/cleanup.h"
#include "daemon/cli.h"
#include "daemon/commands.h"
#include "daemon/daemon.h"
#include "daemon/log.h"
#include "version.h"

#include "build-config.h"

enum { EXIT_USAGE = 2 };

static void print(FILE *stream, const struct buffer *text)
{
    if (text->size)
        (void)fwrite(text->data, 1, text->size, stream);
}

static int run(const struct cli *cli, struct settings *settings)
{
    switch (cli->command) {
    case COMMAND_ONCE:
        return command_once(settings, cli->once_ns);
    case COMMAND_LIST_COLLECTORS:
        return command_list_collectors(settings);
    case COMMAND_CHECK_CONFIG:
        return EXIT_SUCCESS;
    default:
        return daemon_run(&cli->source, settings);
    }
}

static int configured(const struct cli *cli)
{
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;
    int error = settings_load(&cli->source, &settings, &messages);
    int status;

    print(stderr, &messages);
    if (error < 0)
        return EXIT_USAGE;
    status = run(cli, settings);
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

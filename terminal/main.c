/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netdrop-terminal: shows or saves the packets that this host drops. A client of the exporter's local socket;
 * netdrop-exporter executes it for --watch and --capture. So libpcap and ncurses are used here, and never in
 * the daemon. One thread. Exit status 2 means a wrong filter, 1 a failure.
 */

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "terminal/arguments.h"
#include "terminal/capture.h"
#include "terminal/ending.h"
#include "terminal/private_daemon.h"
#include "terminal/watch_plain.h"
#include "terminal/watch_view.h"

enum { EXIT_USAGE = 2 };

static int fail(const struct fault *fault)
{
    (void)fprintf(stderr, "%s\n", fault->text);
    return EXIT_FAILURE;
}

/* Returns true if no service listens, as opposed to one that refuses us or does not answer. */
static bool is_absent(int error)
{
    return error == -ENOENT || error == -ECONNREFUSED;
}

static int ask_first(const char *path, struct fault *fault)
{
    _cleanup_(records_freep) struct records *records = NULL;
    struct daemon_client client = {.path = path};
    struct fault inner = {};
    int error = daemon_client_fetch(&client, &records, &inner);

    if (error == -EACCES || error == -EPERM)
        return fault_set(fault, error, "%s: it is for root and the members of its group", inner.text);
    if (is_absent(error))
        return fault_set(fault, error,
                         "no service answers (%s): run this as root, or enable netdrop-exporter-local.socket",
                         inner.text);
    return error < 0 ? fault_set(fault, error, "%s", inner.text) : 0;
}

/* Returns the path of the socket to ask: the service's, or that of a private daemon if one can be started. */
static int find_daemon(const struct arguments *arguments, int ending, struct private_daemon *own,
                       const char **ret_path, struct fault *fault)
{
    int error = ask_first(arguments->socket, fault);

    *ret_path = arguments->socket;
    if (!is_absent(error) || !private_daemon_possible())
        return error;
    (void)fprintf(stderr, "no service answers (%s: %s): looking with an exporter of our own, from now on\n",
                  arguments->socket, error_text(error));
    error = private_daemon_start(arguments, ending, own, fault);
    *ret_path = own->path;
    return error < 0 ? error : ask_first(own->path, fault);
}

static int run(const struct arguments *arguments, const struct filter *filter, int ending, const char *path)
{
    struct follow follow = {
        .client = {.path = path},
        .filter = filter,
        .for_ns = arguments->for_ns,
        .count = arguments->count,
        .own = path != arguments->socket,
        .ending = ending,
    };
    const char *why = NULL;

    if (arguments->capture)
        return capture(&follow, arguments->capture);
    if (!arguments->plain && watch_view_possible(&why))
        return watch_view(&follow.client, filter, ending);
    if (why)
        (void)fprintf(stderr, "%s: a line for each packet\n", why);
    return watch_plain(&follow);
}

static int begin(const struct arguments *arguments, const struct filter *filter)
{
    struct private_daemon own = PRIVATE_DAEMON_NONE;
    _cleanup_(closep) int ending = -1;
    struct fault fault = {};
    const char *path;
    int status = EXIT_SUCCESS, error = ending_open(&ending);

    if (error < 0)
        (void)fault_errno(&fault, error, "signals");
    else
        error = find_daemon(arguments, ending, &own, &path, &fault);
    if (!error)
        status = run(arguments, filter, ending, path);
    else if (error != -EINTR)
        status = fail(&fault);
    private_daemon_stop(&own);
    return status;
}

int main(int argc, char *argv[])
{
    _cleanup_(filter_freep) struct filter *filter = NULL;
    struct arguments arguments;
    struct fault fault = {};

    (void)setlocale(LC_CTYPE, "");
    if (arguments_parse(argc ? argv + 1 : argv, &arguments, &fault) < 0 ||
        filter_new(arguments.filter, &filter, &fault) < 0) {
        (void)fail(&fault);
        return EXIT_USAGE;
    }
    return begin(&arguments, filter);
}

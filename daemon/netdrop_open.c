/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netdrop-open: the privileged step of the service. As ExecStartPre=+ `netdrop-open open ARGS` opens what the
 * exporter may not, by the same flags and configuration file, and leaves the descriptors with systemd
 * (sd_pid_notify_with_fds(3), FDSTORE=1), which passes them to the exporter; as ExecStopPost=+ `netdrop-open
 * stop` switches off again what that switched on for the whole system, after a crash too. One thread.
 *
 * What was switched on is marked by a file in /run, named by its collector: a monitor that somebody else
 * started is never stopped.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/cli/cli.h"
#include "daemon/run/handover_set.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

#define MARKS "/run/netdrop-open"

enum {
    EXIT_USAGE = 2,
    TIME_LIMIT_SECONDS = 20, /* systemd would fail the whole service; without us it serves all else */
    BARRIER_USEC = 5 * 1000 * 1000,
};

struct mark {
    char path[128];
};

static struct mark mark_of(size_t i)
{
    struct mark mark;

    (void)snprintf(mark.path, sizeof(mark.path), MARKS "/%s", collectors[i]->name);
    return mark;
}

static int mark_set(size_t i)
{
    _cleanup_(closep) int fd = -1;

    if (mkdir(MARKS, 0755) < 0 && errno != EEXIST)
        return -errno;
    fd = open(mark_of(i).path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    return fd < 0 ? -errno : 0;
}

/* After a crash the last ones may still be there, and names need not be unique. */
static int store_forget(size_t i)
{
    for (size_t k = 0; collectors[i]->handles && collectors[i]->handles[k]; k++) {
        int error = sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", collectors[i]->handles[k]);

        if (error <= 0)
            return error < 0 ? error : -ENOTCONN;
    }
    return 0;
}

/* FDPOLL=0: an overrun of a netlink socket looks like a hang-up, and systemd would drop it for that. */
static int store(const struct handover *handover)
{
    for (size_t k = 0; k < handover->count; k++) {
        char text[128];
        int error;

        (void)snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", handover->handles[k].name);
        error = sd_pid_notify_with_fds(0, 0, text, &handover->handles[k].fd, 1);
        if (error <= 0)
            return error < 0 ? error : -ENOTCONN;
    }
    return 0;
}

/* What was chosen, and why, nobody but us can say. */
static void log_opened(const char *name, const struct handover *handover)
{
    const struct fault *fault = &handover->fault;
    const struct log_fields missing = {.collector = name, .error = fault->error};
    const struct log_fields opened = {.message_id = fault->text[0] ? MESSAGE_COLLECTOR_CHOICE : NULL,
                                      .collector = name};

    if (fault->error)
        log_event(LOG_LEVEL_WARN, &missing, "collector %s will be missing: %s", name, fault->text);
    else
        log_event(LOG_LEVEL_INFO, &opened, "collector %s: %zu descriptors for it%s%s", name, handover->count,
                  fault->text[0] ? ": " : "", fault->text);
}

static int hand_over(const struct settings *settings, struct limits *limits, size_t i)
{
    _cleanup_(handover_done) struct handover handover = {.leaving = true};
    int error = store_forget(i);

    if (error < 0 || !settings_collector(settings, i)->enabled || !collectors[i]->open_privileged)
        return error;
    handover_set_open_one(&handover, settings, limits, i);
    if (handover.started)
        error = mark_set(i);
    if (error == 0)
        error = store(&handover);
    if (error < 0)
        return error;
    log_opened(collectors[i]->name, &handover);
    return 0;
}

static int open_all(const struct settings *settings)
{
    struct limits limits = {};
    int error = 0;

    for (size_t i = 0; i < collector_count && error >= 0; i++)
        error = hand_over(settings, &limits, i);
    if (error >= 0)
        error =
            sd_notify_barrier(0, BARRIER_USEC); /* systemd knows whose messages they are as long as we live */
    if (error >= 0)
        return EXIT_SUCCESS;
    log_error("handing descriptors over to systemd: %s", error_text(error));
    return EXIT_FAILURE;
}

static int open_configured(int argc, char *argv[])
{
    _cleanup_(buffer_done) struct buffer messages = {};
    _cleanup_(cli_done) struct cli cli = {};
    struct settings *settings = NULL;
    int status;

    if (!getenv("NOTIFY_SOCKET")) {
        fprintf(stderr, "netdrop-open is for systemd: ExecStartPre=+, with NotifyAccess=exec\n");
        return EXIT_USAGE;
    }
    /* What is wrong with the configuration, the exporter says next. */
    if (cli_parse(argc, argv, &cli, &messages) < 0 || settings_load(&cli.source, &settings, &messages) < 0)
        return EXIT_USAGE;
    log_set_level(cli.log_level);
    status = open_all(settings);
    settings_unref(settings);
    return status;
}

static int stop_all(void)
{
    for (size_t i = 0; i < collector_count; i++)
        if (collectors[i]->switch_off && unlink(mark_of(i).path) == 0)
            collectors[i]->switch_off();
    (void)rmdir(MARKS);
    return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
    (void)alarm(TIME_LIMIT_SECONDS);
    if (argc >= 2 && strcmp(argv[1], "open") == 0)
        return open_configured(argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "stop") == 0)
        return stop_all();
    fprintf(stderr, "usage: netdrop-open open [OPTION OF netdrop-exporter]... | stop\n");
    return EXIT_USAGE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netdrop-open: the privileged step of the service. As ExecStartPre=+, `netdrop-open open ARGS` opens what
 * the exporter may not open, with the same flags and configuration file, and stores the descriptors with
 * systemd (sd_pid_notify_with_fds(3), FDSTORE=1), which passes them to the exporter. As ExecStopPost=+,
 * `netdrop-open stop` switches off again what was switched on for the whole system, also after a crash. One
 * thread.
 *
 * A file in /run, named after its collector, marks what was switched on: a monitor that another program
 * started is never stopped.
 *
 * After a restart, a crash or an upgrade, the descriptors may still be stored (kept_mark.h). Then they are
 * kept, and so are the counts in them.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/cli/cli.h"
#include "daemon/run/handover_set.h"
#include "daemon/systemd/fd_store.h"
#include "daemon/systemd/kept_mark.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

#define MARKS "/run/netdrop-open"

enum {
    EXIT_USAGE = 2,
    TIME_LIMIT_SECONDS =
        20, /* later, systemd would fail the whole service; without these descriptors the rest still works */
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

static int store(const struct handover *handover)
{
    int error = 0;

    for (size_t i = 0; i < handover->count && error == 0; i++)
        error = fd_store_put(handover->handles[i].name, handover->handles[i].fd);
    return error;
}

/* Logs what was chosen, and why: only this program knows it. */
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

/* What is to be opened for one collector. */
struct opening {
    size_t i; /* of collectors[] */
    bool enabled;
    char kept_as[HANDOVER_KEPT_SIZE]; /* "" if nothing is to be kept */
};

struct openings {
    const struct settings *settings;
    struct limits limits;
    unsigned stored; /* descriptors at the beginning; 0 if not known */
    struct opening items[];
};

static bool begin(struct openings *openings, size_t i)
{
    struct opening *opening = &openings->items[i];
    _cleanup_(handover_done) struct handover handover = {.leaving = true};
    const struct collector_context context =
        settings_context(openings->settings, i, &openings->limits, &handover);

    opening->i = i;
    opening->enabled = settings_collector(openings->settings, i)->enabled && collectors[i]->open_privileged;
    if (opening->enabled && collectors[i]->kept_as)
        collectors[i]->kept_as(&context, opening->kept_as);
    return opening->kept_as[0];
}

/* Returns true if systemd already stores what would be opened now. Then the counts continue. */
static bool keep(const struct opening *opening, unsigned stored)
{
    const struct log_fields fields = {.collector = collectors[opening->i]->name};
    char text[KEPT_MARK_SIZE] = "";
    enum kept_state state;

    if (opening->kept_as[0] && kept_mark_text(opening->kept_as, stored, text) < 0)
        text[0] = '\0';
    state = kept_mark_take(fields.collector, text);
    if (!text[0])
        return false;
    if (state == KEPT_SAME)
        log_event(LOG_LEVEL_INFO, &fields, "collector %s: continues the counts from before the restart",
                  fields.collector);
    else if (state == KEPT_OTHER)
        log_event(
            LOG_LEVEL_INFO, &fields,
            "collector %s: starts to count at 0: the kept counts are of another boot, version or configuration",
            fields.collector);
    return state == KEPT_SAME;
}

static int hand_over(struct openings *openings, struct opening *opening)
{
    _cleanup_(handover_done) struct handover handover = {.leaving = true};
    const struct collector *collector = collectors[opening->i];
    int error;

    if (collector->kept_as && keep(opening, openings->stored))
        return 0;
    error = fd_store_forget(collector->handles);
    if (error < 0 || !opening->enabled)
        return error;
    handover_set_open_one(&handover, openings->settings, &openings->limits, opening->i);
    if (!handover.keepable)
        opening->kept_as[0] = '\0';
    if (handover.started)
        error = mark_set(opening->i);
    if (error == 0)
        error = store(&handover);
    if (error == 0)
        log_opened(collector->name, &handover);
    return error;
}

/* Marks the stored descriptors, once all are stored. A failure only means that the next start counts from
 * 0. */
static void marks_set(const struct openings *openings)
{
    char text[KEPT_MARK_SIZE];
    unsigned stored = 0;
    int error = 0;

    for (size_t i = 0; i < collector_count; i++) {
        if (!openings->items[i].kept_as[0])
            continue;
        if (error >= 0 && !stored)
            error = fd_store_count(&stored);
        if (error >= 0)
            error = kept_mark_text(openings->items[i].kept_as, stored, text);
        if (error >= 0)
            error = kept_mark_set(collectors[i]->name, text);
        if (error < 0)
            log_info("collector %s: counts will begin at 0 at a restart: %s", collectors[i]->name,
                     error_text(error));
    }
}

static int open_all(const struct settings *settings)
{
    _cleanup_(freep) struct openings *openings =
        calloc(1, sizeof(*openings) + collector_count * sizeof(openings->items[0]));
    bool any = false;
    int error = openings ? 0 : -ENOMEM;

    if (openings)
        openings->settings = settings;
    for (size_t i = 0; i < collector_count && error >= 0; i++)
        any |= begin(openings, i);
    if (any)
        (void)fd_store_count(&openings->stored); /* ask systemd only if a collector wants to know */
    for (size_t i = 0; i < collector_count && error >= 0; i++)
        error = hand_over(openings, &openings->items[i]);
    if (error >= 0)
        error = fd_store_barrier(); /* wait: systemd can assign our messages only while this process exists */
    if (error >= 0) {
        marks_set(openings);
        return EXIT_SUCCESS;
    }
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
    /* The exporter, which starts next, reports what is wrong with the configuration. */
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

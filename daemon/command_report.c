/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/command_report.h"

/* Implements --report: asks the running service, or else collects for a few seconds itself. Main thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/local_client.h"
#include "daemon/command_output.h"
#include "daemon/engine.h"
#include "daemon/http/local_socket.h"
#include "daemon/incident/incidents.h"
#include "daemon/incident/loss_report_json.h"
#include "daemon/incident/loss_report_text.h"
#include "daemon/systemd/log.h"
#include "daemon/trend/trend.h"

#define ANSWER_NS (2 * NS_PER_SECOND)     /* how long the service may take to answer */
#define LOOK_NS   (NS_PER_SECOND / 5 * 4) /* between two looks */
#define STOP_NS   (NS_PER_SECOND / 2)     /* how long threads may take at the end */
enum {
    LOOKS = 4, /* the first is the base of the others */
    REPORT_MAX = 1 << 20,
    STATUS_OK = 200,
};

/* Returns true if the output goes to a terminal with colours. */
static bool wants_colours(enum report_format format)
{
    const char *terminal = getenv("TERM"), *refused = getenv("NO_COLOR");

    return format == REPORT_FORMAT_TEXT && isatty(STDOUT_FILENO) && terminal &&
           strcmp(terminal, "dumb") != 0 && !(refused && *refused);
}

static int ask(const struct settings *settings, enum report_format format, struct buffer *out)
{
    const struct local_client service = {.path = local_socket_path(settings->web.local_socket),
                                         .wait_ns = ANSWER_NS,
                                         .most_bytes = REPORT_MAX};
    const char *target = format == REPORT_FORMAT_JSON ? "/report?format=json"
                         : wants_colours(format)      ? "/report?colour=yes"
                                                      : "/report";
    struct fault fault = {};
    unsigned status = 0;
    int error = local_client_ask(&service, target, &status, out, &fault);

    if (!error && status != STATUS_OK)
        error = fault_errno(&fault, -ENOENT, "%s", service.path);
    if (error < 0)
        log_info("no service answers (%s); looking for a few seconds", fault.text);
    return error;
}

/* A short report needs short intervals. */
static void hurry(struct settings *settings)
{
    for (size_t i = 0; i < collector_count; i++)
        settings->collectors[i].interval_ns = LOOK_NS;
}

static int look(const struct engine *engine, const struct settings *settings, enum report_format format,
                struct buffer *out)
{
    struct trend *trend = NULL;
    struct incidents *incidents = NULL;
    struct limits limits = {};
    struct utsname host = {};
    _cleanup_(freep) struct loss_report *report = NULL;
    int error = trend_new(engine->registry, &limits, &trend);

    if (!error)
        error = incidents_new(engine->registry, engine->ledger, trend, settings->host_network,
                              clock_boottime_ns(), &incidents);
    for (unsigned i = 0; i < LOOKS && !error; i++) {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
        free(report);
        report = incidents_report(incidents, clock_boottime_ns());
        error = report ? 0 : -ENOMEM;
    }
    (void)uname(&host);
    if (!error && format == REPORT_FORMAT_JSON)
        loss_report_json(report, host.nodename, out);
    else if (!error)
        loss_report_text(report, host.nodename, wants_colours(format), out);
    incidents_free(incidents);
    trend_free(trend);
    return error;
}

/* Collects for a few seconds and prints the report. A collector that hangs does not hold it up. */
static int collect(struct settings *settings, enum report_format format)
{
    _cleanup_(buffer_done) struct buffer out = {};
    struct systemd_fds passed = {};
    struct engine engine;
    struct fault fault = {};
    int status = EXIT_FAILURE, error = engine_init(&engine, settings, &passed, &fault);

    hurry(settings);
    if (!error)
        error = runner_set_apply(engine.runners, settings, 0, &fault);
    if (error < 0) {
        log_error("%s", fault.text);
    } else {
        error = look(&engine, settings, format, &out);
        status = error < 0 ? command_output_none(error) : command_output_text(&out);
    }
    if (!engine_done(&engine, STOP_NS))
        _exit(status);
    return status;
}

int command_report(struct settings *settings, enum report_format format)
{
    _cleanup_(buffer_done) struct buffer out = {};

    return ask(settings, format, &out) < 0 ? collect(settings, format) : command_output_text(&out);
}

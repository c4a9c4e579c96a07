/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/commands.h"

/*
 * Implements the commands that print something and exit. Main thread; --once uses the same runners, registry
 * and encoder as the daemon.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/collector.h"
#include "config/config_print.h"
#include "daemon/command_output.h"
#include "daemon/engine.h"
#include "daemon/systemd/log.h"

/* How often --once checks whether all collectors have ended, and how long it waits for threads at the end. */
#define POLL_NS      (2 * NS_PER_SECOND / 1000)
#define STOP_WAIT_NS (5 * NS_PER_SECOND)

static int once_report(const struct registry *registry)
{
    int status = EXIT_SUCCESS;

    for (size_t i = 0; i < registry_count(registry); i++) {
        struct collector_health health;

        registry_health(registry, i, clock_boottime_ns(), &health);
        if (!health.enabled || health.state == COLLECTOR_OK)
            continue;
        if (health.state == COLLECTOR_UNSUPPORTED) {
            log_info("collector %s: not available here: %s", collectors[i]->name, health.reason);
            continue;
        }
        log_error("collector %s: %s%s%s", collectors[i]->name, health_state_name(health.state),
                  health.reason[0] ? ": " : "", health.reason);
        status = EXIT_FAILURE;
    }
    return status;
}

static int once_print(struct answer_cache *answers)
{
    const struct answer_key key = {.collectors = UINT64_MAX, .exposition = EXPOSITION_TEXT};
    const struct body *body = answer_cache_get(answers, &key);
    int status = body ? command_output(body->data, body->size) : command_output_none(-ENOMEM);

    if (body)
        answer_cache_release(body);
    return status;
}

int command_once(struct settings *settings, uint64_t listen_ns)
{
    struct systemd_fds passed = {};
    struct engine engine;
    struct fault fault = {};
    int status = EXIT_FAILURE;

    if (engine_init(&engine, settings, &passed, &fault) < 0 ||
        runner_set_apply(engine.runners, settings, listen_ns, &fault) < 0) {
        log_error("%s", fault.text);
    } else {
        while (!runner_set_settled(engine.runners))
            nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
        status = once_print(engine.answers);
        if (once_report(engine.registry) != EXIT_SUCCESS)
            status = EXIT_FAILURE;
    }
    if (!engine_done(&engine, STOP_WAIT_NS))
        _exit(status); /* a thread still hangs in the kernel */
    return status;
}

/* Prints the files first, in the order in which they apply. */
static void print_text(const struct settings *settings, const struct config_binding *bindings, size_t count,
                       struct buffer *out)
{
    for (size_t i = 0; i < settings->files.count; i++) {
        buffer_text(out, i ? ", then " : "# ");
        report_escape(out, settings->files.items[i]);
    }
    buffer_text(out, settings->files.count ? "\n" : "# no file\n");
    config_print_text(bindings, count, out);
}

int command_print_config(struct settings *settings, enum config_format format)
{
    _cleanup_(buffer_done) struct buffer out = {};
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(settings, &count);
    int error = bindings ? 0 : -ENOMEM;

    if (!error && format == CONFIG_FORMAT_JSON)
        error = config_print_json(bindings, count, &out);
    else if (!error)
        print_text(settings, bindings, count, &out);
    return error < 0 ? command_output_none(error) : command_output_text(&out);
}

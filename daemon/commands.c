/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/commands.h"

/* See commands.h. Main thread; --once uses the same runners, registry and encoder as the daemon. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/collector.h"
#include "daemon/engine.h"
#include "daemon/systemd/log.h"

/* How often --once looks whether all have ended, and how long it waits for threads at the end. */
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
    int status = EXIT_SUCCESS;

    if (!body) {
        log_error("out of memory");
        return EXIT_FAILURE;
    }
    if (fwrite(body->data, 1, body->size, stdout) != body->size || fflush(stdout)) {
        log_error("cannot write to standard output: %s", error_text(-errno));
        status = EXIT_FAILURE;
    }
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
        _exit(status); /* a thread is still in the kernel */
    return status;
}

static void list_collector(const struct settings *settings, struct limits *limits, size_t i)
{
    const struct collector *collector = collectors[i];
    _cleanup_(handover_done) struct handover handover = {};
    const struct collector_context context = settings_context(settings, i, limits, &handover);
    struct collector_state *state = NULL;
    struct fault fault = {};
    int error;

    handover_set_open_one(&handover, settings, limits, i);
    error = collector_open(collector, &context, &state, &fault);
    printf("%s\n    %s\n    enabled:  %s\n    needs:    %s\n    runs here: ", collector->name,
           collector->summary, settings_collector(settings, i)->enabled ? "yes" : "no", collector->needs);
    if (error < 0) {
        printf("no: %s\n", fault.text);
        return;
    }
    /* A collector that had to choose says what it chose, and why. */
    printf("yes%s%s\n", fault.text[0] ? ": " : "", fault.text);
    (void)collector_close(collector, state);
}

int command_list_collectors(const struct settings *settings)
{
    struct limits limits = {};

    for (size_t i = 0; i < collector_count; i++)
        list_collector(settings, &limits, i);
    if (settings->host_network == HOST_NETWORK_NO)
        puts(HOST_NETWORK_OTHER);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

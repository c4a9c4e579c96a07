/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/daemon.h"

/*
 * See daemon.h. The main thread: it starts everything, then turns an sd-event loop that handles signals and
 * ticks once a second. It touches neither the kernel's numbers nor a client, so that nothing can hang it.
 */

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/privileges.h"
#include "daemon/engine.h"
#include "daemon/http/http.h"
#include "daemon/status.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

#define TICK_USEC UINT64_C(1000000)
#define DRAIN_NS  (3 * NS_PER_SECOND)
/* From the signal to the end. A collector that is merely slow, on a busy machine, still has to undo what it
 * did: drop_monitor would stay switched on. */
#define END_NS     (5 * NS_PER_SECOND)

#define TRIM_BYTES (128 * 1024) /* what each heap may keep of memory that is free */
#define MAP_BYTES  (16 * 1024)  /* from here on memory is mapped for itself, where no heap has it free */

struct daemon {
    const struct settings_source *source;
    struct settings *started;  /* what cannot change while running: addresses, path, page */
    struct settings *settings; /* in effect */
    struct engine engine;
    struct page page;
    struct auth *auth; /* NULL: everybody may ask */
    struct routes routes;
    struct http *http;
    struct trend *trend;
    struct loss_spells *loss;
    struct status *status;
    sd_event *event;
    uint64_t tick_usec;
};

static struct connections_limits daemon_connections(const struct settings *settings)
{
    return (struct connections_limits){
        .total = settings->web.max_connections,
        .per_address = settings->web.max_connections_per_address,
        .request_timeout_ns = settings->web.request_timeout_ns,
    };
}

/* What settings_load() says has one line a thing. */
static void log_lines(enum log_level level, const struct buffer *messages)
{
    const char *at = messages->data;
    const char *end = at + messages->size;

    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));

        if (!line_end)
            line_end = end;
        log_write(level, "%.*s", (int)(line_end - at), at);
        at = line_end + 1;
    }
}

/* Takes over what the secrets hold. */
static void adopt_secrets(struct daemon *daemon, struct secrets *secrets)
{
    if (secrets->certificate) {
        self_metrics_certificate(daemon->engine.self_metrics, certificate_expiry(secrets->certificate));
        http_certificate(daemon->http, take_ptr(secrets->certificate));
    }
    if (secrets->users)
        auth_replace(daemon->auth, take_ptr(secrets->users));
}

static void daemon_adopt(struct daemon *daemon, struct settings *settings)
{
    static const struct log_fields restart = {.message_id = MESSAGE_CONFIG_RESTART};
    static const struct log_fields reloaded = {.message_id = MESSAGE_CONFIG_RELOADED};
    const struct connections_limits connections = daemon_connections(settings);
    _cleanup_(buffer_done) struct buffer names = {};
    struct fault fault = {};

    if (settings_restart_needed(daemon->started, settings, &names) > 0)
        log_event(LOG_LEVEL_WARN, &restart, "these settings take effect at the next restart: %.*s",
                  (int)names.size, names.data);
    http_configure(daemon->http, &connections);
    if (runner_set_apply(daemon->engine.runners, settings, 0, &fault) < 0)
        log_error("%s", fault.text);
    if (self_metrics_config_loaded(daemon->engine.self_metrics, settings->sha256, settings->unknown_keys,
                                   clock_realtime_ns()) < 0)
        log_error("out of memory: the metrics still name the old configuration");
    settings_unref(daemon->settings);
    daemon->settings = settings;
    buffer_clear(&names);
    if (runner_set_pending(daemon->engine.runners, &names))
        log_event(LOG_LEVEL_WARN, &reloaded,
                  "configuration reloaded; still busy, and changed when their call returns: %.*s",
                  (int)names.size, names.data);
    else
        log_event(LOG_LEVEL_INFO, &reloaded, "configuration reloaded");
    status_note(daemon->status, NULL);
}

static void daemon_reload(struct daemon *daemon)
{
    static const struct log_fields refused = {.message_id = MESSAGE_CONFIG_REFUSED};
    _cleanup_(buffer_done) struct buffer messages = {};
    _cleanup_(secrets_done) struct secrets secrets = {};
    struct settings *settings = NULL;

    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
               (unsigned long long)(clock_read_ns(CLOCK_MONOTONIC) / 1000));
    if (settings_load(daemon->source, &settings, &messages) < 0 ||
        secrets_load(&daemon->started->web, &secrets, &messages) < 0) {
        const char *what = settings ? "certificate, key or users file is invalid, what was before it goes on"
                                    : "configuration file is invalid, the one before it runs";

        settings_unref(settings);
        log_lines(LOG_LEVEL_ERROR, &messages);
        log_event(LOG_LEVEL_ERROR, &refused, "the configuration was not reloaded; what ran before goes on");
        self_metrics_config_refused(daemon->engine.self_metrics);
        status_note(daemon->status, what);
    } else {
        log_lines(LOG_LEVEL_WARN, &messages);
        adopt_secrets(daemon, &secrets);
        daemon_adopt(daemon, settings);
    }
    status_update(daemon->status, clock_boottime_ns());
    sd_notify(0, "READY=1");
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
    struct daemon *daemon = data;

    (void)source;
    if (info->ssi_signo == SIGHUP) {
        daemon_reload(daemon);
        return 0;
    }
    log_info("%s: ending", info->ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    return sd_event_exit(daemon->event, EXIT_SUCCESS);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
    struct daemon *daemon = data;
    uint64_t now_ns = clock_boottime_ns();

    (void)usec;
    /* A stuck collector never withholds the ping: killing us would not help it. */
    if (http_tick(daemon->http, now_ns))
        sd_notify(0, "WATCHDOG=1");
    if (trend_step(daemon->trend, now_ns))
        loss_spells_update(daemon->loss, &daemon->settings->loss, now_ns);
    status_update(daemon->status, now_ns);
    return sd_event_source_set_time_relative(source, daemon->tick_usec);
}

static int daemon_events(struct daemon *daemon)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    sd_event_source *tick;
    uint64_t watchdog_usec = 0;
    int error = sd_event_new(&daemon->event);

    for (size_t i = 0; i < ELEMENTS(signals) && error >= 0; i++)
        error = sd_event_add_signal(daemon->event, NULL, signals[i], on_signal, daemon);
    if (error < 0)
        return error;
    /* A ping needs a question and, one tick later, its answer; three in a watchdog's time leave room. */
    daemon->tick_usec = TICK_USEC;
    if (sd_watchdog_enabled(0, &watchdog_usec) > 0 && watchdog_usec / 4 < TICK_USEC)
        daemon->tick_usec = watchdog_usec / 4;
    error = sd_event_add_time_relative(daemon->event, &tick, CLOCK_BOOTTIME, 0, 0, on_tick, daemon);
    if (error < 0)
        return error;
    error = sd_event_source_set_enabled(tick, SD_EVENT_ON);
    sd_event_source_set_floating(tick, true); /* the loop's, from here on */
    sd_event_source_unref(tick);
    return error;
}

/* Signals are blocked in this thread before any other starts, and so in all of them. */
static int daemon_prepare(void)
{
    struct rlimit descriptors;
    sigset_t blocked;

    /* The usual soft limit is for programs that call select(); this one has a limit on connections instead.
     */
    if (!getrlimit(RLIMIT_NOFILE, &descriptors)) {
        descriptors.rlim_cur = descriptors.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &descriptors);
    }

    /* What was read once (the kernel's BTF) goes back. Left to itself, glibc raises this limit to twice the
     * largest block ever freed, and keeps as much at the top of each thread's heap, where malloc_trim() does
     * not look (malloc/malloc.c, __libc_free() and mtrim()). */
    (void)mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
    /* What each connection has, 16 KiB at libmicrohttpd's, goes back with it: in a heap, a small block that
     * is kept for the thread's next need (malloc/malloc.c, tcache_put()) holds all that lies below it. */
    (void)mallopt(M_MMAP_THRESHOLD, MAP_BYTES);

    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    return sigprocmask(SIG_BLOCK, &blocked, NULL) < 0 ? -errno : 0;
}

/* Once, however many. */
static void warn_plain(const struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (!listen_is_local(listeners->fds[i])) {
            log_warn("passwords come in the clear from other hosts: set web.tls.certificate and web.tls.key");
            return;
        }
}

static int daemon_serve(struct daemon *daemon, struct secrets *secrets, struct listeners *listeners,
                        struct fault *fault)
{
    const struct connections_limits connections = daemon_connections(daemon->settings);
    const char *scheme = secrets->certificate ? "https" : "http";
    char urls[LISTENERS_MAX][LISTEN_URL_MAX];
    size_t count = listeners->count;
    int error;

    for (size_t i = 0; i < count; i++)
        listen_url(listeners->fds[i], scheme, daemon->started->web.telemetry_path, urls[i]);
    if (secrets->users && !secrets->certificate)
        warn_plain(listeners);
    error = secrets->users ? auth_new(secrets->users, &daemon->engine.limits, &daemon->auth) : 0;
    if (error < 0)
        return fault_errno(fault, error, "cannot keep users");
    if (secrets->users)
        secrets->users = NULL;
    daemon->routes.auth = daemon->auth;
    error = http_new(&daemon->routes, &daemon->engine.limits, &connections, &daemon->http, fault);
    if (!error)
        adopt_secrets(daemon, secrets);
    if (!error)
        error = http_start(daemon->http, listeners, fault);
    for (size_t i = 0; i < count && !error; i++)
        log_info("listening on %s", urls[i]);
    return error;
}

static int daemon_start(struct daemon *daemon, struct systemd_fds *passed, struct fault *fault)
{
    int error = engine_init(&daemon->engine, daemon->settings, passed, fault);

    systemd_fds_done(passed); /* nobody knows the rest */
    if (error < 0)
        return error;
    error = privileges_limit(0);
    if (error < 0)
        return fault_errno(fault, error, "cannot give up capabilities");
    daemon->routes = (struct routes){
        .registry = daemon->engine.registry,
        .answers = daemon->engine.answers,
        .telemetry_path = daemon->started->web.telemetry_path,
        .page = daemon->started->web.page ? &daemon->page : NULL,
        .start_ns = clock_boottime_ns(),
    };
    error = trend_new(daemon->engine.registry, &daemon->engine.limits, &daemon->trend);
    daemon->page = (struct page){
        .registry = daemon->engine.registry,
        .trend = daemon->trend,
        .limits = &daemon->engine.limits,
        .telemetry_path = daemon->started->web.telemetry_path,
        .host_network = daemon->started->host_network,
    };
    page_init(&daemon->page);
    if (!error)
        error = loss_spells_new(daemon->trend, &daemon->loss);
    if (!error)
        error = status_new(daemon->engine.registry, daemon->trend, daemon->loss, &daemon->status);
    if (!error)
        error = daemon_events(daemon);
    if (error < 0)
        return fault_errno(fault, error, "cannot start");
    if (daemon->started->host_network == HOST_NETWORK_NO)
        log_info(HOST_NETWORK_OTHER);
    return runner_set_apply(daemon->engine.runners, daemon->settings, 0, fault);
}

static void daemon_end(struct daemon *daemon, int status)
{
    uint64_t begin_ns = clock_read_ns(CLOCK_MONOTONIC), spent_ns;

    sd_notify(0, "STOPPING=1");
    if (daemon->http)
        http_stop_listening(daemon->http);
    if (daemon->engine.runners)
        runner_set_stop(daemon->engine.runners);
    if (daemon->http && !http_drain(daemon->http, DRAIN_NS))
        log_warn("some requests did not end in time and were cut off");
    http_free(daemon->http);
    auth_free(daemon->auth);
    status_free(daemon->status);
    loss_spells_free(daemon->loss);
    trend_free(daemon->trend);
    spent_ns = clock_read_ns(CLOCK_MONOTONIC) - begin_ns;
    if (!engine_done(&daemon->engine, spent_ns < END_NS ? END_NS - spent_ns : 0)) {
        log_warn("a collector is still in the kernel; ending without it");
        _exit(status);
    }
    sd_event_unref(daemon->event);
    settings_unref(daemon->settings);
    settings_unref(daemon->started);
}

int daemon_run(const struct settings_source *source, struct settings *settings, struct secrets *secrets)
{
    struct daemon daemon = {
        .source = source,
        .started = settings_ref(settings),
        .settings = settings_ref(settings),
    };
    struct listeners listeners = {};
    struct systemd_fds passed = {};
    struct fault fault = {};
    int status = EXIT_FAILURE;
    int error = daemon_prepare();

    if (!error)
        error = systemd_fds_get(&passed, &fault);
    if (!error)
        error = settings->systemd_socket ? listeners_systemd(&passed, &listeners, &fault)
                                         : listeners_open(&settings->web.listen, &listeners, &fault);
    if (!error)
        error = daemon_start(&daemon, &passed, &fault);
    if (!error)
        error = daemon_serve(&daemon, secrets, &listeners, &fault);
    if (error < 0) {
        log_error("%s", fault.text);
    } else {
        sd_notify(0, "READY=1");
        status = sd_event_loop(daemon.event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    listeners_done(&listeners);
    systemd_fds_done(&passed);
    daemon_end(&daemon, status);
    return status;
}

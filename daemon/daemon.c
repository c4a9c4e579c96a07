/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/daemon.h"

/*
 * The service itself. The main thread starts everything, then runs an sd-event loop that handles signals and
 * the upkeep.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/privileges.h"
#include "daemon/engine.h"
#include "daemon/http/doors.h"
#include "daemon/http/http.h"
#include "daemon/http/local_socket.h"
#include "daemon/incident/incident_log.h"
#include "daemon/incident/incidents.h"
#include "daemon/process_setup.h"
#include "daemon/renewal.h"
#include "daemon/status.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"
#include "daemon/upkeep.h"

#define NS_PER_USEC (NS_PER_SECOND / 1000000)
#define DRAIN_NS    (3 * NS_PER_SECOND)
/* From the signal to the exit. A collector that is only slow still has time to undo what it did: otherwise
 * drop_monitor would stay switched on. */
#define END_NS (5 * NS_PER_SECOND)

struct daemon {
    const struct settings_source *source;
    struct settings *started;  /* settings that cannot change while running: addresses, path, page */
    struct settings *settings; /* in effect */
    struct engine engine;
    struct page page;
    struct auth *auth; /* NULL: no authentication */
    struct routes routes;
    struct http *http;
    struct doors doors;
    struct renewal renewal;
    struct trend *trend;
    struct incident_log *log;
    struct incidents *incidents;
    struct status *status;
    struct upkeep upkeep;
    struct bell bell; /* wakes the main thread */
    sd_event *event;
    sd_event_source *turn;
};

static struct connections_limits daemon_connections(const struct settings *settings)
{
    return (struct connections_limits){
        .total = settings->web.max_connections,
        .per_address = settings->web.max_connections_per_address,
        .idle_per_address = settings->web.idle_connections,
        .request_timeout_ns = settings->web.request_timeout_ns,
    };
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
    rounds_release(daemon->engine.rounds); /* of collectors with old settings */
    if (self_metrics_config_loaded(daemon->engine.self_metrics, settings->sha256, settings->unknown_keys,
                                   clock_realtime_ns()) < 0)
        log_error("out of memory: the metrics still name the old configuration");
    settings_unref(daemon->settings);
    daemon->settings = settings;
    buffer_clear(&names);
    if (runner_set_pending(daemon->engine.runners, &names))
        log_event(LOG_LEVEL_WARN, &reloaded,
                  "configuration reloaded; collectors that are busy take it later: %.*s", (int)names.size,
                  names.data);
    else
        log_event(LOG_LEVEL_INFO, &reloaded, "configuration reloaded");
    status_note(daemon->status, NOTE_RELOAD, NULL);
}

/* Loads settings and secrets, both or neither, and logs what is wrong with them. */
static bool reload_load(struct daemon *daemon, struct settings **ret_settings, struct secrets *secrets)
{
    _cleanup_(buffer_done) struct buffer messages = {}, wrong = {};
    int error = settings_load(daemon->source, ret_settings, &messages);

    log_lines(error < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, messages.data, messages.size);
    if (error < 0 || secrets_load(&daemon->started->web, daemon->renewal.certificate, secrets, &wrong) == 0)
        return error == 0;
    renewal_refuse(&daemon->renewal, secrets, &wrong, true);
    settings_unref(*ret_settings);
    return false;
}

static void daemon_reload(struct daemon *daemon)
{
    static const struct log_fields refused = {.message_id = MESSAGE_CONFIG_REFUSED};
    _cleanup_(secrets_done) struct secrets secrets = {};
    struct settings *settings = NULL;

    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
               (unsigned long long)(clock_read_ns(CLOCK_MONOTONIC) / 1000));
    if (reload_load(daemon, &settings, &secrets)) {
        renewal_adopt(&daemon->renewal, &secrets);
        daemon_adopt(daemon, settings);
    } else {
        log_event(LOG_LEVEL_ERROR, &refused, "the configuration was not reloaded; the former one is in use");
        self_metrics_config_refused(daemon->engine.self_metrics);
        status_note(daemon->status, NOTE_RELOAD, "configuration was not reloaded");
    }
    sd_notify(0, "READY=1");
}

/* Runs the upkeep and sets the timer for the next turn. */
static int daemon_turn(struct daemon *daemon)
{
    uint64_t next_ns = upkeep_turn(&daemon->upkeep, &daemon->settings->loss, clock_boottime_ns());

    return sd_event_source_set_time(daemon->turn, (next_ns + NS_PER_USEC - 1) / NS_PER_USEC);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
    struct daemon *daemon = data;

    (void)source;
    if (info->ssi_signo == SIGHUP) {
        daemon_reload(daemon);
        return daemon_turn(daemon);
    }
    log_info("%s: ending", info->ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
    return sd_event_exit(daemon->event, EXIT_SUCCESS);
}

static int on_turn(sd_event_source *source, uint64_t usec, void *data)
{
    (void)source;
    (void)usec;
    return daemon_turn(data);
}

static int on_bell(sd_event_source *source, int fd, uint32_t events, void *data)
{
    struct daemon *daemon = data;

    (void)source;
    (void)fd;
    (void)events;
    return bell_heard(&daemon->bell) ? daemon_turn(daemon) : 0;
}

static int daemon_events(struct daemon *daemon)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    int error = bell_init(&daemon->bell);

    if (!error)
        error = sd_event_new(&daemon->event);
    for (size_t i = 0; i < ELEMENTS(signals) && error >= 0; i++)
        error = sd_event_add_signal(daemon->event, NULL, signals[i], on_signal, daemon);
    if (error >= 0)
        error = sd_event_add_io(daemon->event, NULL, daemon->bell.fd, EPOLLIN, on_bell, daemon);
    if (error >= 0)
        error = sd_event_add_time(daemon->event, &daemon->turn, CLOCK_BOOTTIME, 0, 0, on_turn, daemon);
    return error < 0 ? error : sd_event_source_set_enabled(daemon->turn, SD_EVENT_ON);
}

/* Warns once, however many listeners take passwords in plain text. */
static void warn_plain(const struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->items[i].rights->password && !listen_is_local(listeners->items[i].fd)) {
            log_warn("passwords of other hosts are not encrypted: set web.tls.certificate and web.tls.key");
            return;
        }
}

/* Takes ownership of the users. */
static int daemon_auth(struct daemon *daemon, struct secrets *secrets)
{
    int error;

    if (!secrets->users)
        return 0;
    error = auth_new(secrets->users, &daemon->engine.limits, &daemon->auth);
    if (error < 0)
        return error;
    secrets->users = NULL;
    daemon->routes.auth = daemon->auth;
    return auth_start(daemon->auth);
}

static int daemon_serve(struct daemon *daemon, struct secrets *secrets, struct listeners *listeners,
                        struct fault *fault)
{
    const struct connections_limits connections = daemon_connections(daemon->settings);
    struct web_metrics *metrics = self_metrics_web(daemon->engine.self_metrics);
    char urls[LISTENERS_ALL][LISTEN_URL_MAX];
    size_t count = listeners->count;
    int error;

    for (size_t i = 0; i < count; i++)
        listen_url(listeners->items[i].fd, secrets->certificate ? "https" : "http",
                   daemon->started->web.telemetry_path, urls[i]);
    if (secrets->users && !secrets->certificate)
        warn_plain(listeners);
    error = daemon_auth(daemon, secrets);
    if (error < 0)
        return fault_errno(fault, error, "cannot keep users");
    error = http_new(&daemon->routes, &daemon->engine.limits, &connections, &daemon->http, fault);
    if (error < 0)
        return error;
    renewal_init(&daemon->renewal,
                 &(struct renewal_of){.web = &daemon->started->web,
                                      .http = daemon->http,
                                      .auth = daemon->auth,
                                      .metrics = metrics,
                                      .status = daemon->status},
                 secrets);
    http_sweeper(daemon->http, &daemon->bell);
    doors_init(&daemon->doors, &daemon->started->web.listen, listeners, metrics);
    error = http_start(daemon->http, listeners, fault);
    for (size_t i = 0; i < count && !error; i++)
        log_info("listening on %s", urls[i]);
    return error;
}

static void daemon_routes(struct daemon *daemon)
{
    const struct web_settings *web = &daemon->started->web;

    daemon->routes = (struct routes){
        .registry = daemon->engine.registry,
        .rounds = daemon->engine.rounds,
        .answers = daemon->engine.answers,
        .telemetry_path = web->telemetry_path,
        .node_exporter_path = *web->node_exporter_path ? web->node_exporter_path : NULL,
        .page = web->page ? &daemon->page : NULL,
        .client_certificates = *web->tls_client_ca,
        .open_probes = web->open_probes,
        .start_ns = clock_boottime_ns(),
    };
}

/* Starts what reports losses: trends, incidents, log, Status line and page. */
static int daemon_tell(struct daemon *daemon)
{
    struct engine *engine = &daemon->engine;
    int error = trend_new(engine->registry, &engine->limits, &daemon->trend);

    if (!error)
        error = incidents_new(engine->registry, engine->ledger, daemon->trend, daemon->started->host_network,
                              clock_boottime_ns(), &daemon->incidents);
    if (!error)
        error = incident_log_new(&daemon->log);
    if (!error)
        error = status_new(engine->registry, daemon->log, &daemon->status);
    daemon->page = (struct page){
        .registry = engine->registry,
        .trend = daemon->trend,
        .incidents = daemon->incidents,
        .limits = &engine->limits,
        .telemetry_path = daemon->started->web.telemetry_path,
        .packets = settings_page_packets(daemon->started),
    };
    page_init(&daemon->page);
    return error;
}

static int daemon_start(struct daemon *daemon, struct systemd_fds *passed, struct fault *fault)
{
    int error = engine_init(&daemon->engine, daemon->settings, passed, fault);

    if (error < 0)
        return error;
    registry_follower(daemon->engine.registry, &daemon->bell);
    systemd_fds_warn(passed); /* nobody took the rest */
    systemd_fds_done(passed);
    error = privileges_limit(0);
    if (error < 0)
        return fault_errno(fault, error, "cannot give up capabilities");
    error = engine_rounds(&daemon->engine, fault);
    if (error < 0)
        return error;
    daemon_routes(daemon);
    error = daemon_tell(daemon);
    if (!error)
        error = daemon_events(daemon);
    if (error < 0)
        return fault_errno(fault, error, "cannot start");
    if (daemon->started->host_network == HOST_NETWORK_NO)
        log_info(HOST_NETWORK_OTHER);
    return runner_set_apply(daemon->engine.runners, daemon->settings, 0, fault);
}

static void daemon_upkeep(struct daemon *daemon)
{
    daemon->upkeep = (struct upkeep){
        .http = daemon->http,
        .trend = daemon->trend,
        .incidents = daemon->incidents,
        .log = daemon->log,
        .status = daemon->status,
        .self_metrics = daemon->engine.self_metrics,
        .runners = daemon->engine.runners,
        .doors = &daemon->doors,
        .renewal = &daemon->renewal,
    };
    upkeep_begin(&daemon->upkeep);
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
    renewal_done(&daemon->renewal);
    auth_free(daemon->auth);
    status_free(daemon->status);
    incident_log_free(daemon->log);
    incidents_free(daemon->incidents);
    trend_free(daemon->trend);
    spent_ns = clock_read_ns(CLOCK_MONOTONIC) - begin_ns;
    if (!engine_done(&daemon->engine, spent_ns < END_NS ? END_NS - spent_ns : 0)) {
        log_warn("a collector is still in the kernel; ending without it");
        _exit(status);
    }
    sd_event_source_unref(daemon->turn);
    sd_event_unref(daemon->event);
    bell_done(&daemon->bell);
    settings_unref(daemon->settings);
    settings_unref(daemon->started);
}

int daemon_run(const struct settings_source *source, struct settings *settings, struct secrets *secrets)
{
    struct daemon daemon = {
        .source = source,
        .started = settings_ref(settings),
        .settings = settings_ref(settings),
        .bell = {.fd = -1},
    };
    struct local_socket local = {};
    struct listeners listeners = {};
    struct systemd_fds passed = {};
    struct fault fault = {};
    int status = EXIT_FAILURE;
    int error = process_prepare();

    if (!error)
        error = systemd_fds_get(&passed, &fault);
    if (!error)
        error = settings->systemd_socket ? listeners_systemd(&passed, &listeners, &fault)
                                         : listeners_open(&settings->web.listen, &listeners, &fault);
    if (!error)
        error = local_socket_listen(settings->web.local_socket, &passed, &local, &listeners, &fault);
    if (!error)
        error = daemon_start(&daemon, &passed, &fault);
    if (!error)
        error = daemon_serve(&daemon, secrets, &listeners, &fault);
    if (error < 0) {
        log_error("%s", fault.text);
    } else {
        daemon_upkeep(&daemon);
        sd_notify(0, "READY=1");
        status = sd_event_loop(daemon.event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    local_socket_remove(&local);
    listeners_done(&listeners);
    systemd_fds_done(&passed);
    daemon_end(&daemon, status);
    return status;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/self_metrics.h"

/*
 * The metrics of the exporter about itself. Any thread. The tables are of the same kind that collectors
 * publish. The row sets are made once, for all collectors: one that is off or not asked for has no cells.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/version.h"

enum {
    COLUMN_SUPPORTED,
    COLUMN_UP,
    COLUMN_DURATION,
    COLUMN_BUSY,
    COLUMN_SUCCESS,
    COLUMN_SERIES,
    COLUMN_LIMITED,
    COLUMN_LIMIT,
    COLUMN_FAILURES
};

static const struct metric collector_metrics[] = {
    [COLUMN_SUPPORTED] = {.name = "netdrop_collector_supported",
                          .help = "Whether the source of the collector exists here and may be read",
                          .type = METRIC_GAUGE},
    [COLUMN_UP] =
        {.name = "netdrop_collector_up",
         .help = "Whether the collector's numbers are current: 0 means broken; absent means not supported "
                 "here",
         .type = METRIC_GAUGE},
    [COLUMN_DURATION] = {.name = "netdrop_collector_duration_seconds",
                         .help = "How long the last attempt to collect took",
                         .unit = "seconds",
                         .type = METRIC_GAUGE,
                         .value = VALUE_SECONDS},
    [COLUMN_BUSY] = {.name = "netdrop_collector_busy_seconds",
                     .help = "How long the current attempt has taken; 0 between attempts",
                     .unit = "seconds",
                     .type = METRIC_GAUGE,
                     .value = VALUE_SECONDS},
    [COLUMN_SUCCESS] = {.name = "netdrop_collector_last_success_timestamp_seconds",
                        .help = "When the collector last succeeded, in seconds since 1970",
                        .unit = "seconds",
                        .type = METRIC_GAUGE,
                        .value = VALUE_SECONDS},
    [COLUMN_SERIES] = {.name = "netdrop_collector_series",
                       .help = "Series that the collector serves",
                       .type = METRIC_GAUGE},
    [COLUMN_LIMITED] = {.name = "netdrop_collector_limited_series",
                        .help = "Series of a family, or sources of series, that count towards "
                                "netdrop_collector_series_limit: those that do not give way to new ones",
                        .type = METRIC_GAUGE},
    [COLUMN_LIMIT] = {.name = "netdrop_collector_series_limit",
                      .help =
                          "Most series of a family, or most sources of series, that the configuration allows "
                          "(max_sites, max_workloads, max_ports, max_statistics_per_device, "
                          "max_namespaces); of several limits the nearest",
                      .type = METRIC_GAUGE},
    [COLUMN_FAILURES] = {.name = "netdrop_collector_failures_total",
                         .help = "Attempts to collect that failed",
                         .type = METRIC_COUNTER},
};

static const struct metric state_metrics[] = {
    {.name = "netdrop_collector_state",
     .help = "1 for the state that the collector is in, 0 for the others",
     .type = METRIC_GAUGE},
};

static const struct metric wait_metrics[] = {
    {.name = "netdrop_collector_waits_total",
     .help = "Times a reader asked for newer numbers: fresh, they came in time; late, they did not; skipped, "
             "the reader did not wait",
     .type = METRIC_COUNTER},
};

static const struct metric limit_metrics[] = {
    {.name = "netdrop_limit_hits_total",
     .help = "Times a limit of the exporter was reached",
     .type = METRIC_COUNTER},
};

static const struct metric build_metrics[] = {
    {.name = "netdrop_exporter_build_info",
     .help = "Version and commit of the running program",
     .type = METRIC_INFO},
};

enum { COLUMN_UNKNOWN_KEYS, COLUMN_RELOAD_OK, COLUMN_RELOAD_TIME, COLUMN_HOST_NETWORK };

static const struct metric config_metrics[] = {
    [COLUMN_UNKNOWN_KEYS] = {.name = "netdrop_config_unknown_keys",
                             .help = "Keys of the configuration that this version does not know and ignores",
                             .type = METRIC_GAUGE},
    [COLUMN_RELOAD_OK] = {.name = "netdrop_config_last_reload_successful",
                          .help = "Whether the configuration was valid when it was last read",
                          .type = METRIC_GAUGE},
    [COLUMN_RELOAD_TIME] = {.name = "netdrop_config_last_reload_success_timestamp_seconds",
                            .help = "When the running configuration was read, in seconds since 1970",
                            .unit = "seconds",
                            .type = METRIC_GAUGE,
                            .value = VALUE_SECONDS},
    [COLUMN_HOST_NETWORK] =
        {.name = "netdrop_host_network_namespace",
         .help =
             "Whether the exporter runs in the host's network namespace; if not, interfaces and protocols "
             "are those of its own, and only CPUs are the host's",
         .type = METRIC_GAUGE},
};

static const struct metric digest_metrics[] = {
    {.name = "netdrop_config_info",
     .help = "SHA-256 of the running configuration: of its file, or of several files and their names; "
             "empty without a file",
     .type = METRIC_INFO},
};

enum health_table {
    TABLE_COLLECTORS,
    TABLE_STATES,
    TABLE_WAITS,
    TABLE_LIMITS,
    TABLE_BUILD,
    TABLE_CONFIG,
    TABLE_DIGEST,
    TABLE_COUNT,
};

struct description {
    const struct metric *metrics;
    size_t count;
};

static const struct description descriptions[TABLE_COUNT] = {
    [TABLE_COLLECTORS] = {collector_metrics, ELEMENTS(collector_metrics)},
    [TABLE_STATES] = {state_metrics, ELEMENTS(state_metrics)},
    [TABLE_WAITS] = {wait_metrics, ELEMENTS(wait_metrics)},
    [TABLE_LIMITS] = {limit_metrics, ELEMENTS(limit_metrics)},
    [TABLE_BUILD] = {build_metrics, ELEMENTS(build_metrics)},
    [TABLE_CONFIG] = {config_metrics, ELEMENTS(config_metrics)},
    [TABLE_DIGEST] = {digest_metrics, ELEMENTS(digest_metrics)},
};

struct self_metrics {
    const struct registry *registry;
    const struct limits *limits;
    struct web_metrics *web;
    struct column_set *columns[TABLE_COUNT];
    struct row_set *rows[TABLE_COUNT];
    pthread_mutex_t lock; /* protects what follows, and rows[TABLE_DIGEST] */
    uint64_t unknown_keys;
    uint64_t loaded_ns; /* CLOCK_REALTIME */
    bool refused;
    enum host_network host_network; /* set before other threads read it */
};

/* Adds a row to a set under construction. Can only fail with -ENOMEM, since all these rows differ. */
static int add_row(struct row_set *rows, const char *first, const char *second)
{
    const char *values[] = {first, second};
    int row = row_set_add(rows, values);

    return row < 0 ? row : 0;
}

static const char *state_name(size_t state)
{
    return health_state_name((enum health_state)state);
}

static const char *result_name(size_t result)
{
    return wait_result_name((enum wait_result)result);
}

/* Makes a row for each collector, or `count` rows with a second label for each. */
static int rows_of_collectors(const struct self_metrics *health, const char *const *names, size_t count,
                              const char *(*second)(size_t index), struct row_set *rows)
{
    int error = 0;

    for (size_t i = 0; i < registry_count(health->registry); i++)
        for (size_t k = 0; k < count && !error; k++)
            error = add_row(rows, names[i], second ? second(k) : NULL);
    return error;
}

static int rows_of_limits(struct row_set *rows)
{
    int error = 0;

    for (size_t i = 0; i < LIMIT_COUNT && !error; i++)
        error = add_row(rows, limit_name((enum limit)i), NULL);
    return error;
}

static int self_metrics_make_rows(struct self_metrics *health, const char *const *names)
{
    static const char *const labels[TABLE_COUNT][2] = {
        [TABLE_COLLECTORS] = {"collector"},
        [TABLE_STATES] = {"collector", "state"},
        [TABLE_WAITS] = {"collector", "result"},
        [TABLE_LIMITS] = {"limit"},
        [TABLE_BUILD] = {"version", "revision"},
        [TABLE_CONFIG] = {},
        [TABLE_DIGEST] = {"sha256"},
    };
    int error = 0;

    for (size_t i = 0; i < TABLE_COUNT && !error; i++) {
        size_t count = labels[i][0] ? labels[i][1] ? 2 : 1 : 0;

        error = row_set_new(labels[i], count, &health->rows[i]);
        if (error)
            break;
        if (i == TABLE_COLLECTORS)
            error = rows_of_collectors(health, names, 1, NULL, health->rows[i]);
        else if (i == TABLE_STATES)
            error = rows_of_collectors(health, names, COLLECTOR_STATE_COUNT, state_name, health->rows[i]);
        else if (i == TABLE_WAITS)
            error = rows_of_collectors(health, names, WAIT_RESULT_COUNT, result_name, health->rows[i]);
        else if (i == TABLE_LIMITS)
            error = rows_of_limits(health->rows[i]);
        else if (i == TABLE_BUILD)
            error = add_row(health->rows[i], NETDROP_VERSION, NETDROP_REVISION);
        else
            error = add_row(health->rows[i], "", NULL);
        row_set_seal(health->rows[i]);
    }
    return error;
}

int self_metrics_new(const struct registry *registry, const struct limits *limits,
                     const char *const *collector_names, struct self_metrics **ret_health)
{
    struct self_metrics *health = calloc(1, sizeof(*health));
    int error = 0;

    if (!health)
        return -ENOMEM;
    health->registry = registry;
    health->limits = limits;
    pthread_mutex_init(&health->lock, NULL);
    error = web_metrics_new(&health->web);
    for (size_t i = 0; i < TABLE_COUNT && !error; i++)
        error = column_set_new(descriptions[i].metrics, descriptions[i].count, &health->columns[i]);
    if (!error)
        error = self_metrics_make_rows(health, collector_names);
    if (error < 0) {
        self_metrics_free(health);
        return error;
    }
    *ret_health = health;
    return 0;
}

struct self_metrics *self_metrics_free(struct self_metrics *health)
{
    if (!health)
        return NULL;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        column_set_unref(health->columns[i]);
        row_set_unref(health->rows[i]);
    }
    web_metrics_free(health->web);
    pthread_mutex_destroy(&health->lock);
    free(health);
    return NULL;
}

int self_metrics_config_loaded(struct self_metrics *health, const char *sha256, uint64_t unknown_keys,
                               uint64_t realtime_ns)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new((const char *const[]){"sha256"}, 1, &rows);

    if (!error)
        error = add_row(rows, sha256, NULL);
    if (error < 0)
        return error;
    pthread_mutex_lock(&health->lock);
    row_set_replace(&health->rows[TABLE_DIGEST], take_ptr(rows));
    health->unknown_keys = unknown_keys;
    health->loaded_ns = realtime_ns;
    health->refused = false;
    pthread_mutex_unlock(&health->lock);
    return 0;
}

void self_metrics_config_refused(struct self_metrics *health)
{
    pthread_mutex_lock(&health->lock);
    health->refused = true;
    pthread_mutex_unlock(&health->lock);
}

void self_metrics_clock_set(struct self_metrics *health, int64_t by_ns)
{
    pthread_mutex_lock(&health->lock);
    health->loaded_ns += (uint64_t)by_ns;
    pthread_mutex_unlock(&health->lock);
}

struct web_metrics *self_metrics_web(const struct self_metrics *health)
{
    return health->web;
}

void self_metrics_host_network(struct self_metrics *health, enum host_network host_network)
{
    health->host_network = host_network;
}

static void fill_collector(struct table *const tables[], size_t i, const struct collector_health *now)
{
    struct table *table = tables[TABLE_COLLECTORS];

    table_set(table, i, COLUMN_SUPPORTED, now->state != COLLECTOR_UNSUPPORTED);
    if (now->state != COLLECTOR_UNSUPPORTED && now->state != COLLECTOR_STARTING)
        table_set(table, i, COLUMN_UP, now->state == COLLECTOR_OK);
    if (now->tried)
        table_set(table, i, COLUMN_DURATION, now->duration_ns);
    table_set(table, i, COLUMN_BUSY, now->busy_ns);
    if (now->success_ns)
        table_set(table, i, COLUMN_SUCCESS, now->success_ns);
    table_set(table, i, COLUMN_SERIES, now->series);
    if (now->limit) {
        table_set(table, i, COLUMN_LIMITED, now->limited);
        table_set(table, i, COLUMN_LIMIT, now->limit);
    }
    table_set(table, i, COLUMN_FAILURES, now->failures);
    for (size_t state = 0; state < COLLECTOR_STATE_COUNT; state++)
        table_set(tables[TABLE_STATES], i * COLLECTOR_STATE_COUNT + state, 0, now->state == state);
    for (size_t result = 0; result < WAIT_RESULT_COUNT; result++)
        table_set(tables[TABLE_WAITS], i * WAIT_RESULT_COUNT + result, 0, now->waits[result]);
}

static void fill_program(const struct self_metrics *health, struct table *const tables[])
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        table_set(tables[TABLE_LIMITS], i, 0,
                  atomic_load_explicit(&health->limits->hits[i], memory_order_relaxed));
    table_set(tables[TABLE_BUILD], 0, 0, 1);
    table_set(tables[TABLE_CONFIG], 0, COLUMN_UNKNOWN_KEYS, health->unknown_keys);
    table_set(tables[TABLE_CONFIG], 0, COLUMN_RELOAD_OK, !health->refused);
    table_set(tables[TABLE_CONFIG], 0, COLUMN_RELOAD_TIME, health->loaded_ns);
    if (health->host_network != HOST_NETWORK_UNKNOWN)
        table_set(tables[TABLE_CONFIG], 0, COLUMN_HOST_NETWORK, health->host_network == HOST_NETWORK_YES);
    table_set(tables[TABLE_DIGEST], 0, 0, 1);
}

int self_metrics_fill(struct self_metrics *health, uint64_t collectors, uint64_t now_ns,
                      struct snapshot *draft)
{
    struct table *tables[TABLE_COUNT];
    bool complete = true;

    pthread_mutex_lock(&health->lock);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        tables[i] = snapshot_add_table(draft, health->columns[i], health->rows[i]);
        complete = complete && tables[i];
    }
    if (complete)
        fill_program(health, tables);
    pthread_mutex_unlock(&health->lock);
    if (!complete)
        return -ENOMEM;
    for (size_t i = 0; i < registry_count(health->registry); i++) {
        struct collector_health now;

        registry_health(health->registry, i, now_ns, &now);
        if (now.enabled && collectors >> i & 1)
            fill_collector(tables, i, &now);
    }
    return web_metrics_fill(health->web, draft);
}

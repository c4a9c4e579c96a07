/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/web_metrics.h"

/*
 * The metrics of how the exporter serves. Main writes, any thread reads. Whether a certificate is valid is
 * decided when a page is made, because clocks may be set.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"

enum { COLUMN_EXPIRY, COLUMN_VALID, COLUMN_FILES };

static const struct metric serving_metrics[] = {
    [COLUMN_EXPIRY] = {.name = "netdrop_web_certificate_expiry_timestamp_seconds",
                       .help = "When the first certificate of the served chain expires, in seconds since "
                               "1970",
                       .unit = "seconds",
                       .type = METRIC_GAUGE,
                       .value = VALUE_UINT64},
    [COLUMN_VALID] = {.name = "netdrop_web_certificate_valid",
                      .help = "Whether the served certificate chain is within its validity, by this host's "
                              "clock",
                      .type = METRIC_GAUGE},
    [COLUMN_FILES] = {.name = "netdrop_web_files_current",
                      .help = "Whether certificate, key, authority and users in use are those in their "
                              "files; 0 if the files are not valid, and older ones are in use",
                      .type = METRIC_GAUGE},
};

static const struct metric listen_metrics[] = {
    {.name = "netdrop_web_listen_address_present",
     .help = "Whether an interface has this listen address; if not, nobody can connect to it",
     .type = METRIC_GAUGE},
};

enum { TABLE_SERVING, TABLE_LISTEN, TABLE_COUNT };

struct web_metrics {
    struct column_set *columns[TABLE_COUNT];
    pthread_mutex_t lock; /* protects what follows */
    struct row_set *rows[TABLE_COUNT];
    bool certificate, files; /* there is a certificate; there are files */
    uint64_t begin_seconds;  /* CLOCK_REALTIME */
    uint64_t expiry_seconds; /* the same */
    bool files_current;
    uint64_t here; /* a bit for each row */
};

int web_metrics_new(struct web_metrics **ret_web)
{
    struct web_metrics *web = calloc(1, sizeof(*web));
    int error;

    if (!web)
        return -ENOMEM;
    pthread_mutex_init(&web->lock, NULL);
    error = column_set_new(serving_metrics, ELEMENTS(serving_metrics), &web->columns[TABLE_SERVING]);
    if (!error)
        error = column_set_new(listen_metrics, ELEMENTS(listen_metrics), &web->columns[TABLE_LISTEN]);
    if (!error)
        error = row_set_new_single(&web->rows[TABLE_SERVING]);
    if (!error)
        error = web_metrics_listening(web, NULL, 0);
    if (error < 0) {
        web_metrics_free(web);
        return error;
    }
    *ret_web = web;
    return 0;
}

struct web_metrics *web_metrics_free(struct web_metrics *web)
{
    if (!web)
        return NULL;
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        column_set_unref(web->columns[i]);
        row_set_unref(web->rows[i]);
    }
    pthread_mutex_destroy(&web->lock);
    free(web);
    return NULL;
}

void web_metrics_certificate(struct web_metrics *web, uint64_t begin_seconds, uint64_t expiry_seconds)
{
    pthread_mutex_lock(&web->lock);
    web->certificate = true;
    web->begin_seconds = begin_seconds;
    web->expiry_seconds = expiry_seconds;
    pthread_mutex_unlock(&web->lock);
}

void web_metrics_files(struct web_metrics *web, bool current)
{
    pthread_mutex_lock(&web->lock);
    web->files = true;
    web->files_current = current;
    pthread_mutex_unlock(&web->lock);
}

int web_metrics_listening(struct web_metrics *web, const struct listen_state *states, size_t count)
{
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new((const char *const[]){"address"}, 1, &rows);
    uint64_t here = 0;

    for (size_t i = 0; i < count && error >= 0; i++) {
        int row = row_set_add(rows, &states[i].address);

        if (row == -EEXIST)
            continue;
        error = row < 0 ? row : 0;
        if (row >= 0)
            here |= (uint64_t)states[i].here << row;
    }
    if (error < 0)
        return error;
    pthread_mutex_lock(&web->lock);
    row_set_replace(&web->rows[TABLE_LISTEN], take_ptr(rows));
    web->here = here;
    pthread_mutex_unlock(&web->lock);
    return 0;
}

static void fill(const struct web_metrics *web, struct table *serving, struct table *listen)
{
    uint64_t now = clock_realtime_ns() / NS_PER_SECOND;

    if (web->certificate) {
        table_set(serving, 0, COLUMN_EXPIRY, web->expiry_seconds);
        table_set(serving, 0, COLUMN_VALID, web->begin_seconds <= now && now < web->expiry_seconds);
    }
    if (web->files)
        table_set(serving, 0, COLUMN_FILES, web->files_current);
    for (size_t i = 0; i < web->rows[TABLE_LISTEN]->count; i++)
        table_set(listen, i, 0, web->here >> i & 1);
}

int web_metrics_fill(struct web_metrics *web, struct snapshot *draft)
{
    struct table *tables[TABLE_COUNT];
    bool complete = true;

    pthread_mutex_lock(&web->lock);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        tables[i] = snapshot_add_table(draft, web->columns[i], web->rows[i]);
        complete = complete && tables[i];
    }
    if (complete)
        fill(web, tables[TABLE_SERVING], tables[TABLE_LISTEN]);
    pthread_mutex_unlock(&web->lock);
    return complete ? 0 : -ENOMEM;
}

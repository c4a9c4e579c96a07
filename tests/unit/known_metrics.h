/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of all collectors, as they are published, for tests of who reads what metrics say of
 * themselves.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/conntrack/conntrack_metrics.h"
#include "collectors/drops/drop_metrics.h"
#include "collectors/ethtool/ethtool_tables.h"
#include "collectors/link/link_columns.h"
#include "collectors/netns/namespace_counters.h"
#include "collectors/qdisc/qdisc_metrics.h"
#include "collectors/snmp/snmp_layout.h"
#include "collectors/sockets/sockets_metrics.h"
#include "collectors/softnet/softnet_metrics.h"
#include "tests/unit/unit.h"

static struct column_set *known_sets[64];
static size_t known_count;

static inline void known_keep(struct column_set *columns)
{
    assert_true(known_count < ELEMENTS(known_sets));
    known_sets[known_count++] = columns;
}

static inline void known_add(const struct metric *metrics, size_t count)
{
    struct column_set *columns;

    assert_int_equal(column_set_new(metrics, count, &columns), 0);
    known_keep(columns);
}

static inline char *known_file(const char *path)
{
    char whole[512], *text = calloc(1, 1 << 20);
    FILE *file;

    (void)snprintf(whole, sizeof(whole), "%s/%s", getenv("FIXTURES"), path);
    file = fopen(whole, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
    assert_int_equal(fclose(file), 0);
    return text;
}

static inline void known_add_snmp(void)
{
    static char *everything[] = {(char *)(uintptr_t) "*"};
    const struct snmp_selection all = {.include = {.items = everything, .count = 1}};
    char *files[SNMP_FILE_COUNT] = {known_file("proc/6.18/self/net/snmp"),
                                    known_file("proc/6.18/self/net/netstat"),
                                    known_file("proc/6.18/self/net/snmp6")};
    struct snmp_text texts[SNMP_FILE_COUNT];
    struct snapshot *draft = snapshot_new();
    struct snmp_layout *layout;
    struct limits limits = {};

    for (size_t i = 0; i < SNMP_FILE_COUNT; i++)
        texts[i] = (struct snmp_text){files[i], strlen(files[i])};
    assert_int_equal(snmp_layout_new(texts, &all, &limits, &layout), 0);
    assert_int_equal(snmp_layout_fill(layout, texts, &limits, draft, NULL), 0);
    for (size_t i = 0; i < draft->table_count; i++)
        known_keep(column_set_ref(draft->tables[i].columns));
    snmp_layout_free(layout);
    snapshot_unref(draft);
    for (size_t i = 0; i < SNMP_FILE_COUNT; i++)
        free(files[i]);
}

static inline void known_add_namespaces(void)
{
    struct namespace_columns columns;

    assert_int_equal(namespace_columns_init(&columns), 0);
    for (size_t i = 0; i < NAMESPACE_TABLE_COUNT; i++)
        known_keep(column_set_ref(columns.sets[i]));
    namespace_columns_done(&columns);
}

static inline void known_open(void)
{
    struct ethtool_tables tables;
    struct link_columns links;

    assert_int_equal(link_columns_init(&links, LINK_COLUMNS_ALL), 0);
    known_keep(links.set);
    known_add(&link_info_metric, 1);
    assert_int_equal(ethtool_tables_open(&tables), 0);
    for (size_t i = 0; i < ETHTOOL_TABLE_COUNT; i++)
        known_keep(column_set_ref(tables.columns[i]));
    ethtool_tables_close(&tables);
    for (size_t i = 0; i < DROP_ROWS_COUNT; i++)
        known_add(drop_metrics[i].metrics, drop_metrics[i].count);
    known_add(conntrack_metrics, CONNTRACK_SHOWN_COUNT);
    known_add(qdisc_metrics, QDISC_VALUE_COUNT);
    known_add(sockets_udp_metrics, SOCKETS_UDP_COLUMNS);
    known_add(&sockets_forgotten_metric, 1);
    known_add(sockets_listen_metrics, SOCKETS_LISTEN_COLUMNS);
    known_add(softnet_metrics, SOFTNET_COLUMN_COUNT);
    known_add(softnet_cpu_metrics, SOFTNET_SHOWN_COUNT);
    known_add_snmp();
    known_add_namespaces();
}

static inline void known_close(void)
{
    while (known_count > 0)
        column_set_unref(known_sets[--known_count]);
}

/* The n-th column of all, NULL: there are no more. */
static inline const struct column *known_at(size_t n)
{
    for (size_t i = 0; i < known_count; i++) {
        if (n < known_sets[i]->count)
            return &known_sets[i]->columns[n];
        n -= known_sets[i]->count;
    }
    return NULL;
}

static inline const struct column *known_column(const char *name)
{
    const struct column *column;

    for (size_t i = 0; (column = known_at(i)); i++)
        if (!strcmp(column->name, name))
            return column;
    return NULL;
}

/* For tables of a test's own: what the collector's says of itself but its help, which is for the metrics
 * page. */
static inline struct metric known_metric(const char *name)
{
    const struct column *column = known_column(name);

    if (!column)
        fail_msg("there is no %s", name);
    return (struct metric){
        .name = name,
        .help = "",
        .type = column->type,
        .value = column->value,
        .meaning = column->meaning,
        .role = column->role,
        .from_zero = column->from_zero,
        .ledger = column->ledger,
        .title = column->title,
    };
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ledger: counters and drop sites are the test's, as are the moments at which they are read. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/ledger/ledger.h"
#include "tests/unit/unit.h"

#define MS (NS_PER_SECOND / 1000)

enum { SLOT_COARSE, SLOT_SITES, SLOT_COUNT, ROWS_MAX = 1024 };

/* What sites drop. */
struct site {
    const char *labels[7]; /* cause, stage, direction, class, device, netns, ip_version */
    uint64_t skbs;
    uint64_t segments;
};

static const struct ledger_rule dropped_rules[] = {
    {.mode = LEDGER_REST,
     .by = {{"backlog", JOIN_DEVICE}, {"peer_down", JOIN_PEER}},
     .stage = STAGE_INGRESS,
     .direction = DIRECTION_RECEIVE},
    {},
};
static const struct ledger_rule sent_rules[] = {
    {.mode = LEDGER_REST,
     .by = {{"peer_down", JOIN_DEVICE}, {"backlog", JOIN_PEER}},
     .stage = STAGE_DRIVER,
     .direction = DIRECTION_TRANSMIT},
    {},
};
static const struct ledger_rule missed_rules[] = {
    {.mode = LEDGER_ROW,
     .unless = "test_nic_lost_total",
     .stage = STAGE_NIC,
     .direction = DIRECTION_RECEIVE,
     .loss_class = LOSS_CAPACITY,
     .cause = "receive_missed"},
    {},
};
static const struct ledger_rule overflow_rules[] = {
    {.mode = LEDGER_REST, .same = "test_missed_total", .stage = STAGE_NIC, .direction = DIRECTION_RECEIVE},
    {},
};
static const struct ledger_rule nic_rules[] = {
    {.mode = LEDGER_ROW,
     .by = {{"freed", JOIN_DEVICE}},
     .stage = STAGE_NIC,
     .loss_class = LOSS_CAPACITY,
     .cause = "{cause}"},
    {},
};
static const struct ledger_rule udp_rules[] = {
    {.mode = LEDGER_REST,
     .by = {{"buffer", JOIN_IP_VERSION}},
     .stage = STAGE_TRANSPORT,
     .direction = DIRECTION_RECEIVE},
    {},
};
static const struct ledger_rule host_rules[] = {
    {.when = {"kind", "all"},
     .mode = LEDGER_REST,
     .by = {{"backlog", JOIN_HOST}},
     .stage = STAGE_INGRESS,
     .direction = DIRECTION_RECEIVE},
    {.when = {"kind", "ours"},
     .mode = LEDGER_REST,
     .by = {{"backlog", JOIN_NETNS}},
     .stage = STAGE_INGRESS,
     .direction = DIRECTION_RECEIVE},
    {.mode = LEDGER_DETAIL},
    {},
};

#define COUNTER(the_name, rules)                                                                             \
    {                                                                                                        \
        .name = (the_name), .help = "-", .type = METRIC_COUNTER, .ledger = (rules)                           \
    }

static const struct metric link_metrics[] = {
    COUNTER("test_dropped_total", dropped_rules), COUNTER("test_missed_total", missed_rules),
    COUNTER("test_sent_dropped_total", sent_rules), COUNTER("test_overflow_total", overflow_rules)};
static const struct metric udp_metrics[] = {COUNTER("test_udp_errors_total", udp_rules)};
static const struct metric nic_metrics[] = {COUNTER("test_nic_lost_total", nic_rules)};
static const struct metric host_metrics[] = {COUNTER("test_host_total", host_rules)};
static const struct metric peer_metrics[] = {
    {.name = "test_peer", .help = "-", .type = METRIC_GAUGE, .role = ROLE_PEERS, .internal = true}};
static const struct metric cause_metrics[] = {
    {.name = "test_skbs", .help = "-", .type = METRIC_COUNTER, .role = ROLE_DROP_CAUSES, .internal = true},
    {.name = "test_segments",
     .help = "-",
     .type = METRIC_COUNTER,
     .role = ROLE_DROP_CAUSE_SEGMENTS,
     .internal = true}};
static const struct metric unseen_metrics[] = {
    {.name = "test_unseen_total", .help = "-", .type = METRIC_COUNTER, .role = ROLE_DROPS_UNSEEN}};

struct coarse_row {
    const char *labels[3];
    uint64_t values[4];
};

static struct {
    struct registry *registry;
    struct limits limits;
    struct ledger *ledger;
    uint64_t now_ns;
    struct site sites[ROWS_MAX];
    size_t site_count;
    uint64_t unseen;
    struct coarse_row links[8], udp[2], nics[2], hosts[3], peers[8];
    size_t link_count, udp_count, nic_count, host_count, peer_count;
    struct snapshot *shown;
} it;

static int set_up(void **state)
{
    (void)state;
    memset(&it, 0, sizeof(it));
    it.now_ns = 1000 * NS_PER_SECOND;
    assert_int_equal(registry_new(SLOT_COUNT, &it.registry), 0);
    for (size_t slot = 0; slot < SLOT_COUNT; slot++)
        registry_enable(it.registry, slot, NS_PER_SECOND, 10 * NS_PER_SECOND);
    assert_int_equal(ledger_new(it.registry, 1 << SLOT_SITES, 1 << SLOT_COARSE, &it.limits, &it.ledger), 0);
    it.shown = snapshot_new();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    snapshot_unref(it.shown);
    ledger_free(it.ledger);
    registry_free(it.registry);
    return 0;
}

static struct table *add_table(struct snapshot *draft, const struct metric *metrics, size_t metric_count,
                               const char *const *labels, size_t label_count, const void *rows,
                               size_t row_size, size_t row_count)
{
    struct column_set *columns;
    struct row_set *set;
    struct table *table;

    assert_int_equal(column_set_new(metrics, metric_count, &columns), 0);
    assert_int_equal(row_set_new(labels, label_count, &set), 0);
    for (size_t i = 0; i < row_count; i++)
        assert_int_equal(row_set_add(set, (const char *const *)((const char *)rows + i * row_size)), i);
    row_set_seal(set);
    table = snapshot_add_table(draft, columns, set);
    column_set_unref(columns);
    row_set_unref(set);
    return table;
}

static void add_coarse(struct snapshot *draft, const struct metric *metrics, size_t metric_count,
                       const char *const *labels, size_t label_count, const struct coarse_row *rows,
                       size_t count)
{
    struct table *table =
        add_table(draft, metrics, metric_count, labels, label_count, rows, sizeof(*rows), count);

    for (size_t row = 0; row < count; row++)
        for (size_t column = 0; column < metric_count; column++)
            table_set(table, row, column, rows[row].values[column]);
}

static void publish(size_t slot, struct snapshot *draft)
{
    it.now_ns += MS;
    registry_publish(it.registry, slot, draft, it.now_ns, 1);
    snapshot_unref(draft);
    it.now_ns += MS;
}

/* Counters are read as they are now; published later, where the test says so. */
static struct snapshot *read_coarse(void)
{
    static const char *const device[] = {"device"}, *const version[] = {"ip_version"},
                             *const kind[] = {"kind"};
    static const char *const nic[] = {"device", "direction", "cause"}, *const peer[] = {"device", "peer"};
    struct snapshot *draft = snapshot_new();

    registry_begin(it.registry, SLOT_COARSE, it.now_ns);
    it.now_ns += MS;
    add_coarse(draft, link_metrics, ELEMENTS(link_metrics), device, 1, it.links, it.link_count);
    add_coarse(draft, udp_metrics, 1, version, 1, it.udp, it.udp_count);
    add_coarse(draft, nic_metrics, 1, nic, 3, it.nics, it.nic_count);
    add_coarse(draft, host_metrics, 1, kind, 1, it.hosts, it.host_count);
    add_coarse(draft, peer_metrics, 1, peer, 2, it.peers, it.peer_count);
    return draft;
}

static struct snapshot *read_sites(void)
{
    static const char *const labels[] = {"cause",  "stage", "direction", "class",
                                         "device", "netns", "ip_version"};
    struct snapshot *draft = snapshot_new();
    struct table *table, *unseen;

    registry_begin(it.registry, SLOT_SITES, it.now_ns);
    it.now_ns += MS;
    table = add_table(draft, cause_metrics, 2, labels, ELEMENTS(labels), it.sites, sizeof(it.sites[0]),
                      it.site_count);
    for (size_t row = 0; row < it.site_count; row++) {
        table_set(table, row, 0, it.sites[row].skbs);
        table_set(table, row, 1, it.sites[row].segments);
    }
    unseen = add_table(draft, unseen_metrics, 1, NULL, 0, "", 0, 1);
    table_set(unseen, 0, 0, it.unseen);
    return draft;
}

static void collect_coarse(void)
{
    publish(SLOT_COARSE, read_coarse());
}

static void collect_sites(void)
{
    publish(SLOT_SITES, read_sites());
}

static void show(void)
{
    snapshot_clear(it.shown);
    assert_int_equal(ledger_fill(it.ledger, UINT64_MAX, it.now_ns, it.shown), 0);
}

/* All that is read once, as a scrape does. */
static void go_round(void)
{
    collect_coarse();
    collect_sites();
    show();
}

static struct site *drop(const char *const labels[7], uint64_t skbs, uint64_t segments)
{
    struct site *site = &it.sites[it.site_count++];

    memcpy(site->labels, labels, sizeof(site->labels));
    site->skbs = skbs;
    site->segments = segments;
    return site;
}

#define LABELS(...) ((const char *const[7]){__VA_ARGS__})

static const char *const backlog[7] = {"backlog", "ingress", "receive", "capacity", "eth0", "self", "4"};
static const char *const buffer[7] = {"buffer", "transport", "receive", "capacity", "eth0", "self", "4"};

/* The rows of a family, as text: "stage direction device cause class count" a line. */
static const char *rows_of(const char *family)
{
    static char text[65536];
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < it.shown->table_count; i++) {
        const struct table *table = &it.shown->tables[i];
        int column = table_find_column(table, family);

        for (size_t row = 0; column >= 0 && row < table->rows->count; row++) {
            static const char *const labels[] = {"stage", "direction", "device", "cause", "class", "reason"};
            uint64_t value = 0;

            assert_true(table_get(table, row, (size_t)column, &value));
            if (!value)
                continue;
            for (size_t k = 0; k < ELEMENTS(labels); k++) {
                char label[64];

                if (row_set_label(table->rows, row, labels[k], label, sizeof(label)) >= 0)
                    used += (size_t)snprintf(text + used, sizeof(text) - used, "%s ", label[0] ? label : "-");
            }
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%llu\n", (unsigned long long)value);
        }
    }
    return text;
}

static const char *lost(void)
{
    return rows_of("netdrop_lost_packets_total");
}

static uint64_t sum_of(const char *family)
{
    uint64_t sum = 0;

    for (const char *at = rows_of(family); *at; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');

        while (*end != ' ')
            end--;
        sum += strtoull(end, NULL, 10);
    }
    return sum;
}

static void test_sites_are_rows(void **state)
{
    (void)state;
    go_round();
    assert_string_equal(lost(), "");
    drop(backlog, 3, 40);
    drop(LABELS("rule", "network", "forward", "policy", "eth1", "self", "6"), 5, 5);
    drop(LABELS("other_host", "network", "receive", "benign", "eth1", "self", "4"), 7, 7);
    drop(LABELS("tap", "ingress", "receive", "copy", "eth1", "self", "4"), 8, 8);
    drop(LABELS("nobody", "transport", "receive", "error", "", "other", "6"), 2, 2);
    drop(LABELS("nobody", "transport", "receive", "error", "", "", "6"), 1, 1);
    go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 40\n"
                                "transport receive - nobody error 3\n");
    assert_string_equal(rows_of("netdrop_refused_packets_total"), "network forward eth1 rule 5\n");
    assert_string_equal(rows_of("netdrop_lost_packets_by_stage_total"), "ingress receive capacity 40\n"
                                                                        "transport receive error 3\n");
    assert_string_equal(rows_of("netdrop_ledger_complete"),
                        "sites_not_counted 1\ncounters_not_read 1\nevents_lost 1\nnamespaces_unseen 1\n");
}

static void test_what_a_site_explains(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {100, 0}};
    it.udp[it.udp_count++] = (struct coarse_row){{"4"}, {50}};
    drop(backlog, 100, 100);
    drop(buffer, 50, 50);
    go_round();
    go_round();
    for (int i = 0; i < 3; i++) {
        it.links[0].values[0] += 10;
        it.sites[0].skbs += 10;
        it.sites[0].segments += 20;
        it.udp[0].values[0] += 4;
        it.sites[1].skbs += 4;
        it.sites[1].segments += 4;
        go_round();
    }
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 160\n"
                                "transport receive eth0 buffer capacity 62\n");
}

static void test_what_none_explains(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {1000, 0}};
    it.links[it.link_count++] = (struct coarse_row){{"eth1"}, {0, 0}};
    it.udp[it.udp_count++] = (struct coarse_row){{"6"}, {0}};
    drop(backlog, 5, 5);
    go_round();
    go_round(); /* from here on they are compared */
    it.links[0].values[0] += 30;
    it.sites[0].skbs += 10;
    it.sites[0].segments += 10;
    it.links[1].values[0] += 7; /* sites of eth0 are not its own */
    it.udp[0].values[0] += 2;   /* nor are those of IPv4 */
    go_round();
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 15); /* it may be on its way to its site */
    go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 15\n"
                                "ingress receive eth0 unexplained unknown 20\n"
                                "ingress receive eth1 unexplained unknown 7\n"
                                "transport receive - unexplained unknown 2\n");
    go_round();
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 44);
}

/* A packet that is counted, and not yet at its site. */
static void test_on_its_way(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 0}};
    drop(backlog, 1, 1);
    go_round();
    go_round();
    for (int i = 0; i < 10; i++) {
        it.links[0].values[0] += 5;
        go_round();
        it.sites[0].skbs += 5;
        it.sites[0].segments += 5;
        go_round();
    }
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 51\n");
}

/* Sites that were read before a counter do not tell what it has. */
static void test_reading_rule(void **state)
{
    struct snapshot *sites;

    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 0}};
    drop(backlog, 1, 1);
    go_round();
    go_round();
    for (int i = 0; i < 5; i++) {
        sites = read_sites(); /* begins before the counter is read, ends after it */
        it.links[0].values[0] += 1000;
        it.sites[0].skbs += 1000;
        it.sites[0].segments += 1000;
        collect_coarse();
        publish(SLOT_SITES, sites);
        show();
    }
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 4001);
    collect_sites();
    show();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 5001\n");
}

/* A collector that always publishes a moment after the sites, and before they are looked at. */
static void test_always_a_little_ahead(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 0}};
    drop(backlog, 1, 1);
    for (int i = 0; i < 8; i++) {
        if (i >= 3)
            it.links[0].values[0] += 10;
        collect_sites();
        collect_coarse();
        show();
    }
    assert_non_null(strstr(lost(), "unexplained unknown 30\n"));
}

static void test_counter_that_begins_anew(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {500, 0}};
    drop(backlog, 1, 1);
    for (int i = 0; i < 2; i++)
        go_round();
    it.links[0].values[0] += 6;
    for (int i = 0; i < 2; i++)
        go_round();
    it.links[0].values[0] = 2; /* the device was made anew */
    for (int i = 0; i < 3; i++)
        go_round();
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 7);
    it.links[0].values[0] += 4;
    for (int i = 0; i < 2; i++)
        go_round();
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 11);
}

/* Rows come and go around one that stays. */
static void test_rows_move(void **state)
{
    (void)state;
    it.link_count = 2;
    it.links[0] = (struct coarse_row){{"eth9"}, {100, 0}};
    it.links[1] = (struct coarse_row){{"eth0"}, {100, 0}};
    drop(backlog, 1, 1);
    for (int i = 0; i < 2; i++)
        go_round();
    it.links[1].values[0] += 10;
    go_round();
    it.links[0] = it.links[1];
    it.links[1] = (struct coarse_row){{"eth3"}, {100000, 0}};
    for (int i = 0; i < 2; i++)
        go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 1\n"
                                "ingress receive eth0 unexplained unknown 10\n");
}

static void test_the_other_end(void **state)
{
    (void)state;
    it.link_count = 2;
    it.links[0] = (struct coarse_row){{"a0"}, {0, 0}};
    it.links[1] = (struct coarse_row){{"c0"}, {0, 0}};
    it.peer_count = 3;
    it.peers[0] = (struct coarse_row){{"a0", "b0"}, {1}};
    it.peers[1] = (struct coarse_row){{"b0", "a0"}, {1}};
    it.peers[2] = (struct coarse_row){{"c0", ""}, {1}};
    drop(LABELS("peer_down", "driver", "transmit", "error", "b0", "self", "4"), 1, 1);
    for (int i = 0; i < 2; i++)
        go_round();
    it.links[0].values[0] += 10;
    it.sites[0].skbs += 10;
    it.sites[0].segments += 10;
    for (int i = 0; i < 2; i++)
        go_round();
    assert_string_equal(lost(), "driver transmit b0 peer_down error 11\n");
    it.links[0].values[0] += 3;
    it.links[1].values[0] += 5; /* its other end may have dropped it: nobody sees that */
    for (int i = 0; i < 3; i++)
        go_round();
    assert_string_equal(lost(), "driver transmit b0 peer_down error 11\n"
                                "ingress receive a0 unexplained unknown 3\n");
    assert_string_equal(rows_of("netdrop_ledger_complete"),
                        "sites_not_counted 1\ncounters_not_read 1\nevents_lost 1\n");
}

static void test_joins(void **state)
{
    (void)state;
    it.host_count = 3;
    it.hosts[0] = (struct coarse_row){{"all"}, {0}};
    it.hosts[1] = (struct coarse_row){{"ours"}, {0}};
    it.hosts[2] = (struct coarse_row){{"none"}, {0}};
    drop(backlog, 1, 1);
    drop(LABELS("backlog", "ingress", "receive", "capacity", "", "other", "4"), 1, 1);
    for (int i = 0; i < 2; i++)
        go_round();
    for (int i = 0; i < 3; i++)
        it.hosts[i].values[0] += 10;
    for (int i = 0; i < 2; i++) {
        it.sites[i].skbs += 5;
        it.sites[i].segments += 5;
    }
    for (int i = 0; i < 2; i++)
        go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 6\n"
                                "ingress receive - backlog capacity 6\n"
                                "ingress receive - unexplained unknown 5\n");
}

static void test_what_only_a_counter_knows(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 70}};
    drop(backlog, 1, 1);
    go_round();
    it.links[0].values[1] += 9;
    go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 1\n"
                                "nic receive eth0 receive_missed capacity 9\n");
    it.nics[it.nic_count++] = (struct coarse_row){{"eth0", "receive", "ring_full"}, {80}};
    it.nics[it.nic_count++] = (struct coarse_row){{"eth0", "either", "allowance"}, {0}};
    go_round();
    for (int i = 0; i < 2; i++) {
        it.links[0].values[1] += 4;
        it.nics[0].values[0] += 4; /* the same packets, told more closely */
        it.nics[1].values[0]++;
        go_round();
    }
    go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 1\n"
                                "nic receive eth0 receive_missed capacity 9\n"
                                "nic receive eth0 ring_full capacity 8\n"
                                "nic - eth0 allowance capacity 2\n");
}

static void test_one_counter_of_two_names(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 70, 0, 70}};
    it.links[it.link_count++] = (struct coarse_row){{"eth1"}, {}};
    drop(backlog, 1, 1);
    go_round();
    go_round();
    for (int i = 0; i < 3; i++) {
        it.links[0].values[1] += 3;
        it.links[0].values[3] += 3;
        it.links[1].values[3] += 2; /* another driver, which tells them apart */
        go_round();
    }
    go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 1\n"
                                "nic receive eth0 receive_missed capacity 9\n"
                                "nic receive eth1 unexplained unknown 6\n");
}

/* A place may see some of them: those are told there. */
static void test_what_a_place_seldom_sees(void **state)
{
    struct site *freed;

    (void)state;
    it.nics[it.nic_count++] = (struct coarse_row){{"eth0", "transmit", "ring_full"}, {0}};
    freed = drop(LABELS("freed", "driver", "transmit", "capacity", "eth0", "self", "4"), 0, 0);
    for (int i = 0; i < 2; i++)
        go_round();
    for (int i = 0; i < 3; i++) {
        it.nics[0].values[0] += 10;
        freed->skbs += 7;
        freed->segments += 7;
        go_round();
    }
    go_round();
    assert_string_equal(lost(), "driver transmit eth0 freed capacity 21\n"
                                "nic transmit eth0 ring_full capacity 9\n");
}

static void test_events_lost(void **state)
{
    (void)state;
    it.unseen = 1000; /* before it began */
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 0}};
    drop(backlog, 1, 1);
    for (int i = 0; i < 2; i++)
        go_round();
    it.links[0].values[0] += 50; /* 30 at their site, of 20 the event was lost */
    it.sites[0].skbs += 30;
    it.sites[0].segments += 30;
    it.unseen += 20;
    for (int i = 0; i < 4; i++)
        go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 31\n"
                                "unknown - - events_lost unknown 20\n");
    assert_string_equal(rows_of("netdrop_ledger_complete"),
                        "sites_not_counted 1\ncounters_not_read 1\nnamespaces_unseen 1\n");
    it.links[0].values[0] += 8;
    for (int i = 0; i < 2; i++)
        go_round();
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 59);
}

/* Without sites all is unexplained that a counter has; with them again nothing is told twice. */
static void test_sites_are_off(void **state)
{
    (void)state;
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 0}};
    drop(backlog, 1, 1);
    for (int i = 0; i < 2; i++)
        go_round();
    registry_disable(it.registry, SLOT_SITES);
    collect_coarse();
    show();
    for (int i = 0; i < 3; i++) {
        it.links[0].values[0] += 50;
        it.links[0].values[1] += 1;
        collect_coarse();
        show();
    }
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 1\n"
                                "ingress receive eth0 unexplained unknown 150\n"
                                "nic receive eth0 receive_missed capacity 3\n");
    assert_string_equal(rows_of("netdrop_ledger_complete"),
                        "counters_not_read 1\nevents_lost 1\nnamespaces_unseen 1\n");
    it.sites[0].skbs += 150; /* they were counted all the while */
    it.sites[0].segments = it.sites[0].skbs;
    registry_enable(it.registry, SLOT_SITES, NS_PER_SECOND, 10 * NS_PER_SECOND);
    collect_coarse();
    show(); /* it has yet to begin */
    for (int i = 0; i < 3; i++)
        go_round();
    it.links[0].values[0] += 6;
    for (int i = 0; i < 2; i++)
        go_round();
    assert_string_equal(lost(), "ingress receive eth0 backlog capacity 1\n"
                                "ingress receive eth0 unexplained unknown 156\n"
                                "nic receive eth0 receive_missed capacity 3\n");
}

/* Both ends count what is lost between them: without sites only one of them is told. */
static void test_both_ends_without_sites(void **state)
{
    (void)state;
    registry_disable(it.registry, SLOT_SITES);
    it.link_count = 2;
    it.links[0] = (struct coarse_row){{"a0"}, {0, 0}};
    it.links[1] = (struct coarse_row){{"b0"}, {0, 0}};
    it.peer_count = 2;
    it.peers[0] = (struct coarse_row){{"a0", "b0"}, {1}};
    it.peers[1] = (struct coarse_row){{"b0", "a0"}, {1}};
    collect_coarse();
    show();
    it.links[0].values[2] = it.links[1].values[0] = 9;
    collect_coarse();
    show();
    assert_string_equal(lost(), "ingress receive b0 unexplained unknown 9\n");
}

static void test_more_causes_than_rows(void **state)
{
    static char names[ROWS_MAX][16];

    (void)state;
    for (size_t i = 0; i < LEDGER_LOST_MAX + 100; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "cause_%zu", i);
        drop(LABELS(names[i], "network", "receive", "error", "eth0", "self", "4"), 2, 2);
    }
    go_round();
    assert_non_null(strstr(lost(), "network receive - other error 200\n"));
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 2 * (LEDGER_LOST_MAX + 100));
    assert_string_equal(rows_of("netdrop_lost_packets_by_stage_total"), "network receive error 1200\n");
    assert_int_equal(it.limits.hits[LIMIT_LEDGER_ROWS], 100);
    for (size_t i = 0; i < it.site_count; i++)
        it.sites[i].segments += 1;
    go_round();
    assert_int_equal(sum_of("netdrop_lost_packets_total"), 3 * (LEDGER_LOST_MAX + 100));
}

/* While nobody reads a counter, the losses that only it shows are missing. */
static void test_counters_are_not_read(void **state)
{
    struct fault fault = {};

    (void)state;
    go_round();
    registry_disable(it.registry, SLOT_COARSE);
    show();
    assert_string_equal(rows_of("netdrop_ledger_complete"),
                        "sites_not_counted 1\nevents_lost 1\nnamespaces_unseen 1\n");
    registry_enable(it.registry, SLOT_COARSE, NS_PER_SECOND, 10 * NS_PER_SECOND);
    go_round();
    assert_non_null(strstr(rows_of("netdrop_ledger_complete"), "counters_not_read 1\n"));
    fault_set(&fault, -EIO, "no answer");
    registry_begin(it.registry, SLOT_COARSE, it.now_ns);
    registry_fail(it.registry, SLOT_COARSE, &fault, it.now_ns);
    show();
    assert_null(strstr(rows_of("netdrop_ledger_complete"), "counters_not_read 1\n"));
    fault_unsupported(&fault, "not on this kernel");
    registry_begin(it.registry, SLOT_COARSE, it.now_ns);
    registry_fail(it.registry, SLOT_COARSE, &fault, it.now_ns);
    show();
    assert_non_null(strstr(rows_of("netdrop_ledger_complete"), "counters_not_read 1\n"));
    registry_begin(it.registry, SLOT_COARSE, it.now_ns);
    it.now_ns += 6 * NS_PER_SECOND;
    show();
    assert_null(strstr(rows_of("netdrop_ledger_complete"), "counters_not_read 1\n"));
}

/* Only who asks for drop sites is given it. */
static void test_who_asks(void **state)
{
    (void)state;
    go_round();
    snapshot_clear(it.shown);
    assert_int_equal(ledger_fill(it.ledger, 1 << SLOT_COARSE, it.now_ns, it.shown), 0);
    assert_int_equal(it.shown->table_count, 0);
}

/*
 * Packets are lost while it is read, in any order: what is shown never is more than there was, never steps
 * back, and is exact in the end. A counter has them first, their site later; some no site sees.
 */
static void test_under_load(void **state)
{
    unsigned seed = unit_seed();
    uint64_t explained = 0, unexplained = 0, before = 0;

    (void)state;
    srand(seed);
    it.links[it.link_count++] = (struct coarse_row){{"eth0"}, {0, 0}};
    drop(backlog, 0, 0);
    for (int i = 0; i < 2; i++)
        go_round();
    for (int i = 0; i < 2000; i++) {
        struct snapshot *coarse = NULL, *sites = NULL;

        for (int step = rand() % 6; step >= 0; step--) {
            uint64_t packets = (uint64_t)rand() % 1000, strays = rand() % 50 ? 0 : (uint64_t)rand() % 9;

            it.links[0].values[0] += packets + strays;
            it.sites[0].skbs += packets;
            it.sites[0].segments += packets;
            explained += packets;
            unexplained += strays;
            if (rand() % 2 && !coarse)
                coarse = read_coarse();
            if (rand() % 3 == 0 && !sites)
                sites = read_sites();
            if (rand() % 2 && coarse)
                publish(SLOT_COARSE, take_ptr(coarse));
            if (rand() % 2 && sites)
                publish(SLOT_SITES, take_ptr(sites));
        }
        if (coarse)
            publish(SLOT_COARSE, coarse);
        if (sites)
            publish(SLOT_SITES, sites);
        show();
        assert_true(sum_of("netdrop_lost_packets_total") >= before);
        before = sum_of("netdrop_lost_packets_total");
        assert_true(before <= explained + unexplained);
        if (strstr(lost(), "unexplained"))
            assert_true(strtoull(strstr(lost(), "unknown ") + 8, NULL, 10) <= unexplained);
    }
    for (int i = 0; i < 3; i++)
        go_round();
    assert_int_equal(sum_of("netdrop_lost_packets_total"), explained + unexplained);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sites_are_rows),
        TEST(test_what_a_site_explains),
        TEST(test_what_none_explains),
        TEST(test_on_its_way),
        TEST(test_reading_rule),
        TEST(test_always_a_little_ahead),
        TEST(test_counter_that_begins_anew),
        TEST(test_rows_move),
        TEST(test_the_other_end),
        TEST(test_joins),
        TEST(test_what_only_a_counter_knows),
        TEST(test_one_counter_of_two_names),
        TEST(test_what_a_place_seldom_sees),
        TEST(test_events_lost),
        TEST(test_sites_are_off),
        TEST(test_both_ends_without_sites),
        TEST(test_more_causes_than_rows),
        TEST(test_counters_are_not_read),
        TEST(test_who_asks),
        TEST(test_under_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

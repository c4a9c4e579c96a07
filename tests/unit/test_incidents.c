/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The incidents as a whole: what is told of made-up drops and counters, as they are read at moments of the
 * test's own; the colours, and the golden texts of the report. */

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/collector.h"
#include "collectors/packet_records.h"
#include "daemon/incident/incidents.h"
#include "daemon/incident/loss_report_json.h"
#include "daemon/incident/loss_report_text.h"
#include "tests/unit/known_metrics.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

enum { ROWS_MAX = 8, CAUSES_MAX = 48 };

/* Drops by cause, of our namespace. */
struct drops {
    const char *cause;
    const char *device;
    const char *netns;
    const char *direction; /* NULL: that of most with this cause */
    uint64_t count;
};

/* A row of netdrop_kernel_drops_total: rules that refuse, in the places that the kernel has for them. */
struct site {
    const char *netns;
    const char *protocol;
    uint64_t count;
};

static struct {
    struct registry *registry;
    struct limits limits;
    struct trend *trend;
    struct ledger *ledger;
    struct incidents *incidents;
    struct loss_report *report;
    uint64_t now_ns;
    size_t sites_slot, link_slot, sockets_slot;
    uint64_t port_drops; /* of UDP port 9999; published where the collector is on */
    bool port_closed;    /* and its counter gone */
    struct drops drops[CAUSES_MAX];
    size_t drop_count;
    struct site sites[4];
    size_t site_count;
    uint64_t received[ROWS_MAX]; /* by eth0, eth1, ... */
    bool no_sites;               /* the collector fails */
    bool records;                /* packets, too */
} it;

static size_t slot_of(const char *name)
{
    for (size_t i = 0; i < collector_count; i++)
        if (strcmp(collectors[i]->name, name) == 0)
            return i;
    fail_msg("there is no collector %s", name);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    memset(&it, 0, sizeof(it));
    known_open();
    it.now_ns = 100000 * SECOND;
    it.sites_slot = slot_of("drop_monitor");
    it.link_slot = slot_of("link");
    it.sockets_slot = slot_of("sockets");
    assert_int_equal(registry_new(collector_count, &it.registry), 0);
    registry_enable(it.registry, it.sites_slot, SECOND, 30 * SECOND);
    registry_enable(it.registry, it.link_slot, SECOND, 30 * SECOND);
    assert_int_equal(trend_new(it.registry, &it.limits, &it.trend), 0);
    assert_int_equal(ledger_new(it.registry, UINT64_C(1) << it.sites_slot, 0, &it.limits, &it.ledger), 0);
    assert_int_equal(
        incidents_new(it.registry, it.ledger, it.trend, HOST_NETWORK_YES, it.now_ns, &it.incidents), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(it.report);
    incidents_free(it.incidents);
    ledger_free(it.ledger);
    trend_free(it.trend);
    registry_free(it.registry);
    known_close();
    return 0;
}

static void publish(size_t slot, struct snapshot *snapshot)
{
    registry_begin(it.registry, slot, it.now_ns);
    registry_publish(it.registry, slot, snapshot, it.now_ns, it.now_ns);
    snapshot_unref(snapshot);
}

static struct table *table_of(struct snapshot *snapshot, const struct metric *metrics, size_t metric_count,
                              struct row_set *rows)
{
    struct column_set *columns;
    struct table *table;

    assert_int_equal(column_set_new(metrics, metric_count, &columns), 0);
    row_set_seal(rows);
    table = snapshot_add_table(snapshot, columns, rows);
    column_set_unref(columns);
    row_set_unref(rows);
    assert_non_null(table);
    return table;
}

static void add_sites(struct snapshot *snapshot)
{
    static const char *const labels[] = {"function", "module", "reason",  "class",
                                         "device",   "netns",  "protocol"};
    const struct metric metric = known_metric("netdrop_kernel_drops_total");
    struct row_set *rows;
    struct table *table;

    assert_int_equal(row_set_new(labels, ELEMENTS(labels), &rows), 0);
    for (size_t i = 0; i < it.site_count; i++)
        assert_true(
            row_set_add(rows, (const char *const[]){"nft_do_chain", "nf_tables", "NETFILTER_DROP", "policy",
                                                    "", it.sites[i].netns, it.sites[i].protocol}) >= 0);
    table = table_of(snapshot, &metric, 1, rows);
    for (size_t i = 0; i < it.site_count; i++)
        table_set(table, i, 0, it.sites[i].count);
}

static void publish_drops(void)
{
    static const char *const labels[] = {"cause",  "stage", "direction", "class",
                                         "device", "netns", "ip_version"};
    static const struct metric metrics[] = {
        {.name = "skbs", .help = "-", .role = ROLE_DROP_CAUSES, .internal = true},
        {.name = "segments", .help = "-", .role = ROLE_DROP_CAUSE_SEGMENTS, .internal = true},
        {.name = "recorded", .help = "-", .role = ROLE_DROPS_RECORDED, .internal = true},
    };
    struct snapshot *snapshot = snapshot_new();
    struct row_set *rows;
    struct table *table;

    assert_int_equal(row_set_new(labels, ELEMENTS(labels), &rows), 0);
    for (size_t i = 0; i < it.drop_count; i++) {
        const struct cause_meaning *cause = NULL;

        for (size_t c = 0; c < CAUSE_COUNT && !cause; c++)
            if (strcmp(cause_meanings[c].name, it.drops[i].cause) == 0)
                cause = &cause_meanings[c];
        assert_non_null(cause);
        assert_true(row_set_add(rows, (const char *const[]){cause->name, stage_name(cause->stage),
                                                            it.drops[i].direction ? it.drops[i].direction
                                                            : cause->stage == STAGE_EGRESS ? "transmit"
                                                                                           : "receive",
                                                            loss_class_name(cause->loss_class),
                                                            it.drops[i].device, it.drops[i].netns, "4"}) >=
                    0);
    }
    table = table_of(snapshot, metrics, ELEMENTS(metrics), rows);
    for (size_t i = 0; i < it.drop_count; i++) {
        table_set(table, i, 0, it.drops[i].count);
        table_set(table, i, 1, it.drops[i].count);
        if (it.records)
            table_set(table, i, 2, it.drops[i].count);
    }
    if (it.site_count)
        add_sites(snapshot);
    publish(it.sites_slot, snapshot);
}

static void publish_links(void)
{
    static const char *const labels[] = {"device", "kind"};
    const struct metric metrics[] = {known_metric("netdrop_link_receive_packets_total"),
                                     known_metric("netdrop_link_transmit_packets_total"),
                                     known_metric("netdrop_link_receive_missed_total")};
    struct snapshot *snapshot = snapshot_new();
    struct row_set *rows;
    struct table *table;

    assert_int_equal(row_set_new(labels, ELEMENTS(labels), &rows), 0);
    for (size_t i = 0; i < ROWS_MAX; i++) {
        char name[8];

        (void)snprintf(name, sizeof(name), "eth%zu", i);
        assert_true(row_set_add(rows, (const char *const[]){name, ""}) >= 0);
    }
    table = table_of(snapshot, metrics, ELEMENTS(metrics), rows);
    for (size_t i = 0; i < ROWS_MAX; i++) {
        table_set(table, i, 0, it.received[i]);
        table_set(table, i, 1, 0);
        table_set(table, i, 2, 0);
    }
    publish(it.link_slot, snapshot);
}

static void publish_sockets(void)
{
    const struct metric metric = known_metric("netdrop_udp_socket_drops_total");
    struct snapshot *snapshot = snapshot_new();
    struct row_set *rows;
    struct table *table;

    assert_int_equal(row_set_new((const char *const[]){"local_port", "ip_version"}, 2, &rows), 0);
    if (!it.port_closed)
        assert_true(row_set_add(rows, (const char *const[]){"9999", "4"}) >= 0);
    table = table_of(snapshot, &metric, 1, rows);
    if (!it.port_closed)
        table_set(table, 0, 0, it.port_drops);
    publish(it.sockets_slot, snapshot);
}

/* What is told so many seconds later, once all was read again. */
static const struct loss_report *told(unsigned seconds)
{
    it.now_ns += seconds * SECOND;
    publish_links();
    if (it.port_drops)
        publish_sockets();
    it.now_ns += SECOND / 1000;
    if (!it.no_sites)
        publish_drops();
    (void)trend_step(it.trend, it.now_ns);
    free(it.report);
    it.report = incidents_report(it.incidents, it.now_ns);
    assert_non_null(it.report);
    return it.report;
}

static struct drops *drop(const char *cause, const char *device)
{
    struct drops *drops = &it.drops[it.drop_count++];

    *drops = (struct drops){.cause = cause, .device = device, .netns = "self"};
    return drops;
}

static void test_nothing(void **state)
{
    const struct loss_report *report;

    (void)state;
    report = told(5);
    assert_int_equal(report->colour, COLOUR_GREEN);
    assert_string_equal(report->headline, "Nothing was lost within the last 6 s");
    assert_string_equal(told(400)->headline, "Nothing was lost within the last five minutes");
    assert_int_equal(it.report->count, 0);
    assert_string_equal(it.report->looked, "2 of 2 collectors, drop sites among them");
}

/* Green would be a word about what nobody looks at. */
static void test_no_collector_at_all(void **state)
{
    (void)state;
    told(5);
    registry_disable(it.registry, it.link_slot);
    registry_disable(it.registry, it.sites_slot);
    free(it.report);
    it.report = incidents_report(it.incidents, it.now_ns);
    assert_int_equal(it.report->colour, COLOUR_AMBER);
    assert_string_equal(it.report->headline, "Nothing is known yet");
}

static void test_before_anything_was_read(void **state)
{
    (void)state;
    it.report = incidents_report(it.incidents, it.now_ns);
    assert_int_equal(it.report->colour, COLOUR_AMBER);
    assert_non_null(strstr(it.report->headline, "Nothing is known yet"));
}

static void test_a_loss_is_red_from_the_first_look_on(void **state)
{
    struct drops *queue = drop("qdisc_full", "eth0");
    const struct loss_report *report;

    (void)state;
    queue->count = 1;
    report = told(5);
    assert_int_equal(report->colour, COLOUR_RED);
    assert_int_equal(report->count, 1);
    assert_string_equal(report->incidents[0].subject, "eth0");
    assert_string_equal(report->incidents[0].cause, "qdisc_full");
    /* It stays so for a minute, and is gone soon after. */
    for (unsigned i = 0; i < 11; i++)
        assert_int_equal(told(5)->colour, COLOUR_RED);
    told(5);
    assert_int_equal(told(5)->colour, COLOUR_GREEN);
    assert_int_equal(it.report->count, 0);
    assert_string_equal(it.report->headline,
                        "Nothing was lost within the last minute, 1 within the last 71 s");
    told(210);
    assert_string_equal(told(10)->headline,
                        "Nothing was lost within the last minute, 1 within the last 291 s");
    assert_string_equal(told(30)->headline, "Nothing was lost within the last five minutes");
}

/* What it lost before it paused for a minute is of the last five, too. */
static void test_a_loss_that_comes_back(void **state)
{
    struct drops *queue = drop("qdisc_full", "eth0");

    (void)state;
    queue->count = 7;
    told(5);
    for (unsigned i = 0; i < 20; i++)
        told(5);
    assert_int_equal(it.report->count, 0);
    queue->count += 3;
    assert_int_equal(told(5)->count, 1);
    assert_int_equal(it.report->incidents[0].past, 10);
    assert_int_equal(it.report->incidents[0].recent, 3);
    assert_int_equal(it.report->incidents[0].count, 3);
    for (unsigned i = 0; i < 3; i++)
        told(5);
    assert_int_equal(it.report->incidents[0].rate, 0);
    assert_memory_equal(it.report->headline, "eth0 lost 3 from ", 17);
}

static void test_errors_are_red_by_their_share(void **state)
{
    struct drops *errors = drop("ip_checksum", "eth0");

    (void)state;
    told(5);
    it.received[0] += 1000000;
    errors->count += 20;
    assert_int_equal(told(5)->colour, COLOUR_GREEN);
    assert_int_equal(it.report->count, 1);
    assert_int_equal(it.report->urgent, 0);
    assert_string_equal(it.report->headline, "Little was lost within the last 11 s: 20");
    it.received[0] += 1000000;
    errors->count += 500;
    assert_int_equal(told(5)->colour, COLOUR_RED);
    /* None the better for losing less for a moment. */
    it.received[0] += 1000000;
    errors->count += 1;
    told(5);
    assert_int_equal(told(5)->colour, COLOUR_RED);
}

static void test_a_handful_of_errors_is_no_news(void **state)
{
    struct drops *errors = drop("ip_checksum", "eth0");

    (void)state;
    told(5);
    it.received[0] += 9;
    errors->count += 9;
    assert_int_equal(told(5)->colour, COLOUR_GREEN);
    it.received[0] += 1;
    errors->count += 1;
    assert_int_equal(told(5)->colour, COLOUR_RED);
}

static void test_rules_that_refuse_half(void **state)
{
    struct drops *rule = drop("netfilter_rule", "eth0");

    (void)state;
    told(5);
    it.received[0] += 1000;
    rule->count += 400;
    assert_int_equal(told(5)->colour, COLOUR_GREEN);
    it.received[0] += 1000;
    rule->count += 900;
    told(5);
    assert_int_equal(it.report->colour, COLOUR_AMBER);
    assert_string_equal(it.report->incidents[0].share_of, "what eth0 receives");
}

/* The device has counted what its program refuses: it is not half of twice as much. */
static void test_a_program_that_refuses_most(void **state)
{
    struct drops *program = drop("xdp_program", "eth0");

    (void)state;
    told(5);
    it.received[0] += 1000;
    program->count += 900;
    assert_int_equal(told(5)->colour, COLOUR_AMBER);
    assert_float_equal(it.report->incidents[0].share, 0.9, 1e-9);
}

static void test_rules_that_refuse_more_than_usual(void **state)
{
    struct drops *rule = drop("netfilter_rule", "eth0");

    (void)state;
    /* An hour of ten a second, of a thousand that come. */
    for (unsigned i = 0; i < 3600 / 5 + 10; i++) {
        it.received[0] += 5000;
        rule->count += 50;
        assert_int_equal(told(5)->colour, COLOUR_GREEN);
    }
    assert_int_equal(it.report->count, 1);
    /* Twice as much is no news, five times as much is. */
    for (unsigned i = 0; i < 24; i++) {
        it.received[0] += 5000;
        rule->count += 100;
        assert_int_equal(told(5)->colour, COLOUR_GREEN);
    }
    for (unsigned i = 0; i < 24; i++) {
        it.received[0] += 5000;
        rule->count += 250;
        told(5);
    }
    assert_int_equal(it.report->colour, COLOUR_AMBER);
}

/* Our sockets' counters know nothing of other namespaces' sockets. */
static void test_others_have_no_ports_of_ours(void **state)
{
    struct drops *ours = drop("udp_receive_buffer_full", "eth0");
    struct drops *theirs = drop("udp_receive_buffer_full", "");

    (void)state;
    theirs->netns = "other";
    registry_enable(it.registry, it.sockets_slot, SECOND, 30 * SECOND);
    it.port_drops = 1;
    told(5);
    it.port_drops += 100;
    ours->count += 100;
    theirs->count += 5000;
    told(5);
    assert_int_equal(it.report->count, 2);
    assert_string_equal(it.report->incidents[0].subject, "another network namespace");
    assert_int_equal(it.report->incidents[0].facts.evidence_count, 0);
    assert_string_equal(it.report->incidents[1].subject, "UDP port 9999");
    assert_int_equal(it.report->incidents[1].past, 100);
}

/* Nor where all that others lost was lost before the trends knew of it. */
static void test_what_others_lost_at_first_is_theirs(void **state)
{
    struct drops *ours = drop("udp_receive_buffer_full", "eth0");
    struct drops *theirs = drop("udp_receive_buffer_full", "");

    (void)state;
    theirs->netns = "other";
    theirs->count = 5000;
    registry_enable(it.registry, it.sockets_slot, SECOND, 30 * SECOND);
    it.port_drops = 1;
    told(5);
    assert_int_equal(it.report->count, 1);
    assert_string_equal(it.report->incidents[0].subject, "another network namespace");
    it.port_drops += 100;
    ours->count += 100;
    told(5);
    assert_int_equal(it.report->count, 2);
    assert_string_equal(it.report->incidents[0].subject, "another network namespace");
    assert_string_equal(it.report->incidents[1].subject, "UDP port 9999");
}

/* What has no interface and is all ours is told as ours. */
static void test_ours_without_an_interface(void **state)
{
    struct drops *memory = drop("udp_memory_full", "");

    (void)state;
    registry_enable(it.registry, it.sockets_slot, SECOND, 30 * SECOND);
    it.port_drops = 1;
    told(5);
    it.port_drops += 100;
    memory->count += 100;
    told(5);
    assert_int_equal(it.report->count, 1);
    assert_string_equal(it.report->incidents[0].subject, "UDP port 9999");
}

/* A socket that is closed takes its counter along. What it lost was still lost at its port. */
static void test_a_port_stays_when_its_socket_is_closed(void **state)
{
    struct drops *buffer = drop("udp_receive_buffer_full", "eth0");

    (void)state;
    registry_enable(it.registry, it.sockets_slot, SECOND, 30 * SECOND);
    it.port_drops = 1;
    told(5);
    it.port_drops += 100;
    buffer->count += 100;
    told(5);
    assert_string_equal(it.report->incidents[0].subject, "UDP port 9999");
    it.port_closed = true;
    told(5);
    assert_string_equal(it.report->incidents[0].subject, "UDP port 9999");
    buffer->count += 90;
    told(5);
    assert_string_equal(it.report->incidents[0].subject, "UDP port 9999");
    /* From here on most was lost elsewhere. */
    buffer->count += 90;
    told(5);
    assert_string_equal(it.report->incidents[0].subject, "eth0");
}

/* Places of other namespaces are no evidence of what ours loses, nor the other way round. Rows that read the
 * same are one. */
static void test_evidence_of_the_same_namespace(void **state)
{
    struct drops *ours = drop("netfilter_rule", ""), *theirs = drop("netfilter_rule", "");
    const struct facts *facts;

    (void)state;
    ours->direction = "transmit";
    theirs->netns = "other";
    it.sites[0] = (struct site){.netns = "self", .protocol = "ipv4"};
    it.sites[1] = (struct site){.netns = "other", .protocol = "ipv4"};
    it.sites[2] = (struct site){.netns = "other", .protocol = "ipv6"};
    it.site_count = 3;
    told(5);
    it.sites[0].count = ours->count = 2;
    it.sites[1].count = 700;
    it.sites[2].count = 300;
    theirs->count = 1000;
    told(5);
    assert_int_equal(it.report->count, 2);
    for (size_t i = 0; i < 2; i++) {
        facts = &it.report->incidents[i].facts;
        assert_int_equal(facts->evidence_count, 1);
        assert_string_equal(facts->evidence[0].name, "NETFILTER_DROP in nft_do_chain");
        assert_int_equal(facts->evidence[0].count, it.report->incidents[i].past);
    }
}

static void test_losses_come_before_rules(void **state)
{
    struct drops *rule = drop("netfilter_rule", "eth0"), *queue = drop("qdisc_full", "eth1");

    (void)state;
    told(5);
    it.received[0] += 1000;
    rule->count += 1000;
    told(5);
    assert_string_equal(it.report->incidents[0].cause, "netfilter_rule");
    it.received[0] += 1000;
    rule->count += 1000;
    queue->count += 1;
    told(5);
    assert_int_equal(it.report->colour, COLOUR_RED);
    assert_string_equal(it.report->incidents[0].cause, "qdisc_full");
    assert_int_equal(it.report->more, 1);
}

static void test_a_collector_that_fails_is_named(void **state)
{
    struct fault fault = {};

    (void)state;
    told(5);
    (void)fault_set(&fault, -EIO, "it broke");
    registry_begin(it.registry, it.link_slot, it.now_ns);
    registry_fail(it.registry, it.link_slot, &fault, it.now_ns);
    free(it.report);
    it.report = incidents_report(it.incidents, it.now_ns);
    assert_int_equal(it.report->colour, COLOUR_AMBER);
    assert_string_equal(it.report->headline,
                        "Nothing was lost within the last 6 s, but not everything is looked "
                        "at: link is failing: it broke");
    assert_string_equal(it.report->looked, "1 of 2 collectors, drop sites among them");
}

static bool is_neutral_line(const char *words)
{
    for (size_t i = 0; i < it.report->neutral.count; i++)
        if (strstr(it.report->neutral.items[i], words))
            return true;
    return false;
}

static void test_drop_sites_that_are_not_there(void **state)
{
    struct fault fault = {};

    (void)state;
    it.no_sites = true;
    (void)fault_unsupported(&fault, "CAP_BPF is missing");
    registry_begin(it.registry, it.sites_slot, it.now_ns);
    registry_fail(it.registry, it.sites_slot, &fault, it.now_ns);
    told(5);
    assert_int_equal(it.report->colour, COLOUR_AMBER);
    assert_non_null(strstr(it.report->headline, "drop_monitor, which counts the kernel's drop sites, is not "
                                                "available here: CAP_BPF is missing"));
    /* In a container somebody chose so. */
    incidents_free(it.incidents);
    assert_int_equal(
        incidents_new(it.registry, it.ledger, it.trend, HOST_NETWORK_NO, it.now_ns, &it.incidents), 0);
    told(5);
    assert_int_equal(it.report->colour, COLOUR_GREEN);
    assert_int_equal(it.report->blind.count, 0);
    assert_true(is_neutral_line("CAP_BPF is missing"));
}

/* What needs nothing is there on each host; in a container whoever runs it chose what it sees. */
static void test_what_each_host_has(void **state)
{
    size_t slot = slot_of("snmp");
    struct fault fault = {};

    (void)state;
    registry_enable(it.registry, slot, SECOND, 30 * SECOND);
    (void)fault_unsupported(&fault, "no files");
    registry_begin(it.registry, slot, it.now_ns);
    registry_fail(it.registry, slot, &fault, it.now_ns);
    told(5);
    assert_int_equal(it.report->colour, COLOUR_AMBER);
    assert_string_equal(it.report->blind.items[0], "snmp is not available here: no files");
    incidents_free(it.incidents);
    assert_int_equal(
        incidents_new(it.registry, it.ledger, it.trend, HOST_NETWORK_NO, it.now_ns, &it.incidents), 0);
    told(5);
    assert_int_equal(it.report->colour, COLOUR_GREEN);
    assert_true(is_neutral_line("snmp is not available here"));
}

static void test_what_is_off_is_a_neutral_line(void **state)
{
    (void)state;
    told(5);
    registry_disable(it.registry, it.link_slot);
    free(it.report);
    it.report = incidents_report(it.incidents, it.now_ns);
    assert_int_equal(it.report->colour, COLOUR_GREEN);
    assert_true(is_neutral_line("off by configuration: link, ethtool, "));
}

static void test_more_than_have_room(void **state)
{
    char names[CAUSES_MAX][16];

    (void)state;
    for (size_t i = 0; i < CAUSES_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "veth%zu", i);
        drop("qdisc_full", names[i])->count = 10 + i;
    }
    told(5);
    assert_int_equal(it.report->count, LOSS_REPORT_INCIDENTS_MAX);
    assert_int_equal(it.report->left_out, CAUSES_MAX - LOSS_REPORT_INCIDENTS_MAX);
    assert_string_equal(it.report->incidents[0].subject, "veth47");
    for (size_t i = 1; i < it.report->count; i++)
        assert_true(it.report->incidents[i].past <= it.report->incidents[i - 1].past);
}

/* What rules refuse comes after all losses, and the most of it is told nevertheless. */
static void test_refused_packets_have_a_place(void **state)
{
    char names[CAUSES_MAX][16];
    const struct incident *last;

    (void)state;
    for (size_t i = 0; i < CAUSES_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "veth%zu", i);
        drop(i < 3 ? "netfilter_rule" : "qdisc_full", names[i])->count = 1000 - i;
    }
    told(5);
    assert_int_equal(it.report->count, LOSS_REPORT_INCIDENTS_MAX);
    assert_int_equal(it.report->left_out, CAUSES_MAX - LOSS_REPORT_INCIDENTS_MAX);
    last = &it.report->incidents[it.report->count - 1];
    assert_string_equal(last->subject, "veth0");
    assert_int_equal(last->loss_class, LOSS_POLICY);
    for (size_t i = 0; i < it.report->count - 1; i++)
        assert_int_equal(it.report->incidents[i].loss_class, LOSS_CAPACITY);
}

/* As people count, where they lost the same. */
static void test_alike_losses_are_sorted_by_number(void **state)
{
    (void)state;
    drop("qdisc_full", "eth10")->count = 10;
    drop("qdisc_full", "eth9")->count = 10;
    drop("qdisc_full", "eth2")->count = 10;
    drop("qdisc_full", "eth0")->count = 11;
    told(5);
    assert_string_equal(it.report->incidents[0].subject, "eth0");
    assert_string_equal(it.report->incidents[1].subject, "eth2");
    assert_string_equal(it.report->incidents[2].subject, "eth9");
    assert_string_equal(it.report->incidents[3].subject, "eth10");
}

static void test_the_stages(void **state)
{
    const struct loss_report *report;

    (void)state;
    drop("qdisc_full", "eth0")->count = 100;
    drop("qdisc_full", "eth1")->count = 50;
    drop("netfilter_rule", "eth1")->count = 20;
    report = told(10);
    assert_float_equal(report->ways[STAGE_EGRESS][DIRECTION_TRANSMIT].lost, 15, 0.1);
    assert_int_equal(report->ways[STAGE_EGRESS][DIRECTION_TRANSMIT].lost_past, 150);
    assert_float_equal(report->ways[STAGE_NETWORK][DIRECTION_RECEIVE].refused, 2, 0.1);
    assert_float_equal(report->ways[STAGE_NETWORK][DIRECTION_RECEIVE].lost, 0, 0.1);
}

/* Times of the day are not the test's to know. */
static void hide_times(char *text)
{
    for (char *at = text; (at = strpbrk(at, "0123456789")); at++)
        if (at[1] && at[2] == ':' && at[3] && at[4] && at[5] == ':')
            memcpy(at, "hh:mm:ss", 8);
}

static void test_the_text(void **state)
{
    _cleanup_(buffer_done) struct buffer out = {};
    struct drops *queue = drop("qdisc_full", "eth0"), *rule = drop("netfilter_rule", "eth1");
    char *body;

    (void)state;
    told(5);
    for (unsigned i = 0; i < 6; i++) {
        queue->count += 500;
        rule->count += 1500;
        it.received[1] += 2000;
        told(5);
    }
    loss_report_text(it.report, "web-7\033[2J", false, &out);
    buffer_append(&out, "", 1);
    assert_int_equal(out.error, 0);
    assert_memory_equal(out.data, "web-7?[2J  netdrop-exporter ", 28);
    body = strchr(out.data, '\n');
    hide_times(body);
    assert_string_equal(body,
                        "\n\n"
                        "LOSS  eth0 loses 100/s since hh:mm:ss: the queue is full\n"
                        "      1 more below. Looked at: 2 of 2 collectors, drop sites among them.\n\n"
                        "  receive   NIC 0 > driver 0 > ingress 0 > network 300/s refused > transport 0\n"
                        "  transmit  transport 0 > network 0 > egress 100/s > driver 0 > NIC 0\n"
                        "  forward   network 0 > egress 0 > driver 0\n\n"
                        "1  LOSS  eth0: the queue is full\n"
                        "         100/s now, 3000 within five minutes, 100 % of what eth0 sends, since\n"
                        "         hh:mm:ss, steady\n"
                        "         > tc -s -d qdisc show dev eth0   # limit and rate of each queue\n"
                        "         Runbook: transmit-queue\n\n"
                        "2  RULES eth1: received packets are refused by a firewall rule\n"
                        "         300/s now, 9000 within five minutes, 75 % of what eth1 receives, since\n"
                        "         hh:mm:ss, steady\n"
                        "         > nft -a list ruleset\n"
                        "            # chains of ingress, prerouting, input or forward\n"
                        "         Runbook: firewall\n\n"
                        "- off by configuration: ethtool, snmp, softnet, conntrack, qdisc, sockets,\n"
                        "  process\n");
}

static void test_colours_are_for_terminals(void **state)
{
    _cleanup_(buffer_done) struct buffer plain = {}, coloured = {};

    (void)state;
    drop("qdisc_full", "eth\033[0")->count = 5;
    told(5);
    loss_report_text(it.report, "host", false, &plain);
    loss_report_text(it.report, "host", true, &coloured);
    assert_null(memchr(plain.data, '\033', plain.size));
    assert_non_null(memmem(coloured.data, coloured.size, "\033[1;31mLOSS\033[0m", 15));
}

static void test_lines_are_no_longer_than_a_terminal(void **state)
{
    _cleanup_(buffer_done) struct buffer out = {};
    size_t width = 0;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        drop((const char *[]){"qdisc_full", "netfilter_rule", "udp_receive_buffer_full", "ip_checksum",
                              "nfqueue_without_program", "veth_peer_down_or_mtu"}[i],
             "a_long_name_15")
            ->count = 12345678901234;
    it.received[0] += 1000;
    told(5);
    it.report->incidents[0].facts.evidence[0] = (struct incident_evidence){
        "netdrop_udp_socket_drops_total{local_port=\"32109\",unit=\"a.service\",ip_version=\"4\"}", 12345678};
    it.report->incidents[0].facts.evidence_count = 1;
    loss_report_text(it.report, "a-host-with-a-rather-long-name.example.org", false, &out);
    assert_non_null(memmem(out.data, out.size, "drops_total\n                  {local_port", 41));
    for (size_t i = 0; i < out.size; i++) {
        width = out.data[i] == '\n' ? 0 : width + 1;
        if (width > 80)
            fail_msg("%.*s", (int)width, out.data + i + 1 - width);
    }
    /* A stage of the path and its numbers are in one line. */
    assert_non_null(memmem(out.data, out.size, "\n            > ", 15));
    assert_null(memmem(out.data, out.size, "network\n", 8));
    assert_null(memmem(out.data, out.size, ">\n", 2));
}

static void test_a_pause_says_from_when_to_when(void **state)
{
    _cleanup_(buffer_done) struct buffer out = {};
    struct drops *queue = drop("qdisc_full", "eth0");

    (void)state;
    told(5);
    queue->count += 500;
    told(5);
    told(20);
    loss_report_text(it.report, "host", false, &out);
    buffer_append(&out, "", 1);
    hide_times(out.data);
    assert_non_null(strstr(out.data, "0/s now, 500 within five minutes, from hh:mm:ss to hh:mm:ss\n"));
}

static void test_json(void **state)
{
    _cleanup_(buffer_done) struct buffer out = {};

    (void)state;
    drop("qdisc_full", "eth\"0\\")->count = 5;
    told(5);
    loss_report_json(it.report, "host", &out);
    buffer_append(&out, "", 1);
    assert_non_null(
        strstr(out.data, "{\"verdict\":{\"colour\":\"red\",\"headline\":\"eth\\\"0\\\\ loses 1.0/s since "));
    assert_non_null(
        strstr(out.data, "\"subject\":\"eth\\\"0\\\\\",\"words\":\"the queue is full\",\"stage\":\"egress\","
                         "\"direction\":\"transmit\",\"device\":\"eth\\\"0\\\\\",\"cause\":\"qdisc_full\","
                         "\"class\":\"capacity\""));
    assert_non_null(strstr(out.data, "\"packets_of_five_minutes\":5,\"packets\":5"));
    assert_non_null(strstr(out.data, "\"runbook\":\"/runbook/transmit-queue\"}]}\n"));
}

static bool report_has(bool json, const char *text)
{
    _cleanup_(buffer_done) struct buffer out = {};

    if (json)
        loss_report_json(it.report, "host", &out);
    else
        loss_report_text(it.report, "host", false, &out);
    buffer_append(&out, "", 1);
    assert_int_equal(out.error, 0);
    return strstr(out.data, text) != NULL;
}

/* Only where packets are recorded. */
static void test_how_to_see_the_packets(void **state)
{
    (void)state;
    drop("qdisc_full", "eth0")->count = 5;
    told(5);
    assert_false(report_has(false, "netdrop-exporter --watch"));
    it.records = true;
    told(5);
    assert_true(report_has(false, "netdrop-exporter --watch"));
}

/* Nobody sees any but who is given them. */
static void test_packets_of_an_incident(void **state)
{
    static struct packet_site site = {.cause = "qdisc_full", .device = "eth0"};
    static struct packet_record record = {
        .sequence = 1, .protocol = 0x0842, .link_type = PACKET_RAW, .length = 60};
    static const struct packet_records records = {
        .sites = &site, .site_count = 1, .records = &record, .record_count = 1};

    (void)state;
    drop("qdisc_full", "eth0")->count = 5;
    told(5);
    assert_null(it.report->packets);
    assert_false(report_has(false, "Packets:") || report_has(true, "last_packets"));
    it.report->packets = &records;
    assert_true(report_has(false, "\n         Packets: ") && report_has(false, "ethertype 0x0842  len 60\n"));
    assert_true(report_has(true, ",\"last_packets\":[\"") &&
                report_has(true, "ethertype 0x0842  len 60\"],"));
    site.cause = "netfilter_rule";
    assert_false(report_has(false, "Packets:"));
    assert_true(report_has(true, ",\"last_packets\":[],"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing),
        TEST(test_before_anything_was_read),
        TEST(test_no_collector_at_all),
        TEST(test_a_loss_is_red_from_the_first_look_on),
        TEST(test_a_loss_that_comes_back),
        TEST(test_errors_are_red_by_their_share),
        TEST(test_a_handful_of_errors_is_no_news),
        TEST(test_rules_that_refuse_half),
        TEST(test_a_program_that_refuses_most),
        TEST(test_rules_that_refuse_more_than_usual),
        TEST(test_others_have_no_ports_of_ours),
        TEST(test_what_others_lost_at_first_is_theirs),
        TEST(test_ours_without_an_interface),
        TEST(test_a_port_stays_when_its_socket_is_closed),
        TEST(test_evidence_of_the_same_namespace),
        TEST(test_losses_come_before_rules),
        TEST(test_a_collector_that_fails_is_named),
        TEST(test_drop_sites_that_are_not_there),
        TEST(test_what_each_host_has),
        TEST(test_what_is_off_is_a_neutral_line),
        TEST(test_more_than_have_room),
        TEST(test_refused_packets_have_a_place),
        TEST(test_alike_losses_are_sorted_by_number),
        TEST(test_the_stages),
        TEST(test_the_text),
        TEST(test_colours_are_for_terminals),
        TEST(test_lines_are_no_longer_than_a_terminal),
        TEST(test_a_pause_says_from_when_to_when),
        TEST(test_json),
        TEST(test_how_to_see_the_packets),
        TEST(test_packets_of_an_incident),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

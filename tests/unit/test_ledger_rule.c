/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How counters stand to the ledger: which rule of a table holds; and what collectors say, as data: that no
 * counter of loss is without a rule, and that rules name labels, metrics and causes that are there. */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/meaning/drop_cause.h"
#include "collectors/protocols/snmp_ledger.h"
#include "tests/unit/known_metrics.h"
#include "tests/unit/unit.h"

static int setup(void **state)
{
    (void)state;
    known_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    known_close();
    return 0;
}

static void test_the_first_that_fits_holds(void **state)
{
    static const char *const labels[] = {"kind", "root"};
    static const struct ledger_rule rules[] = {
        {.when = {"root", "false"}, .mode = LEDGER_DETAIL},
        {.when = {"kind", "cake"}, .mode = LEDGER_ROW},
        {.when = {"none", ""}, .mode = LEDGER_TOLD},
        {},
    };
    static const struct ledger_rule all[] = {{.mode = LEDGER_REST}, {}};
    static const struct {
        const char *values[ELEMENTS(labels)];
        const struct ledger_rule *rule;
    } cases[] = {
        {{"cake", "false"}, &rules[0]},
        {{"cake", "true"}, &rules[1]},
        {{"fq", "true"}, NULL},
        {{"cak", ""}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct row_set *rows;

        assert_int_equal(row_set_new(labels, ELEMENTS(labels), &rows), 0);
        assert_int_equal(row_set_add(rows, cases[i].values), 0);
        row_set_seal(rows);
        assert_ptr_equal(ledger_rule_of_row(rules, rows, 0), cases[i].rule);
        assert_ptr_equal(ledger_rule_of_row(all, rows, 0), &all[0]);
        row_set_unref(rows);
    }
}

/* All rules of all metrics: the next, from {} on. */
struct walk {
    size_t number;
    const struct column *column;
    const struct ledger_rule *rule;
};

static bool walk_next(struct walk *walk)
{
    if (walk->rule && (++walk->rule)->mode)
        return true;
    while ((walk->column = known_at(walk->number++))) {
        walk->rule = walk->column->ledger;
        if (walk->rule)
            return true;
    }
    return false;
}

/* What drop sites are counted by themselves, and what is no packet. */
static const char *const exceptions[][2] = {
    {"netdrop_kernel_drop", "the places themselves, and what is known of their source"},
    {"netdrop_workload_drops", "the places again, by whose packets they were"},
    {"netdrop_udp_receive_buffer_drops", "a place again, by whose packets they were"},
    {"netdrop_collector_failures_total", "collections"},
    {"netdrop_lost_packets_", "the ledger itself"},
    {"netdrop_ethtool_", "as the driver calls it; what is surely lost is in netdrop_nic_lost_total"},
};

static bool is_exception(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(exceptions); i++)
        if (strncmp(name, exceptions[i][0], strlen(exceptions[i][0])) == 0)
            return true;
    return false;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* A counter whose name says that something was lost. */
static bool name_says_loss(const char *name)
{
    static const char *const words[] = {"drop", "discard", "err",  "overflow", "miss",
                                        "fail", "lost",    "prun", "_no_"};
    const char *prefix = "netdrop";

    if (!ends_with(name, "_total") || strncmp(name, prefix, strlen(prefix)) != 0)
        return false;
    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (strstr(name + strlen(prefix), words[i]))
            return true;
    return false;
}

/* Names of no loss that say so. */
static bool is_misleading(const char *name)
{
    static const char *const names[] = {
        "netdrop_ip_in_no_ect_pkts_total",
        "netdrop_ipext_in_no_ect_pkts_total", /* no congestion marks */
        "netdrop_softnet_flow_limit_total",
    };

    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool means_loss(const struct column *column)
{
    const struct meaning *meaning = column->meaning;

    return (meaning && meaning->purpose != PURPOSE_TRAFFIC) || name_says_loss(column->name);
}

/* Each has rules for all rows: the last of a table has no condition. */
static void test_no_counter_of_loss_is_without_rule(void **state)
{
    const struct column *column;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; (column = known_at(i)); i++) {
        const struct ledger_rule *rule = column->ledger;

        if (!means_loss(column) || is_exception(column->name) || is_misleading(column->name))
            continue;
        if (!rule)
            fail_msg("no rule for %s", column->name);
        while (rule[1].mode)
            rule++;
        if (rule->when.label)
            fail_msg("%s: no rule for rows that are like none of its rules", column->name);
        count++;
    }
    assert_true(count > 100);
}

/* So have those of the catalogue that the walk does not know. */
static void test_the_catalogue_is_known(void **state)
{
    _cleanup_(freep) char *metrics = known_file("../golden/metrics.txt");
    char *rest = metrics, *line, name[128];

    (void)state;
    while ((line = strsep(&rest, "\n"))) {
        if (sscanf(line, "%127[a-z0-9_]{", name) != 1 || !name_says_loss(name) || is_exception(name) ||
            is_misleading(name))
            continue;
        if (!known_column(name))
            fail_msg("%s: no test knows its columns (known_metrics.h)", name);
    }
}

/* And the fields of all kernels: "Ip6 InDiscards\tnetdrop_ip_in_discards_total{ip_version="6"}". */
static void test_fields_of_other_kernels(void **state)
{
    _cleanup_(freep) char *names = known_file("../golden/snmp_names.txt");
    char *rest = names, *line, protocol[64], text[64], name[128];

    (void)state;
    while ((line = strsep(&rest, "\n"))) {
        struct snmp_field field = {{protocol, 0}, {text, 0}};
        struct snmp_name made;

        if (sscanf(line, "%63s %63s %127[a-z0-9_]", protocol, text, name) != 3)
            continue;
        field.protocol.size = strlen(protocol);
        field.name.size = strlen(text);
        snmp_name_make(&field, &made);
        assert_string_equal(made.text, name);
        for (enum snmp_place place = 0; place < SNMP_PLACE_COUNT; place++)
            if (name_says_loss(name) && !is_misleading(name) && !snmp_ledger(&field, &made, place))
                fail_msg("no rule for %s %s", protocol, text);
    }
}

/* The labels of a metric, "device,kind", from the catalogue or the list of protocols' names. */
static void labels_of(const char *name, char *labels, size_t size)
{
    static const char *const files[] = {"../golden/metrics.txt", "../golden/snmp_names.txt"};
    char key[160];

    labels[0] = '\0';
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        _cleanup_(freep) char *text = known_file(files[i]);
        const char *at;

        (void)snprintf(key, sizeof(key), "%s{", name);
        at = strstr(text, key);
        if (at) {
            at += strlen(key);
            (void)snprintf(labels, size, ",%.*s,", (int)strcspn(at, "}"), at);
            return;
        }
    }
}

/* The list has `ip_version="4"`, the catalogue names alone. */
static bool has_label(const char *labels, const char *label)
{
    size_t size = strlen(label);

    for (const char *at = labels; (at = strstr(at, label)); at++)
        if (at[-1] == ',' && strchr(",=", at[size]))
            return true;
    return false;
}

static void check_join(const struct walk *walk, const struct ledger_edge *edge, const char *labels)
{
    static const char *const needs[] = {
        [JOIN_DEVICE] = "device", [JOIN_PEER] = "device", [JOIN_IP_VERSION] = "ip_version"};

    if (edge->join < ELEMENTS(needs) && needs[edge->join] && !has_label(labels, needs[edge->join]))
        fail_msg("%s: %s is joined by %s, which it has not", walk->column->name, edge->cause,
                 needs[edge->join]);
    for (const struct ledger_edge *other = walk->rule->by; other < edge; other++)
        if (strcmp(other->cause, edge->cause) == 0 && other->join == edge->join)
            fail_msg("%s: %s twice", walk->column->name, edge->cause);
}

static bool is_cause(const char *name)
{
    for (enum drop_cause cause = 0; cause < CAUSE_COUNT; cause++)
        if (strcmp(cause_meanings[cause].name, name) == 0)
            return true;
    return false;
}

/* A counter makes rows of that cause. */
static bool is_row(const char *name)
{
    struct walk walk = {};

    while (walk_next(&walk))
        if (walk.rule->mode == LEDGER_ROW && strcmp(walk.rule->cause, name) == 0)
            return true;
    return false;
}

/* Edges end at causes that drop sites have; of a detail, which explains nothing, at those of rows, too. */
static void test_causes_exist(void **state)
{
    struct walk walk = {};

    (void)state;
    while (walk_next(&walk))
        for (const struct ledger_edge *edge = walk.rule->by; edge->cause; edge++)
            if (!is_cause(edge->cause) && !(walk.rule->mode == LEDGER_DETAIL && is_row(edge->cause)))
                fail_msg("%s: no drop site is of cause %s", walk.column->name, edge->cause);
}

static void test_joins_fit_labels(void **state)
{
    struct walk walk = {};

    (void)state;
    while (walk_next(&walk)) {
        const struct ledger_rule *rule = walk.rule;
        char labels[256];

        labels_of(walk.column->name, labels, sizeof(labels));
        for (const struct ledger_edge *edge = rule->by; edge->cause; edge++)
            check_join(&walk, edge, labels);
        if (rule->when.label && !has_label(labels, rule->when.label))
            fail_msg("%s has no label %s", walk.column->name, rule->when.label);
        if (rule->unless) {
            bool of_device = has_label(labels, "device");

            labels_of(rule->unless, labels, sizeof(labels));
            assert_int_equal(has_label(labels, "device"), of_device);
            assert_non_null(known_column(rule->unless));
        }
        assert_true(!rule->same || known_column(rule->same));
    }
}

static void check_row(const struct walk *walk, const struct ledger_rule *rule)
{
    assert_true(rule->stage != STAGE_NONE);
    assert_null(rule->by[LEDGER_EDGES_MAX - 1].cause);
    assert_true((rule->mode == LEDGER_ROW) == (rule->cause != NULL));
    if (rule->mode == LEDGER_ROW)
        assert_true(rule->loss_class != LOSS_BENIGN);
    /* What rows of it say, or the row itself. */
    if (rule->mode == LEDGER_REST && rule->direction == DIRECTION_NONE)
        fail_msg("%s: it has no direction", walk->column->name);
}

/* Each says all that the ledger needs of it, and nothing else. */
static void test_each_is_whole(void **state)
{
    struct walk walk = {};
    size_t counts[LEDGER_MODE_COUNT] = {0};

    (void)state;
    while (walk_next(&walk)) {
        const struct ledger_rule *rule = walk.rule;

        assert_int_equal(walk.column->type, METRIC_COUNTER);
        assert_true(rule->mode < LEDGER_MODE_COUNT);
        assert_true(*ledger_mode_name(rule->mode) != '\0');
        counts[rule->mode]++;
        assert_true(!rule->when.label == !rule->when.value);
        assert_non_null(rule->source);
        if (rule->mode == LEDGER_REST || rule->mode == LEDGER_ROW) {
            check_row(&walk, rule);
        } else {
            assert_true(rule->stage == STAGE_NONE && rule->direction == DIRECTION_NONE);
            assert_true(!rule->cause && !rule->unless && !rule->same);
            assert_true(!rule->by[0].cause || rule->mode == LEDGER_DETAIL);
        }
    }
    for (enum ledger_mode mode = LEDGER_REST; mode < LEDGER_MODE_COUNT; mode++)
        assert_true(counts[mode] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_that_fits_holds),
        cmocka_unit_test(test_no_counter_of_loss_is_without_rule),
        cmocka_unit_test(test_the_catalogue_is_known),
        cmocka_unit_test(test_fields_of_other_kernels),
        cmocka_unit_test(test_causes_exist),
        cmocka_unit_test(test_joins_fit_labels),
        cmocka_unit_test(test_each_is_whole),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

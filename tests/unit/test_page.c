/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page: everything escaped, numbers and plots as people read them, incidents as cards, the path as a
 * picture, the worst first and the rest by number, nothing to show, no memory. Snapshots are published, and
 * reports made, by hand. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/page/page.h"
#include "daemon/page/page_html.h"
#include "daemon/page/page_view.h"
#include "tests/unit/known_metrics.h"
#include "tests/unit/unit.h"

static struct registry *registry;
static struct ledger *ledger;
static struct limits limits;
static struct page page;
static struct buffer out;
static uint64_t now_ns;

/* How many allocations still succeed; none fails while it is negative. */
static int allocations_left = -1;

static bool allocation_fails(void)
{
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0;
}

#define WRAP(name, parameters, arguments)                                                                    \
    void *__real_##name parameters;                                                                          \
    void *__wrap_##name parameters;                                                                          \
    void *__wrap_##name parameters                                                                           \
    {                                                                                                        \
        return allocation_fails() ? NULL : __real_##name arguments;                                          \
    }

WRAP(malloc, (size_t size), (size))
WRAP(calloc, (size_t count, size_t size), (count, size))
WRAP(realloc, (void *memory, size_t size), (memory, size))
WRAP(reallocarray, (void *memory, size_t count, size_t size), (memory, count, size))

static int setup(void **state)
{
    struct trend *trend;
    struct incidents *incidents;

    (void)state;
    now_ns = 1000 * NS_PER_SECOND;
    limits = (struct limits){};
    if (registry_new(collector_count, &registry) < 0 || trend_new(registry, &limits, &trend) < 0 ||
        ledger_new(registry, 0, 0, &limits, &ledger) < 0 ||
        incidents_new(registry, ledger, trend, HOST_NETWORK_YES, now_ns, &incidents) < 0)
        return -1;
    page = (struct page){.registry = registry,
                         .trend = trend,
                         .incidents = incidents,
                         .limits = &limits,
                         .telemetry_path = "/m\"<etrics>"};
    page_init(&page);
    known_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buffer_done(&out);
    incidents_free(page.incidents);
    ledger = ledger_free(ledger);
    trend_free(page.trend);
    registry = registry_free(registry);
    known_close();
    return 0;
}

/* The page as a string. */
static const char *render(bool all_interfaces)
{
    buffer_clear(&out);
    assert_int_equal(page_render(&page, all_interfaces, now_ns, &out), 0);
    buffer_append(&out, "", 1);
    return out.data;
}

static bool has(const char *html, const char *text)
{
    return strstr(html, text);
}

static unsigned count_of(const char *html, const char *text)
{
    unsigned count = 0;

    while ((html = strstr(html, text))) {
        html++;
        count++;
    }
    return count;
}

enum { LABELS_MAX = 3, COLUMNS_MAX = 5 };

/* A table as a collector makes it: values[row * columns + column], the labels likewise. */
struct shape {
    const char *metrics[COLUMNS_MAX];
    const char *labels[LABELS_MAX];
    size_t rows;
    const char *const *texts;
    const uint64_t *values;
};

static void publish(size_t slot, const struct shape *shape)
{
    _cleanup_(freep) struct metric *metrics = calloc(COLUMNS_MAX, sizeof(*metrics));
    struct snapshot *snapshot = snapshot_new();
    struct column_set *columns;
    struct row_set *rows;
    struct table *table;
    size_t width = 0, label_count = 0;

    for (; width < COLUMNS_MAX && shape->metrics[width]; width++)
        metrics[width] = known_metric(shape->metrics[width]);
    while (label_count < LABELS_MAX && shape->labels[label_count])
        label_count++;
    assert_int_equal(column_set_new(metrics, width, &columns), 0);
    assert_int_equal(row_set_new(shape->labels, label_count, &rows), 0);
    for (size_t i = 0; i < shape->rows; i++)
        assert_int_equal(row_set_add(rows, array_end(shape->texts, i * label_count)), i);
    row_set_seal(rows);
    table = snapshot_add_table(snapshot, columns, rows);
    for (size_t i = 0; i < shape->rows * width; i++)
        table_set(table, i / width, i % width, shape->values[i]);
    registry_enable(registry, slot, NS_PER_SECOND, 30 * NS_PER_SECOND);
    registry_begin(registry, slot, now_ns);
    registry_publish(registry, slot, snapshot, now_ns, now_ns);
    column_set_unref(columns);
    row_set_unref(rows);
    snapshot_unref(snapshot);
}

/* The step that follows takes in what was published, at the time that it was published. */
static void step(void)
{
    assert_true(trend_step(page.trend, now_ns));
    now_ns += TREND_STEP_NS;
}

/* First with the counters in the last column at 0, then with the values, until two rounds have seen them:
 * then what counters alone know is a loss. */
static void publish_moved(size_t slot, struct shape *shape, uint64_t moved)
{
    _cleanup_(freep) uint64_t *values = NULL;
    size_t width = 0;

    while (width < COLUMNS_MAX && shape->metrics[width])
        width++;
    values = calloc(shape->rows * width, sizeof(*values));
    memcpy(values, shape->values, shape->rows * width * sizeof(*values));
    shape->values = values;
    publish(slot, shape);
    (void)render(false);
    step();
    for (size_t row = 0; row < shape->rows; row++)
        values[row * width + width - 1] += moved * (row + 1);
    for (int round = 0; round < 2; round++) {
        publish(slot, shape);
        (void)render(false);
        step();
    }
    publish(slot, shape);
}

static void test_nothing_to_show(void **state)
{
    const char *html = render(false);

    (void)state;
    assert_true(has(html, "Nothing is known yet."));
    assert_true(has(html, "The link collector has no numbers now."));
    assert_true(has(html, "The drop_monitor collector has no numbers now."));
    assert_true(has(html, "href=\"./m&quot;&lt;etrics&gt;\""));
    assert_true(has(html, "</html>\n"));
    /* Every place of the template is filled, and what it says to who reads the source stays there. */
    assert_false(has(html, "{{"));
    assert_false(has(html, "SPDX"));
}

static void test_tables_without_rows(void **state)
{
    const struct shape links = {.metrics = {"netdrop_link_up", "netdrop_link_receive_missed_total"},
                                .labels = {"device"}};
    const struct shape sites = {.metrics = {"netdrop_kernel_drops_total"}, .labels = {"function", "reason"}};
    const char *html;

    (void)state;
    publish(0, &links);
    publish(1, &sites);
    step();
    html = render(true);
    assert_true(has(html, "<div class=\"green\"><p class=\"headline\">Nothing was lost within the last "));
    assert_true(has(html, " Nothing was lost in the last five minutes.\""));
    assert_int_equal(count_of(html, "<p>None.</p>"), 4); /* interfaces, the others, counters, sites */
}

/* The kernel refuses some of these names today; what it takes is for it to say. */
static void test_everything_is_escaped(void **state)
{
    static const char *const texts[] = {
        "<script>alert(1)</script>", "\"><b>", "a&b", "\x01\x7f\n", "\xff\xfe", "it's",
    };
    struct shape links = {.metrics = {"netdrop_link_up", "netdrop_link_receive_missed_total"},
                          .labels = {"device", "kind"},
                          .rows = 3,
                          .texts = texts,
                          .values = (uint64_t[]){1, 0, 1, 0, 1, 0}};
    struct shape sites = {.metrics = {"netdrop_kernel_drops_total"},
                          .labels = {"function", "reason"},
                          .rows = 3,
                          .texts = texts,
                          .values = (uint64_t[]){1, 1, 1}};
    const char *html;

    (void)state;
    publish(1, &sites);
    publish_moved(0, &links, 100);
    html = render(true);
    assert_int_equal(count_of(html, "<script>"), 1);       /* the page's own */
    assert_int_equal(count_of(html, "&lt;script&gt;"), 3); /* interfaces, counters, sites */
    assert_int_equal(count_of(html, "&quot;&gt;&lt;b&gt;"), 2);
    assert_true(has(html, "a&amp;b"));
    assert_true(has(html, "\uFFFD\uFFFD"));
    assert_true(has(html, "it&#39;s"));
    for (const char *at = html; *at; at++)
        assert_false((unsigned char)*at < ' ' && *at != '\n');
    assert_false(has(html, "\x7f") || has(html, "\xff") || has(html, "\xfe"));
}

static void test_numbers(void **state)
{
    static const struct {
        double rate;
        const char *text;
    } rates[] = {
        {0, "0"},
        {-1, "0"},
        {0.004, "0.004"},
        {0.0333, "0.033"},
        {0.1, "0.1"},
        {2.46, "2.5"},
        {9.94, "9.9"},
        {9.96, "10"},
        {1234.5, "1,235"},
        {1e9, "1,000,000,000"},
        {1e25, "18,446,744,073,709,551,615"},
        {NAN, "0"},
    };
    static const struct {
        uint64_t count;
        const char *text;
    } counts[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1,000"},
        {123456, "123,456"},
        {UINT64_MAX, "18,446,744,073,709,551,615"},
    };
    static const struct {
        uint64_t ns;
        const char *text;
    } durations[] = {
        {0, "0 µs"},
        {999999, "999 µs"},
        {1000000, "1.0 ms"},
        {NS_PER_SECOND, "1.0 s"},
        {90 * NS_PER_SECOND, "90.0 s"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rates); i++) {
        buffer_clear(&out);
        html_rate(&out, rates[i].rate);
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, rates[i].text);
    }
    for (size_t i = 0; i < ELEMENTS(counts); i++) {
        buffer_clear(&out);
        html_count(&out, counts[i].count);
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, counts[i].text);
    }
    for (size_t i = 0; i < ELEMENTS(durations); i++) {
        buffer_clear(&out);
        html_duration(&out, durations[i].ns);
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, durations[i].text);
    }
}

static void test_plots(void **state)
{
    enum { POINTS = 8 };
    static const struct {
        float points[POINTS];
        const char *most;
        const char *lines;
    } plots[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0}, "at most 0 a second", "<polyline points=\"0,200 7,200 \"/></svg>"},
        {{0, 0, 0, 0, 50, 100, 0, 0},
         "at most 100 a second",
         "<polyline points=\"0,200 3,200 4,100 5,0 6,200 7,200 \"/></svg>"},
        {{NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}, "at most 0 a second", "v0\"/></svg>"},
        /* Slower than the points: every second one is known. */
        {{NAN, 4, NAN, 2, NAN, 2, NAN, NAN},
         "at most 4.0 a second",
         "<polyline points=\"0,0 1,0 2,100 5,100 \"/></svg>"},
        /* Nothing was known for a while. */
        {{1, NAN, NAN, NAN, NAN, NAN, NAN, 1},
         "at most 1.0 a second",
         "<polyline points=\"0,0 \"/><polyline points=\"5,0 7,0 \"/></svg>"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(plots); i++) {
        buffer_clear(&out);
        html_plot(&out, plots[i].points, POINTS);
        buffer_append(&out, "", 1);
        assert_true(has(out.data, plots[i].most));
        if (isnan(plots[i].points[7]) && isnan(plots[i].points[1]))
            assert_false(has(out.data, "polyline"));
        else
            assert_true(has(out.data, plots[i].lines));
    }
}

/* A report with one incident in it, which the caller frees. */
static struct loss_report *made_up(void)
{
    static const struct remedy remedy = {"programs", "Read <faster>"};
    struct loss_report *report = calloc(1, sizeof(*report));

    assert_non_null(report);
    *report = (struct loss_report){.colour = COLOUR_RED,
                                   .headline = "<b> loses",
                                   .more = 2,
                                   .count = 1,
                                   .urgent = 1,
                                   .looked = "9 of 9 collectors",
                                   .now_ns = now_ns};
    report->incidents[0] = (struct incident){
        .colour = COLOUR_RED,
        .subject = "a&b, UDP port 8125",
        .words = "the receive buffer is full",
        .rate = 374,
        .past = 112000,
        .share = 0.19,
        .share_of = "the UDP received",
        .since_ns = now_ns - 60 * NS_PER_SECOND,
        .spread = SPREAD_STEADY,
        .limit = {256, 4096, "receive ring entries"},
        .sentence = "Nobody reads it",
        .remedy = &remedy,
        .cause = "xdp_program",
        .facts = {.device = "a&b",
                  .device_count = 1,
                  .evidence = {{"R in f (<eth0>)", 17972}},
                  .evidence_count = 1},
    };
    return report;
}

static void test_an_incident_is_a_card(void **state)
{
    _cleanup_(freep) struct loss_report *report = made_up();

    (void)state;
    loss_report_line(&report->neutral, "3/s of <nobody>");
    page_incidents(report, &out);
    buffer_append(&out, "", 1);
    assert_true(
        has(out.data, "<article class=\"red\"><h2>a&amp;b, UDP port 8125: the receive buffer is full</h2>"));
    assert_true(has(out.data,
                    "<strong>374/s</strong> now, 112,000 in five minutes, 19 % of the UDP received, since "));
    assert_true(has(out.data, ", steady</p>"));
    assert_true(
        has(out.data, "Nobody reads it. Read &lt;faster&gt;. Limit: 256 of 4096 receive ring entries."));
    assert_true(has(out.data,
                    "<pre>ip -d link show dev &#39;a&amp;b&#39;   <span class=\"quiet\"># prog/xdp is its "
                    "program</span>\nbpftool net show dev &#39;a&amp;b&#39;</pre>"));
    assert_true(has(out.data, "R in f (&lt;eth0&gt;) 17,972"));
    assert_true(has(out.data, "<li>3/s of &lt;nobody&gt;</li>"));
    assert_false(has(out.data, "not shown"));
    report->left_out = 3;
    buffer_clear(&out);
    page_incidents(report, &out);
    buffer_append(&out, "", 1);
    assert_true(has(out.data, "<p>3 more are not shown.</p>"));
}

static void test_the_verdict_has_its_colour(void **state)
{
    static const char *const classes[COLOUR_COUNT] = {"green", "amber", "red"};
    _cleanup_(freep) struct loss_report *report = made_up();

    (void)state;
    loss_report_line(&report->blind, "<link> is failing");
    for (size_t colour = 0; colour < COLOUR_COUNT; colour++) {
        char wanted[128];

        report->colour = (enum colour)colour;
        buffer_clear(&out);
        page_verdict(report, &out);
        buffer_append(&out, "", 1);
        (void)snprintf(wanted, sizeof(wanted),
                       "<div class=\"%s\"><p class=\"headline\">&lt;b&gt; loses.</p>\n<p>2 more below. ",
                       classes[colour]);
        assert_true(has(out.data, wanted));
        assert_true(has(out.data, "<li>&lt;link&gt; is failing</li>"));
    }
}

/* The path with something at one stage in one direction. */
static const char *path_with(enum stage stage, enum direction direction, const struct loss_way *way)
{
    _cleanup_(freep) struct loss_report *report = made_up();

    report->ways[stage][direction] = *way;
    buffer_clear(&out);
    page_path(report, &out);
    buffer_append(&out, "", 1);
    return out.data;
}

/* Each number of the report is in one place of the picture, and in its words. */
static void test_the_path_shows_each_number_once(void **state)
{
    const struct loss_way way = {.lost = 12, .lost_past = 98765, .refused = 34, .refused_past = 4321};

    (void)state;
    for (size_t stage = 0; stage < STAGE_COUNT; stage++)
        for (size_t direction = 0; direction < DIRECTION_COUNT; direction++) {
            const char *svg = path_with((enum stage)stage, (enum direction)direction, &way);

            assert_int_equal(count_of(svg, ">12/s lost<") + count_of(svg, "known: 46/s, 103,086 in"), 1);
            assert_int_equal(count_of(svg, ">34/s refused<") + count_of(svg, "known: 46/s"), 1);
            assert_int_equal(
                count_of(svg, " 12 a second lost. 34 a second refused.") + count_of(svg, "known: 46/s"), 1);
            assert_int_equal(count_of(svg, "<g class="), 10);
        }
    assert_true(has(path_with(STAGE_TRANSPORT, DIRECTION_RECEIVE, &way), "<g class=\"in p5 lost\">"));
    assert_true(has(path_with(STAGE_EGRESS, DIRECTION_TRANSMIT, &way), "<g class=\"out p3 lost\">"));
    assert_true(has(path_with(STAGE_EGRESS, DIRECTION_FORWARD, &way), "<g class=\"out p3 lost\">"));
    assert_true(
        has(path_with(STAGE_NETWORK, DIRECTION_RECEIVE, &(struct loss_way){.refused = 1, .refused_past = 9}),
            "<g class=\"in p4 refused\">"));
    /* It is over. */
    assert_true(has(path_with(STAGE_NIC, DIRECTION_RECEIVE, &(struct loss_way){.lost_past = 12345}),
                    "<g class=\"in p1 was\">"));
    assert_true(has(out.data, ">0/s lost</text>"));
    assert_true(has(out.data, ">12k in 5 min<"));
}

static void test_the_worst_come_first(void **state)
{
    enum { DEVICES = 200 };
    static char names[DEVICES][16];
    static const char *texts[2 * DEVICES];
    static uint64_t values[2 * DEVICES];
    struct shape links = {.metrics = {"netdrop_link_up", "netdrop_link_receive_missed_total"},
                          .labels = {"device", "kind"},
                          .rows = DEVICES,
                          .texts = texts,
                          .values = values};
    const char *html, *interfaces;

    (void)state;
    for (size_t i = 0; i < DEVICES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "eth%zu", i);
        texts[2 * i] = names[i];
        texts[2 * i + 1] = "";
    }
    publish_moved(0, &links, 10);
    html = render(false);
    assert_true(has(html, "<p class=\"headline\">eth199 lost 2000 from "));
    assert_true(has(html, "Only the worst 64 of each kind are shown."));
    assert_true(has(html, "14 more lose less or nothing."));
    assert_true(has(html, "86 more lose less or nothing."));
    assert_true(has(html, "<a href=\"?interfaces=all\">"));
    interfaces = strstr(html, "id=\"interfaces\"");
    assert_int_equal(count_of(interfaces, "<th scope=\"row\">eth") -
                         count_of(strstr(html, "id=\"counters\""), "<th scope=\"row\">eth"),
                     100);
    assert_true(strstr(interfaces, "eth199") < strstr(interfaces, "eth198"));
    assert_null(strstr(interfaces, ">eth149 "));
    html = render(true);
    interfaces = strstr(html, "id=\"interfaces\"");
    assert_int_equal(count_of(interfaces, "<th scope=\"row\">eth") -
                         count_of(strstr(html, "id=\"counters\""), "<th scope=\"row\">eth"),
                     DEVICES);
    assert_false(has(html, "?interfaces=all"));
    /* Those without a line follow as they are. */
    assert_true(strstr(interfaces, ">eth136 ") < strstr(interfaces, ">eth0 "));
    assert_true(strstr(interfaces, ">eth0 ") < strstr(interfaces, ">eth1 "));
}

static void test_limits_that_were_hit(void **state)
{
    (void)state;
    assert_false(has(render(false), "Limits that were hit"));
    limit_hit(&limits, LIMIT_TREND_SERIES);
    assert_true(has(render(false), "<p class=\"bad\">Limits that were hit: trend_series (1).</p>"));
}

/* Whichever allocation fails: an error, and nothing leaks. */
static void test_no_memory(void **state)
{
    static const char *const devices[] = {"eth0"}, *const site[] = {"f", "R"};
    struct shape links = {.metrics = {"netdrop_link_up", "netdrop_link_receive_missed_total"},
                          .labels = {"device"},
                          .rows = 1,
                          .texts = devices,
                          .values = (uint64_t[]){1, 0}};
    const struct shape sites = {.metrics = {"netdrop_kernel_drops_total"},
                                .labels = {"function", "reason"},
                                .rows = 1,
                                .texts = site,
                                .values = (uint64_t[]){1}};
    int failures = 0, error = -ENOMEM;

    (void)state;
    publish(1, &sites);
    publish_moved(0, &links, 100);
    (void)render(true);
    for (; error == -ENOMEM; failures++) {
        buffer_done(&out);
        allocations_left = failures + 1;
        error = page_render(&page, true, now_ns, &out);
        allocations_left = -1;
    }
    assert_int_equal(error, 0);
    assert_in_range(failures, 6, 100);
}

static void assert_page_exists(const struct remedy *advice)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/../../docs/runbook/%s.md", getenv("FIXTURES"), advice->page);
    if (access(path, R_OK) != 0)
        fail_msg("there is no %s", path);
}

static void test_every_advice_has_its_page(void **state)
{
    const struct column *column;

    (void)state;
    for (size_t i = 0; i < REMEDY_COUNT; i++)
        assert_page_exists(&remedies[i]);
    for (size_t i = 0; (column = known_at(i)); i++)
        for (const struct meaning *meaning = column->meaning; meaning && meaning->purpose; meaning++) {
            if (meaning->remedy)
                assert_page_exists(meaning->remedy);
            if (!meaning->when[0].label)
                break;
        }
}

static void test_the_policy_is_whole(void **state)
{
    (void)state;
    assert_true(has(page.policy, "default-src 'none'; style-src 'sha256-"));
    assert_true(has(page.policy, "; frame-ancestors 'none'"));
    assert_int_equal(count_of(page.policy, "=';"), 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_to_show),
        TEST(test_tables_without_rows),
        TEST(test_everything_is_escaped),
        TEST(test_numbers),
        TEST(test_plots),
        TEST(test_an_incident_is_a_card),
        TEST(test_the_verdict_has_its_colour),
        TEST(test_the_path_shows_each_number_once),
        TEST(test_the_worst_come_first),
        TEST(test_limits_that_were_hit),
        TEST(test_no_memory),
        TEST(test_every_advice_has_its_page),
        TEST(test_the_policy_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

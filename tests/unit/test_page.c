/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page: everything escaped, numbers and plots as people read them, limits beside losses, the worst first
 * and the rest by number, nothing to show, no memory. Snapshots are published by hand. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/page/page.h"
#include "daemon/page/page_html.h"
#include "tests/unit/known_metrics.h"
#include "tests/unit/unit.h"

static struct registry *registry;
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

    (void)state;
    now_ns = 1000 * NS_PER_SECOND;
    limits = (struct limits){};
    if (registry_new(collector_count, &registry) < 0 || trend_new(registry, &limits, &trend) < 0)
        return -1;
    page = (struct page){
        .registry = registry, .trend = trend, .limits = &limits, .telemetry_path = "/m\"<etrics>"};
    page_init(&page);
    known_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buffer_done(&out);
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
        assert_int_equal(row_set_add(rows, &shape->texts[i * label_count]), i);
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

/* First with the counters in the last column at 0, then with the values. */
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
    step();
    for (size_t row = 0; row < shape->rows; row++)
        values[row * width + width - 1] += moved * (row + 1);
    publish(slot, shape);
}

static void test_nothing_to_show(void **state)
{
    const char *html = render(false);

    (void)state;
    assert_true(has(html, "Nothing is known yet."));
    assert_true(has(html, "The link collector has no numbers now."));
    assert_true(has(html, "The drop_monitor collector has no numbers now."));
    assert_true(has(html, "href=\"/m&quot;&lt;etrics&gt;\""));
    assert_true(has(html, "</html>\n"));
    /* Every place of the template is filled, and what it says to who reads the source stays there. */
    assert_false(has(html, "{{"));
    assert_false(has(html, "SPDX"));
}

static void test_namespace_that_is_not_the_hosts(void **state)
{
    static const char words[] = "This is not in the host";

    (void)state;
    assert_false(has(render(false), words));
    page.host_network = HOST_NETWORK_YES;
    assert_false(has(render(false), words));
    page.host_network = HOST_NETWORK_NO;
    assert_true(has(render(false), words));
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
    assert_true(has(html, "<span class=\"ok\">Nothing was lost</span> within the last five minutes, of which "
                          "5 s were seen."));
    assert_int_equal(count_of(html, "<p>None.</p>"), 3); /* losses, others, sites */
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
    assert_int_equal(count_of(html, "&lt;script&gt;"), 3); /* losses, interfaces, sites */
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

static void test_limits_beside_losses(void **state)
{
    static const char *const devices[] = {"eth0", "eth1"};
    static const char *const rings[] = {"eth0", "transmit", "eth0", "receive", "eth1", "receive"};
    static const char *const causes[] = {"eth0", "receive", "no_buffer", "eth1", "transmit", "busy"};
    struct shape links = {.metrics = {"netdrop_link_up", "netdrop_link_receive_missed_total"},
                          .labels = {"device"},
                          .rows = 2,
                          .texts = devices,
                          .values = (uint64_t[]){1, 0, 1, 0}};
    struct shape lost = {.metrics = {"netdrop_nic_lost_total"},
                         .labels = {"device", "direction", "cause"},
                         .rows = 2,
                         .texts = causes,
                         .values = (uint64_t[]){0, 0}};
    const struct shape ring = {.metrics = {"netdrop_nic_ring_entries", "netdrop_nic_ring_entries_limit"},
                               .labels = {"device", "direction"},
                               .rows = 3,
                               .texts = rings,
                               .values = (uint64_t[]){1, 2, 256, 4096, 512, 8192}};
    struct shape conntrack = {.metrics = {"netdrop_conntrack_entries", "netdrop_conntrack_entries_limit",
                                          "netdrop_conntrack_drop_total"},
                              .rows = 1,
                              .values = (uint64_t[]){262144, 262144, 0}};
    const char *html;

    (void)state;
    publish(3, &ring);
    publish_moved(0, &links, 100);
    publish_moved(1, &lost, 100);
    publish_moved(2, &conntrack, 100);
    html = render(false);
    assert_int_equal(count_of(html, "Limit: 256 of 4,096 receive ring entries"), 2); /* missed, no_buffer */
    assert_int_equal(count_of(html, "Limit: 512 of 8,192 receive ring entries"), 1); /* missed */
    assert_true(has(html, "Limit: 262,144 of 262,144 connections tracked"));
    assert_int_equal(count_of(html, "Limit: "), 4); /* none for what could not be sent */
    assert_true(has(html, "nf_conntrack_max"));
    assert_true(has(html, "ethtool -G"));
}

static void test_the_worst_come_first(void **state)
{
    enum { DEVICES = 200 };
    static char names[DEVICES][16];
    static const char *texts[DEVICES];
    static uint64_t values[2 * DEVICES];
    struct shape links = {.metrics = {"netdrop_link_up", "netdrop_link_receive_missed_total"},
                          .labels = {"device"},
                          .rows = DEVICES,
                          .texts = texts,
                          .values = values};
    const char *html, *interfaces;

    (void)state;
    for (size_t i = 0; i < DEVICES; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "eth%zu", i);
        texts[i] = names[i];
    }
    publish_moved(0, &links, 10);
    html = render(false);
    assert_true(
        has(html, "eth199 loses <strong class=\"bad\">400 packets a second</strong>: receive missed."));
    assert_true(has(html, "The worst 64 are shown."));
    assert_true(has(html, "150 more lose less or nothing."));
    assert_true(has(html, "<a href=\"?interfaces=all\">"));
    interfaces = strstr(html, "id=\"interfaces\"");
    assert_int_equal(count_of(interfaces, "<th scope=\"row\">eth"), 50);
    assert_true(strstr(interfaces, "eth199") < strstr(interfaces, "eth198"));
    assert_null(strstr(interfaces, ">eth149 "));
    html = render(true);
    interfaces = strstr(html, "id=\"interfaces\"");
    assert_int_equal(count_of(interfaces, "<th scope=\"row\">eth"), DEVICES);
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
        TEST(test_namespace_that_is_not_the_hosts),
        TEST(test_tables_without_rows),
        TEST(test_everything_is_escaped),
        TEST(test_numbers),
        TEST(test_plots),
        TEST(test_limits_beside_losses),
        TEST(test_the_worst_come_first),
        TEST(test_limits_that_were_hit),
        TEST(test_no_memory),
        TEST(test_every_advice_has_its_page),
        TEST(test_the_policy_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program says of itself: one collector in each state, the limits, build and configuration. */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/encode/encode.h"
#include "daemon/run/self_metrics.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

static const char *const names[] = {"starting", "fine", "failing", "stuck", "stale", "absent", "off"};

enum { STARTING, FINE, FAILING, STUCK, STALE, ABSENT, OFF };

static struct registry *registry;
static struct self_metrics *health;
static struct limits limits;
static struct buffer page;

static void publish(size_t slot, uint64_t now_ns)
{
    struct snapshot *snapshot = snapshot_new();

    registry_begin(registry, slot, now_ns - 5);
    registry_publish(registry, slot, snapshot, now_ns, 7 * SECOND + 250000000);
    snapshot_unref(snapshot);
}

static int setup(void **state)
{
    struct fault fault = {};

    (void)state;
    assert_int_equal(registry_new(ELEMENTS(names), &registry), 0);
    for (size_t i = 0; i < OFF; i++)
        registry_enable(registry, i, 10 * SECOND, 30 * SECOND);
    publish(FINE, 990 * SECOND);
    publish(FAILING, 980 * SECOND);
    registry_begin(registry, FAILING, 990 * SECOND);
    fault_set(&fault, -5, "broken");
    registry_fail(registry, FAILING, &fault, 991 * SECOND);
    registry_begin(registry, STUCK, 900 * SECOND);
    registry_waited(registry, FINE, WAIT_FRESH);
    registry_waited(registry, FINE, WAIT_FRESH);
    registry_waited(registry, STUCK, WAIT_SKIPPED);
    publish(STALE, 900 * SECOND);
    fault_unsupported(&fault, "not here");
    registry_begin(registry, ABSENT, 990 * SECOND);
    registry_fail(registry, ABSENT, &fault, 990 * SECOND);
    limits = (struct limits){};
    return self_metrics_new(registry, &limits, names, &health);
}

static int teardown(void **state)
{
    (void)state;
    health = self_metrics_free(health);
    registry = registry_free(registry);
    buffer_done(&page);
    return 0;
}

static void render(uint64_t collectors)
{
    struct snapshot *draft = snapshot_new();

    assert_int_equal(self_metrics_fill(health, collectors, 1000 * SECOND, draft), 0);
    buffer_clear(&page);
    encode_snapshot(&page, draft, EXPOSITION_TEXT);
    buffer_append(&page, "", 1);
    snapshot_unref(draft);
}

static void assert_line(const char *line)
{
    const char *at = page.data;
    size_t size = strlen(line);

    while ((at = strstr(at, line)) && !((at == page.data || at[-1] == '\n') && at[size] == '\n'))
        at++;
    if (!at)
        fail_msg("no line '%s' in:\n%s", line, page.data);
}

static void assert_absent(const char *text)
{
    if (strstr(page.data, text))
        fail_msg("'%s' should not be in:\n%s", text, page.data);
}

static void test_states(void **state)
{
    static const char *const states[] = {"starting", "ok", "failing", "stuck", "stale", "unsupported"};
    static const char *const ups[] = {NULL, "1", "0", "0", "0", NULL};
    char line[256];

    (void)state;
    render(UINT64_MAX);
    for (size_t i = 0; i < OFF; i++) {
        for (size_t j = 0; j < ELEMENTS(states); j++) {
            (void)snprintf(line, sizeof(line), "netdrop_collector_state{collector=\"%s\",state=\"%s\"} %d",
                           names[i], states[j], i == j);
            assert_line(line);
        }
        (void)snprintf(line, sizeof(line), "netdrop_collector_supported{collector=\"%s\"} %d", names[i],
                       i != ABSENT);
        assert_line(line);
        (void)snprintf(line, sizeof(line), "netdrop_collector_up{collector=\"%s\"} %s", names[i],
                       ups[i] ? ups[i] : "");
        if (ups[i])
            assert_line(line);
        else
            assert_absent(line);
    }
    assert_absent("\"off\"");
    assert_line("netdrop_collector_busy_seconds{collector=\"stuck\"} 100");
    assert_line("netdrop_collector_busy_seconds{collector=\"fine\"} 0");
    assert_line("netdrop_collector_waits_total{collector=\"fine\",result=\"fresh\"} 2");
    assert_line("netdrop_collector_waits_total{collector=\"fine\",result=\"late\"} 0");
    assert_line("netdrop_collector_waits_total{collector=\"stuck\",result=\"skipped\"} 1");
    assert_line("netdrop_collector_duration_seconds{collector=\"fine\"} 0.000000005");
    assert_line("netdrop_collector_last_success_timestamp_seconds{collector=\"fine\"} 7.25");
    assert_absent("netdrop_collector_last_success_timestamp_seconds{collector=\"absent\"}");
    assert_line("netdrop_collector_failures_total{collector=\"failing\"} 1");
    assert_line("netdrop_collector_failures_total{collector=\"absent\"} 0");
}

static void test_only_what_was_asked_for(void **state)
{
    (void)state;
    render(1 << FINE);
    assert_line("netdrop_collector_up{collector=\"fine\"} 1");
    assert_absent("collector=\"failing\"");
    assert_line("netdrop_limit_hits_total{limit=\"connections\"} 0");
}

static void test_limits(void **state)
{
    (void)state;
    limit_hit(&limits, LIMIT_CONNECTIONS);
    limit_hit(&limits, LIMIT_CONNECTIONS);
    render(UINT64_MAX);
    assert_line("netdrop_limit_hits_total{limit=\"connections\"} 2");
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        assert_non_null(limit_name((enum limit)i));
}

static void test_configuration(void **state)
{
    (void)state;
    assert_int_equal(self_metrics_config_loaded(health, "abc", 3, 1700000000 * SECOND), 0);
    render(UINT64_MAX);
    assert_line("netdrop_config_info{sha256=\"abc\"} 1");
    assert_line("netdrop_config_unknown_keys 3");
    assert_line("netdrop_config_last_reload_successful 1");
    assert_line("netdrop_config_last_reload_success_timestamp_seconds 1700000000");
    self_metrics_config_refused(health);
    render(UINT64_MAX);
    assert_line("netdrop_config_last_reload_successful 0");
    assert_line("netdrop_config_last_reload_success_timestamp_seconds 1700000000");
    assert_int_equal(self_metrics_config_loaded(health, "def", 0, 1800000000 * SECOND), 0);
    render(UINT64_MAX);
    assert_line("netdrop_config_last_reload_successful 1");
    assert_line("netdrop_config_info{sha256=\"def\"} 1");
    assert_absent("abc");
}

static void test_host_network_namespace(void **state)
{
    (void)state;
    render(UINT64_MAX);
    assert_absent("netdrop_host_network_namespace 0");
    assert_absent("netdrop_host_network_namespace 1");
    self_metrics_host_network(health, HOST_NETWORK_NO);
    render(UINT64_MAX);
    assert_line("netdrop_host_network_namespace 0");
    self_metrics_host_network(health, HOST_NETWORK_YES);
    render(UINT64_MAX);
    assert_line("netdrop_host_network_namespace 1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_states),        TEST(test_only_what_was_asked_for), TEST(test_limits),
        TEST(test_configuration), TEST(test_host_network_namespace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

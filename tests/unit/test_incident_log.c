/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the log and the status line say of a course of made-up reports, a step of the trends after the other;
 * what is logged goes to a file in place of standard error. */

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/incident/incident_log.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

enum { STEP = 5, DEVICES = 20, STEPS_MAX = 200 };

static struct incident_log *incidents;
static struct loss_settings settings;
static struct loss_report report;
static uint64_t counts[DEVICES][STEPS_MAX]; /* packets lost by each, at each step */
static size_t step_number;
static char said[1 << 16];

static int set_up(void **state)
{
    (void)state;
    memset(counts, 0, sizeof(counts));
    step_number = 0;
    settings = (struct loss_settings){
        .window_ns = 60 * SECOND,
        .onset_packets = 60,
        .end_after_ns = 60 * SECOND,
        .messages_per_minute = 10,
    };
    report = (struct loss_report){.now_ns = 1000 * SECOND, .seen_ns = 1};
    return incident_log_new(&incidents);
}

static int tear_down(void **state)
{
    (void)state;
    incidents = incident_log_free(incidents);
    return 0;
}

/* Packets of the last so many steps. */
static uint64_t last(size_t device, size_t steps)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < steps && i <= step_number; i++)
        sum += counts[device][step_number - i];
    return sum;
}

/* The steps for which it has gone on: it ends where it pauses for a minute. */
static size_t steps_since(size_t device)
{
    size_t steps = step_number + 1;

    for (size_t i = 0; i <= step_number; i++) {
        uint64_t minute = 0;

        for (size_t before = i; before < i + 12 && before <= step_number; before++)
            minute += counts[device][step_number - before];
        if (!minute)
            return i;
    }
    return steps;
}

static void fill_report(void)
{
    static const struct remedy remedy = {.page = "transmit-queue"};

    report.count = report.urgent = 0;
    for (size_t i = 0; i < DEVICES; i++) {
        struct incident *incident = &report.incidents[report.count];

        if (!last(i, 12))
            continue;
        *incident = (struct incident){
            .id = i + 1,
            .colour = COLOUR_RED,
            .loss_class = LOSS_CAPACITY,
            .cause = "qdisc_full",
            .words = "the queue is full",
            .rate = (double)last(i, 2) / (2 * STEP),
            .recent = last(i, settings.window_ns / SECOND / STEP),
            .count = last(i, steps_since(i)),
            .since_ns = report.now_ns - steps_since(i) * STEP * SECOND,
            .share = NAN,
            .remedy = &remedy,
            .facts = {.device_count = 1},
        };
        (void)snprintf(incident->subject, sizeof(incident->subject), "eth%zu, queue fq 1", i);
        (void)snprintf(incident->device, sizeof(incident->device), "eth%zu", i);
        (void)snprintf(incident->facts.device, sizeof(incident->facts.device), "eth%zu", i);
        report.count++;
    }
    report.urgent = report.count;
    report.more = report.count ? report.count - 1 : 0;
}

static void (*const change_nothing)(void) = NULL;

/* A step; what is logged is in `said`. `change` may make another report of it. */
static void step(void (*change)(void))
{
    int file = memfd_create("stderr", 0), own = dup(STDERR_FILENO);
    ssize_t size;

    report.now_ns += STEP * SECOND;
    report.seen_ns += STEP * SECOND;
    fill_report();
    if (change)
        change();
    dup2(file, STDERR_FILENO);
    incident_log_update(incidents, &settings, &report);
    dup2(own, STDERR_FILENO);
    size = pread(file, said, sizeof(said) - 1, 0);
    said[size] = '\0';
    close(file);
    close(own);
    step_number++;
}

/* Steps in which eth0 loses so many packets each; how many steps said something. The last words stay. */
static unsigned steps(unsigned count, uint64_t lost)
{
    unsigned loud = 0;
    char words[512] = "";

    for (unsigned i = 0; i < count; i++) {
        counts[0][step_number] = lost;
        step(change_nothing);
        loud += said[0] != '\0';
        if (said[0])
            (void)snprintf(words, sizeof(words), "%.500s", said);
    }
    strcpy(said, words);
    return loud;
}

static void test_onset_and_end_are_said_once(void **state)
{
    (void)state;
    assert_int_equal(steps(2, 0), 0);
    assert_string_equal(incident_log_text(incidents), "no loss yet");
    assert_int_equal(steps(12, 0), 0);
    assert_string_equal(incident_log_text(incidents), "no loss in the last minute");
    assert_int_equal(steps(2, 20), 0);
    assert_non_null(strstr(incident_log_text(incidents), "eth0, queue fq 1 loses 4.0/s since "));
    assert_non_null(strstr(incident_log_text(incidents), ": the queue is full"));
    assert_int_equal(steps(1, 20), 1);
    assert_string_equal(
        said, "warning: eth0, queue fq 1 loses 4.0/s: the queue is full; 60 within 60 s; look with: tc -s "
              "-d qdisc show dev eth0\n");
    assert_int_equal(steps(30, 500), 0);
    assert_int_equal(steps(2, 0), 0);
    assert_memory_equal(incident_log_text(incidents), "eth0, queue fq 1 lost 15060 from ", 33);
    /* The window is empty after ten more, and end_after has begun at the last that was not. */
    assert_int_equal(steps(20, 0), 0);
    assert_int_equal(steps(1, 0), 1);
    assert_string_equal(said,
                        "over: eth0, queue fq 1: the queue is full; 15060 within 220 s, at most 100/s; look "
                        "with: tc -s -d qdisc show dev eth0\n");
    assert_int_equal(steps(20, 0), 0);
}

static void test_flapping_is_one_spell(void **state)
{
    (void)state;
    assert_int_equal(steps(1, 100), 1);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(steps(14, 0), 0);
        assert_int_equal(steps(1, 100), 0);
    }
    assert_int_equal(steps(24, 0), 1);
    assert_non_null(strstr(said, "; 600 within "));
}

static void test_hysteresis(void **state)
{
    (void)state;
    assert_int_equal(steps(1, 60), 1);
    assert_int_equal(steps(60, 3), 0);
    assert_int_equal(steps(60, 2), 1);
    assert_memory_equal(said, "over: ", 6);
}

static void test_a_reload_changes_the_limits(void **state)
{
    (void)state;
    assert_int_equal(steps(12, 10), 1);
    settings.onset_packets = 1000;
    settings.end_after_ns = 10 * SECOND;
    assert_int_equal(steps(3, 10), 1);
    settings.window_ns = 10 * SECOND;
    settings.onset_packets = 5;
    assert_int_equal(steps(1, 10), 1);
    assert_non_null(strstr(said, "within 10 s"));
}

static void test_many_at_once_do_not_flood(void **state)
{
    size_t lines = 0;

    (void)state;
    settings.messages_per_minute = 4;
    for (size_t i = 0; i < DEVICES; i++)
        counts[i][step_number] = 100;
    step(change_nothing);
    for (const char *at = said; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 4);
    assert_non_null(strstr(incident_log_text(incidents), "; 19 more"));
    assert_int_equal(steps(12, 0), 1);
    assert_string_equal(said, "warning: 16 more began to lose packets within a minute\n");
}

static void neutral(void)
{
    for (size_t i = 0; i < report.count; i++)
        report.incidents[i].colour = COLOUR_GREEN;
    report.urgent = report.more = 0;
}

static void test_what_is_not_urgent_is_not_said(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        counts[0][step_number] = 1000;
        step(neutral);
        assert_string_equal(said, "");
    }
    assert_string_equal(incident_log_text(incidents), "little loss in the last minute");
}

static void refused(void)
{
    for (size_t i = 0; i < report.count; i++) {
        report.incidents[i].loss_class = LOSS_POLICY;
        report.incidents[i].direction = DIRECTION_FORWARD;
        report.incidents[i].remedy = NULL;
        strcpy(report.incidents[i].subject, "eth0");
        strcpy(report.incidents[i].words, "a firewall rule");
    }
}

static void test_rules(void **state)
{
    (void)state;
    counts[0][0] = 1000;
    step(refused);
    assert_string_equal(
        said, "warning: eth0: 100/s forwarded packets are refused by a firewall rule; 1000 within 60 s\n");
    for (unsigned i = 0; i < 30 && strncmp(said, "over", 4) != 0; i++)
        step(refused);
    assert_memory_equal(said, "over: eth0: forwarded packets are refused by a firewall rule; 1000 within ",
                        70);
}

/* What is known of it gets more while it goes on. */
static void test_the_end_names_what_was_known_last(void **state)
{
    (void)state;
    assert_int_equal(steps(1, 100), 1);
    counts[0][step_number] = 100;
    step(refused);
    for (unsigned i = 0; i < 30 && said[0] == '\0'; i++)
        step(refused);
    assert_non_null(strstr(said, "over: eth0: forwarded packets"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_onset_and_end_are_said_once),
        TEST(test_flapping_is_one_spell),
        TEST(test_hysteresis),
        TEST(test_a_reload_changes_the_limits),
        TEST(test_many_at_once_do_not_flood),
        TEST(test_what_is_not_urgent_is_not_said),
        TEST(test_rules),
        TEST(test_the_end_names_what_was_known_last),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

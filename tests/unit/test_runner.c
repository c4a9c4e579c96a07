/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The runner with fake collectors (ok, failing, unsupported, slow, blocked for ever on a pipe) and a clock of
 * the test's own: the runner's thread stops in each wait until the test lets it go on, nothing sleeps.
 */

#include <errno.h>
#include <semaphore.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/run/runner.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

struct collector_settings {
    char unused;
};

struct collector_state {
    bool used;
};

static struct fake {
    _Atomic uint64_t now_ns;
    uint64_t until_ns; /* what the runner waits for */
    bool event;        /* what its wait returns */
    sem_t waiting, go;
    int open_error, collect_error, event_error;
    bool unsupported;
    uint64_t takes_ns; /* how long a collection takes */
    int pipe[2];       /* [0] >= 0: a collection reads from it first */
    bool listens;
    const char *says_open, *says_collect; /* of how it works */
    int opened, closed, collected, events;
    const struct collector_settings *settings;
    const struct collector_state *state;
    const atomic_bool *ending;
} fake;

static uint64_t fake_now(void *data)
{
    (void)data;
    return atomic_load(&fake.now_ns);
}

static bool fake_wait(void *data, int wake_fd, int event_fd, uint64_t until_ns)
{
    bool event;

    (void)data;
    (void)wake_fd;
    fake.until_ns = until_ns;
    sem_post(&fake.waiting);
    sem_wait(&fake.go);
    event = event_fd >= 0 && fake.event;
    fake.event = false;
    return event;
}

static int fake_fault(int error, struct fault *fault)
{
    if (fake.unsupported)
        return fault_unsupported(fault, "not here");
    return error ? fault_set(fault, error, "fake error %d", -error) : 0;
}

static int fake_open(struct collector_state *state, const struct collector_context *context,
                     struct fault *fault)
{
    assert_false(state->used);
    state->used = true;
    fake.opened++;
    fake.state = state;
    fake.settings = context->settings;
    fake.ending = context->ending;
    if (!fake.open_error && fake.says_open)
        fault_note(fault, "%s", fake.says_open);
    return fake_fault(fake.open_error, fault);
}

static int fake_event_fd(struct collector_state *state)
{
    assert_ptr_equal(state, fake.state);
    return fake.listens ? 0 : -1;
}

static int fake_event(struct collector_state *state, struct fault *fault)
{
    assert_ptr_equal(state, fake.state);
    fake.events++;
    return fake_fault(fake.event_error, fault);
}

static int fake_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    char byte;

    assert_ptr_equal(state, fake.state);
    assert_int_equal(draft->table_count, 0);
    if (fake.pipe[0] >= 0) {
        sem_post(&fake.waiting);
        assert_int_equal(read(fake.pipe[0], &byte, 1), 1);
    }
    fake.collected++;
    if (fake.says_collect)
        fault_note(fault, "%s", fake.says_collect);
    atomic_fetch_add(&fake.now_ns, fake.takes_ns);
    return fake_fault(fake.collect_error, fault);
}

static void fake_close(struct collector_state *state)
{
    assert_ptr_equal(state, fake.state);
    fake.state = NULL;
    fake.closed++;
}

static const struct collector fake_collector = {
    .name = "fake",
    .listens = true,
    .state_size = sizeof(struct collector_state),
    .open = fake_open,
    .event_fd = fake_event_fd,
    .event = fake_event,
    .collect = fake_collect,
    .close = fake_close,
};

static const struct runner_clock clock_of_the_test = {.now_ns = fake_now, .wait = fake_wait};
static struct registry *registry;
static struct runner *runner;
static struct rounds *rounds;
static struct collector_settings settings_a, settings_b;

static int setup(void **state)
{
    (void)state;
    fake = (struct fake){.now_ns = 1000 * SECOND, .pipe = {-1, -1}};
    sem_init(&fake.waiting, 0, 0);
    sem_init(&fake.go, 0, 0);
    if (registry_new(1, &registry) < 0)
        return -1;
    return runner_new(&fake_collector, registry, 0, &clock_of_the_test, &runner);
}

static void apply(const struct collector_settings *settings)
{
    const struct runner_job job = {.context = {.settings = settings}, .interval_ns = 10 * SECOND};

    registry_enable(registry, 0, job.interval_ns, 60 * SECOND);
    assert_int_equal(runner_apply(runner, &job), 0);
}

static void wait_until_waiting(void)
{
    sem_wait(&fake.waiting);
}

/* Lets the runner's wait end at its time. */
static void step(void)
{
    atomic_store(&fake.now_ns, fake.until_ns);
    sem_post(&fake.go);
    wait_until_waiting();
}

static int stop(void **state)
{
    (void)state;
    runner_stop(runner);
    sem_post(&fake.go);
    assert_int_equal(runner_join(runner, clock_read_ns(CLOCK_MONOTONIC) + 30 * SECOND), 0);
    runner = runner_free(runner);
    rounds = rounds_free(rounds);
    registry = registry_free(registry);
    assert_int_equal(fake.opened, fake.closed); /* those that failed to open, too */
    return 0;
}

static struct collector_health health(void)
{
    struct collector_health now;

    registry_health(registry, 0, atomic_load(&fake.now_ns), &now);
    return now;
}

static void test_collects_on_the_grid(void **state)
{
    (void)state;
    apply(&settings_a);
    wait_until_waiting();
    assert_int_equal(fake.collected, 1);
    assert_ptr_equal(fake.settings, &settings_a);
    assert_int_equal(fake.until_ns, 1010 * SECOND);
    fake.takes_ns = 3 * SECOND;
    step();
    assert_int_equal(fake.collected, 2);
    assert_int_equal(fake.until_ns, 1020 * SECOND); /* not 1023: no drift */
    assert_int_equal(health().state, COLLECTOR_OK);
    assert_int_equal(health().duration_ns, 3 * SECOND);
    assert_int_equal(fake.opened, 1);
}

static void test_row_50_missed_intervals_are_not_caught_up(void **state)
{
    (void)state;
    apply(&settings_a);
    wait_until_waiting();
    fake.takes_ns = 34 * SECOND; /* from 1010 to 1044 */
    step();
    assert_int_equal(fake.until_ns, 1050 * SECOND);
    fake.takes_ns = 10 * SECOND; /* from 1050 to 1060: exactly an interval */
    step();
    assert_int_equal(fake.until_ns, 1070 * SECOND);
    fake.takes_ns = 0;
    atomic_store(&fake.now_ns, 5000 * SECOND + 1); /* suspended for an hour */
    sem_post(&fake.go);
    wait_until_waiting();
    assert_int_equal(fake.collected, 4);
    assert_int_equal(fake.until_ns, 5010 * SECOND);
}

/* Whoever calls has the next collection now; the grid begins anew with it. */
static void test_called_it_collects_at_once(void **state)
{
    (void)state;
    apply(&settings_a);
    wait_until_waiting();
    atomic_fetch_add(&fake.now_ns, 3 * SECOND);
    runner_call(runner);
    runner_call(runner); /* once is enough */
    sem_post(&fake.go);
    wait_until_waiting();
    assert_int_equal(fake.collected, 2);
    assert_int_equal(fake.until_ns, 1013 * SECOND);
    sem_post(&fake.go); /* woken for nothing */
    wait_until_waiting();
    assert_int_equal(fake.collected, 2);
    step();
    assert_int_equal(fake.collected, 3);
    assert_int_equal(fake.until_ns, 1023 * SECOND);
}

/* What it is called for while it collects is the collection after that one. */
static void test_called_while_it_collects(void **state)
{
    (void)state;
    assert_int_equal(pipe(fake.pipe), 0);
    apply(&settings_a);
    wait_until_waiting(); /* for the pipe */
    runner_call(runner);
    assert_int_equal(write(fake.pipe[1], "xx", 2), 2);
    wait_until_waiting();
    wait_until_waiting();
    assert_int_equal(fake.collected, 2);
    close(fake.pipe[0]);
    close(fake.pipe[1]);
    fake.pipe[0] = -1;
}

/* Who cannot be opened has his back-off, whoever calls. */
static void test_called_out_of_no_back_off(void **state)
{
    (void)state;
    fake.open_error = -EACCES;
    apply(&settings_a);
    wait_until_waiting();
    runner_call(runner);
    sem_post(&fake.go);
    wait_until_waiting();
    assert_int_equal(fake.opened, 1);
    fake.open_error = 0;
    step();
    assert_int_equal(fake.opened, 2);
    assert_int_equal(fake.collected, 1);
}

static void on_wake(void *data)
{
    sem_post(data);
}

static void on_call(void *data, size_t slot)
{
    (void)data;
    assert_int_equal(slot, 0);
    runner_call(runner);
}

/* The whole way: who asks for old numbers is woken when the new ones are there, or it is known that there are
 * none. */
static void test_rounds_are_told(void **state)
{
    const struct rounds_caller caller = {.call = on_call};
    const struct rounds_terms terms = {.at_once = 1};
    struct round_waiter waiter = {.wake = on_wake, .deadline_ns = UINT64_MAX};
    sem_t woken;

    (void)state;
    sem_init(&woken, 0, 0);
    waiter.data = &woken;
    assert_int_equal(rounds_new(registry, &caller, &terms, &rounds), 0);
    runner_rounds(runner, rounds);
    apply(&settings_a);
    wait_until_waiting();
    for (int i = 0; i < 4; i++) {
        fake.collect_error = i % 2 ? -EIO : 0;
        atomic_fetch_add(&fake.now_ns, 2 * SECOND);
        waiter.collectors =
            rounds_ask(rounds, &(struct round_demand){.collectors = 1}, atomic_load(&fake.now_ns));
        assert_int_equal(waiter.collectors, 1);
        rounds_wait(rounds, &waiter);
        assert_int_equal(sem_trywait(&woken), -1);
        sem_post(&fake.go);
        wait_until_waiting();
        assert_int_equal(sem_trywait(&woken), 0);
        assert_int_equal(fake.collected, i + 2 + i / 2);
        if (i % 2) { /* it fails: it is not asked until it works again */
            assert_int_equal(
                rounds_ask(rounds, &(struct round_demand){.collectors = 1}, atomic_load(&fake.now_ns)), 0);
            fake.collect_error = 0;
            step();
        }
    }
    assert_int_equal(health().waits[WAIT_FRESH], 2);
    assert_int_equal(health().waits[WAIT_LATE], 2);
    assert_int_equal(health().waits[WAIT_SKIPPED], 2);
    sem_destroy(&woken);
}

/* While packets are lost; but not what is dear, nor what somebody wants seldom. */
static void test_hurries(void **state)
{
    struct runner_job job = {.context = {.settings = &settings_a}, .interval_ns = 15 * SECOND};

    (void)state;
    registry_enable(registry, 0, job.interval_ns, 60 * SECOND);
    assert_int_equal(runner_apply(runner, &job), 0);
    wait_until_waiting();
    assert_int_equal(fake.until_ns, 1015 * SECOND);
    runner_hurry(runner, true);
    step();
    assert_int_equal(fake.until_ns, 1020 * SECOND);
    fake.takes_ns = 6 * SECOND / 1000;
    step();
    assert_int_equal(fake.until_ns, 1035 * SECOND);
    fake.takes_ns = 0;
    step();
    assert_int_equal(fake.until_ns, 1040 * SECOND);
    runner_hurry(runner, false);
    step();
    assert_int_equal(fake.until_ns, 1055 * SECOND);
    runner_hurry(runner, true);
    job.interval_ns = 60 * SECOND;
    assert_int_equal(runner_apply(runner, &job), 0);
    sem_post(&fake.go);
    wait_until_waiting();
    assert_int_equal(fake.until_ns - atomic_load(&fake.now_ns), 60 * SECOND);
}

/* What a collection says holds as long as collections say it, and takes the place of what open() said. */
static void test_what_it_works_without_is_told_while_it_does(void **state)
{
    (void)state;
    fake.says_open = "by bpf";
    apply(&settings_a);
    wait_until_waiting();
    assert_string_equal(health().note, "by bpf");
    step();
    assert_string_equal(health().note, "by bpf");
    fake.says_collect = "without snmp6";
    step();
    assert_string_equal(health().note, "without snmp6");
    assert_int_equal(health().state, COLLECTOR_OK);
    step();
    assert_string_equal(health().note, "without snmp6");
    fake.says_collect = NULL;
    step();
    assert_string_equal(health().note, "");
}

static void test_failure_keeps_it_open(void **state)
{
    (void)state;
    fake.collect_error = -EIO;
    apply(&settings_a);
    wait_until_waiting();
    assert_int_equal(health().state, COLLECTOR_FAILING);
    assert_string_equal(health().reason, "fake error 5");
    assert_int_equal(fake.until_ns, 1010 * SECOND);
    fake.collect_error = 0;
    step();
    assert_int_equal(health().state, COLLECTOR_OK);
    assert_int_equal(fake.opened, 1);
}

static void test_open_is_retried_with_capped_back_off(void **state)
{
    static const uint64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60};

    (void)state;
    fake.open_error = -EACCES;
    apply(&settings_a);
    wait_until_waiting();
    for (size_t i = 0; i < ELEMENTS(waits); i++) {
        assert_int_equal(fake.until_ns - atomic_load(&fake.now_ns), waits[i] * SECOND);
        step();
    }
    assert_int_equal(fake.opened, ELEMENTS(waits) + 1);
    assert_int_equal(fake.closed, ELEMENTS(waits) + 1); /* each half-built state */
    assert_int_equal(health().failures, ELEMENTS(waits) + 1);
    fake.open_error = 0;
    step();
    assert_int_equal(health().state, COLLECTOR_OK);
    assert_int_equal(fake.collected, 1);
}

static void test_unsupported_is_closed_and_tried_again(void **state)
{
    (void)state;
    apply(&settings_a);
    wait_until_waiting();
    fake.unsupported = true;
    step();
    assert_int_equal(health().state, COLLECTOR_UNSUPPORTED);
    assert_int_equal(health().failures, 0);
    assert_int_equal(fake.closed, 1);
    assert_int_equal(fake.until_ns - atomic_load(&fake.now_ns), SECOND);
    fake.unsupported = false;
    step();
    assert_int_equal(health().state, COLLECTOR_OK);
    assert_int_equal(fake.opened, 2);
}

static void test_events_come_between_collections(void **state)
{
    (void)state;
    fake.listens = true;
    apply(&settings_a);
    wait_until_waiting();
    fake.event = true;
    sem_post(&fake.go); /* the time has not come */
    wait_until_waiting();
    assert_int_equal(fake.events, 1);
    assert_int_equal(fake.collected, 1);
    assert_int_equal(health().busy_ns, 0);
    fake.event = true;
    fake.event_error = -EIO;
    sem_post(&fake.go);
    wait_until_waiting();
    assert_int_equal(fake.closed, 1);
    assert_int_equal(health().state, COLLECTOR_FAILING);
    fake.event_error = 0;
    step();
    assert_int_equal(fake.opened, 2);
    assert_int_equal(health().state, COLLECTOR_OK);
}

static void test_listens_before_the_first_collection(void **state)
{
    const struct runner_job job = {
        .context = {.settings = &settings_a}, .interval_ns = SECOND, .listen_ns = 7 * SECOND};

    (void)state;
    fake.listens = true;
    registry_enable(registry, 0, SECOND, 60 * SECOND);
    assert_int_equal(runner_apply(runner, &job), 0);
    wait_until_waiting();
    assert_int_equal(fake.collected, 0);
    assert_int_equal(fake.until_ns, 1007 * SECOND);
    step();
    assert_int_equal(fake.collected, 1);
}

static void test_new_settings_reopen(void **state)
{
    (void)state;
    apply(&settings_a);
    wait_until_waiting();
    apply(&settings_b);
    assert_true(runner_pending(runner));
    sem_post(&fake.go);
    wait_until_waiting();
    assert_false(runner_pending(runner));
    assert_int_equal(fake.closed, 1);
    assert_int_equal(fake.opened, 2);
    assert_ptr_equal(fake.settings, &settings_b);
    assert_int_equal(runner_apply(runner, NULL), 0);
    sem_post(&fake.go);
    wait_until_waiting(); /* now for a job */
    assert_int_equal(fake.closed, 2);
    apply(&settings_a);
    sem_post(&fake.go);
    wait_until_waiting();
    assert_int_equal(fake.opened, 3);
}

static void test_blocked_for_ever(void **state)
{
    (void)state;
    assert_int_equal(pipe(fake.pipe), 0);
    apply(&settings_a);
    wait_until_waiting(); /* for the pipe */
    atomic_fetch_add(&fake.now_ns, 31 * SECOND);
    assert_int_equal(health().state, COLLECTOR_STUCK);
    assert_true(health().busy_ns >= 31 * SECOND);
    apply(&settings_b); /* waits: no second thread, no cancelling */
    assert_true(runner_pending(runner));
    assert_int_equal(fake.opened, 1);
    assert_int_equal(runner_join(runner, 1), -ETIMEDOUT);
    assert_int_equal(write(fake.pipe[1], "xx", 2), 2); /* the kernel lets go */
    wait_until_waiting();                              /* in the second collection, */
    wait_until_waiting();                              /* and after it */
    assert_false(runner_pending(runner));
    assert_ptr_equal(fake.settings, &settings_b);
    assert_int_equal(health().state, COLLECTOR_OK);
    assert_false(atomic_load(fake.ending));
    runner_stop(runner);
    assert_true(atomic_load(fake.ending)); /* told while the thread may be in a call */
    close(fake.pipe[0]);
    close(fake.pipe[1]);
}

static void test_readers_do_not_hold_it_up(void **state)
{
    struct snapshot *held[8] = {};

    (void)state;
    apply(&settings_a);
    wait_until_waiting();
    for (size_t i = 0; i < ELEMENTS(held); i++) {
        held[i] = registry_snapshot(registry, 0, atomic_load(&fake.now_ns));
        assert_non_null(held[i]);
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(held[i], held[j]); /* what a reader holds is never written again */
        step();
    }
    for (size_t i = 0; i < ELEMENTS(held); i++)
        snapshot_unref(held[i]);
    assert_int_equal(fake.collected, ELEMENTS(held) + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_collects_on_the_grid),
        TEST(test_row_50_missed_intervals_are_not_caught_up),
        TEST(test_called_it_collects_at_once),
        TEST(test_called_while_it_collects),
        TEST(test_called_out_of_no_back_off),
        TEST(test_rounds_are_told),
        TEST(test_hurries),
        TEST(test_what_it_works_without_is_told_while_it_does),
        TEST(test_failure_keeps_it_open),
        TEST(test_open_is_retried_with_capped_back_off),
        TEST(test_unsupported_is_closed_and_tried_again),
        TEST(test_events_come_between_collections),
        TEST(test_listens_before_the_first_collection),
        TEST(test_new_settings_reopen),
        TEST(test_blocked_for_ever),
        TEST(test_readers_do_not_hold_it_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

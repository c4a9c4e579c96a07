/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who waits for which rounds: time is the test's, collectors are five bits, runners only note that they were
 * called. */

#include <pthread.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/run/rounds.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND
#define MS     (NS_PER_SECOND / 1000)

enum { SLOTS = 5, RTNL_SLOT = 3, LAST_SLOT = 4 };

static const struct rounds_terms terms = {
    .at_once = 2, .rtnl = UINT64_C(1) << RTNL_SLOT, .last = UINT64_C(1) << LAST_SLOT};

static struct {
    struct registry *registry;
    struct rounds *rounds;
    struct snapshot *snapshot;
    uint64_t now_ns;
    _Atomic uint64_t called; /* slots, since the test looked */
    _Atomic unsigned calls;
    uint64_t cpu_ns; /* of each round */
} it;

static void on_call(void *data, size_t slot)
{
    (void)data;
    it.called |= UINT64_C(1) << slot;
    it.calls++;
}

static void begin(size_t slot)
{
    (void)rounds_begin(it.rounds, slot, it.now_ns);
    registry_begin(it.registry, slot, it.now_ns);
}

static void publish(size_t slot)
{
    registry_publish(it.registry, slot, it.snapshot, it.now_ns, 1);
    rounds_end(it.rounds, slot, &(struct round_result){.published = true, .cpu_ns = it.cpu_ns}, it.now_ns);
}

static void fail_round(size_t slot)
{
    struct fault fault = {};

    fault_set(&fault, -5, "broken");
    registry_fail(it.registry, slot, &fault, it.now_ns);
    rounds_end(it.rounds, slot, &(struct round_result){}, it.now_ns);
}

static uint64_t called(void)
{
    return atomic_exchange(&it.called, 0);
}

static int setup(void **state)
{
    const struct rounds_caller caller = {.call = on_call};

    (void)state;
    memset(&it, 0, sizeof(it));
    it.now_ns = 1000 * SECOND;
    it.snapshot = snapshot_new();
    assert_int_equal(registry_new(SLOTS, &it.registry), 0);
    assert_int_equal(rounds_new(it.registry, &caller, &terms, &it.rounds), 0);
    for (size_t slot = 0; slot < SLOTS; slot++) {
        registry_enable(it.registry, slot, 5 * SECOND, 30 * SECOND);
        begin(slot);
        publish(slot);
    }
    it.now_ns += 2 * SECOND;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    it.rounds = rounds_free(it.rounds);
    it.registry = registry_free(it.registry);
    it.snapshot = snapshot_unref(it.snapshot);
    return 0;
}

/* One who asks, as HTTP threads do. */
struct asker {
    struct round_waiter waiter;
    _Atomic unsigned woken;
};

static void on_wake(void *data)
{
    struct asker *asker = data;

    asker->woken++;
}

static uint64_t ask_numbers(uint64_t collectors, uint64_t now_ns)
{
    return rounds_ask(it.rounds, &(struct round_demand){.collectors = collectors}, now_ns);
}

/* What it waits for. */
static uint64_t ask(struct asker *asker, uint64_t collectors)
{
    uint64_t awaited = ask_numbers(collectors, it.now_ns);

    *asker = (struct asker){
        .waiter = {
            .collectors = awaited, .deadline_ns = it.now_ns + ROUND_WAIT_NS, .wake = on_wake, .data = asker}};
    if (awaited)
        rounds_wait(it.rounds, &asker->waiter);
    return awaited;
}

static uint64_t waits(size_t slot, enum wait_result result)
{
    struct collector_health health;

    registry_health(it.registry, slot, it.now_ns, &health);
    return health.waits[result];
}

static void assert_waits(size_t slot, uint64_t fresh, uint64_t late, uint64_t skipped)
{
    assert_int_equal(waits(slot, WAIT_FRESH), fresh);
    assert_int_equal(waits(slot, WAIT_LATE), late);
    assert_int_equal(waits(slot, WAIT_SKIPPED), skipped);
}

static void test_fresh_numbers_wake_nobody(void **state)
{
    static struct asker asker;

    (void)state;
    it.now_ns -= SECOND; /* a second old, and no older */
    assert_int_equal(ask(&asker, 15), 0);
    assert_int_equal(called(), 0);
    assert_waits(0, 0, 0, 0);
    it.now_ns++;
    assert_int_equal(ask(&asker, 1), 1);
    assert_int_equal(called(), 1);
}

static void test_short_interval_is_the_limit(void **state)
{
    static struct asker asker;

    (void)state;
    registry_enable(it.registry, 0, 100 * MS, 30 * SECOND);
    begin(0);
    publish(0);
    it.now_ns += 100 * MS;
    assert_int_equal(ask(&asker, 1), 0);
    it.now_ns++;
    assert_int_equal(ask(&asker, 1), 1);
}

/* The last publication wakes; the others are asked for only where they are wanted. */
static void test_the_last_one_wakes(void **state)
{
    static struct asker asker;

    (void)state;
    assert_int_equal(ask(&asker, 3), 3);
    assert_int_equal(called(), 3);
    begin(0);
    begin(1);
    it.now_ns += MS;
    publish(1);
    assert_int_equal(asker.woken, 0);
    publish(0);
    assert_int_equal(asker.woken, 1);
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), UINT64_MAX);
    for (size_t slot = 0; slot < 2; slot++)
        assert_waits(slot, 1, 0, 0);
    assert_waits(2, 0, 0, 0);
}

/* Ended between the question and the waiting: nobody would wake him any more. */
static void test_ended_before_the_waiting(void **state)
{
    struct asker asker = {.waiter = {.wake = on_wake, .data = &asker}};

    (void)state;
    asker.waiter.collectors = ask_numbers(1, it.now_ns);
    asker.waiter.deadline_ns = it.now_ns + ROUND_WAIT_NS;
    begin(0);
    publish(0);
    assert_int_equal(asker.woken, 0);
    rounds_wait(it.rounds, &asker.waiter);
    assert_int_equal(asker.woken, 1);
    assert_waits(0, 1, 0, 0);
}

static void test_who_come_together_share_a_round(void **state)
{
    static struct asker askers[100];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(askers); i++) {
        assert_int_equal(ask(&askers[i], 1), 1);
        it.now_ns += MS / 10;
        if (i == 10)
            begin(0);
    }
    assert_int_equal(it.calls, 1);
    publish(0);
    for (size_t i = 0; i < ELEMENTS(askers); i++)
        assert_int_equal(askers[i].woken, 1);
    assert_waits(0, ELEMENTS(askers), 0, 0);
}

/* Nobody was called: a round that its interval began is as good. */
static void test_a_round_under_way_is_shared(void **state)
{
    static struct asker asker;

    (void)state;
    begin(0);
    it.now_ns += 5 * MS;
    assert_int_equal(ask(&asker, 1), 1);
    assert_int_equal(called(), 0);
    publish(0);
    assert_int_equal(asker.woken, 1);
}

static void test_as_many_at_once_as_cpus(void **state)
{
    static struct asker asker;

    (void)state;
    assert_int_equal(ask(&asker, 15), 15);
    assert_int_equal(called(), 3);
    begin(0);
    begin(1);
    publish(0);
    assert_int_equal(called(), 4);
    publish(1);
    assert_int_equal(called(), 8);
    begin(2);
    publish(2);
    begin(3);
    assert_int_equal(asker.woken, 0);
    publish(3);
    assert_int_equal(asker.woken, 1);
    assert_int_equal(called(), 0);
}

/* Behind the others, whatever ends first. */
static void test_the_last_one(void **state)
{
    static struct asker asker;

    (void)state;
    assert_int_equal(ask(&asker, 19), 19);
    assert_int_equal(called(), 3);
    begin(0);
    begin(1);
    publish(1);
    assert_int_equal(called(), 0);
    it.now_ns += 10 * MS;
    publish(0);
    assert_int_equal(called(), 1 << LAST_SLOT);
    begin(LAST_SLOT);
    assert_int_equal(asker.woken, 0);
    publish(LAST_SLOT);
    assert_int_equal(asker.woken, 1);
}

/* One that hangs holds it up for half of the time there is, and only while that is not known of it. */
static void test_the_last_one_is_not_held_up_for_long(void **state)
{
    static struct asker first, second, alone;

    (void)state;
    assert_int_equal(ask(&first, 17), 17);
    assert_int_equal(called(), 1);
    begin(0);
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), it.now_ns + ROUND_HELD_NS);
    it.now_ns += ROUND_HELD_NS;
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), it.now_ns + ROUND_HELD_NS);
    assert_int_equal(called(), 1 << LAST_SLOT);
    begin(LAST_SLOT);
    publish(LAST_SLOT);
    it.now_ns += ROUND_HELD_NS;
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), UINT64_MAX);
    assert_int_equal(first.woken, 1);
    it.now_ns += 2 * SECOND;
    assert_int_equal(ask(&second, 17), 1 << LAST_SLOT);
    assert_int_equal(called(), 1 << LAST_SLOT);
    begin(LAST_SLOT);
    publish(LAST_SLOT);
    assert_int_equal(second.woken, 1);
    it.now_ns += 2 * SECOND;
    assert_int_equal(ask(&alone, 1 << LAST_SLOT), 1 << LAST_SLOT);
    assert_int_equal(called(), 1 << LAST_SLOT);
}

/* Row 16 seen from here: each scrape is answered, none waits longer than that, and once it is known that one
 * hangs nobody waits for it, nor for its turn. */
static void test_row_87_deadline(void **state)
{
    static struct asker first, second, third;

    (void)state;
    assert_int_equal(ask(&first, 7), 7);
    assert_int_equal(called(), 3);
    begin(0); /* hangs */
    begin(1); /* and so does this */
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), first.waiter.deadline_ns);
    it.now_ns += ROUND_WAIT_NS - 1;
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), first.waiter.deadline_ns);
    assert_int_equal(first.woken, 0);
    it.now_ns++;
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), UINT64_MAX);
    assert_int_equal(first.woken, 1);
    assert_waits(0, 0, 1, 0);
    assert_int_equal(called(), 4); /* they hold no CPU */
    begin(2);
    publish(2);
    assert_int_equal(ask(&second, 7), 0);
    assert_waits(0, 0, 1, 1);
    it.now_ns += 10 * SECOND; /* stuck by now */
    assert_int_equal(ask(&third, 7), 4);
    assert_waits(0, 0, 1, 2);
    begin(2);
    publish(2);
    assert_int_equal(third.woken, 1);
}

static void test_failing_ones_are_not_waited_for(void **state)
{
    static struct asker asker;

    (void)state;
    assert_int_equal(ask(&asker, 1), 1);
    begin(0);
    fail_round(0);
    assert_int_equal(asker.woken, 1); /* it ended: there is nothing to wait for */
    assert_waits(0, 0, 1, 0);
    called();
    assert_int_equal(ask(&asker, 1), 0);
    assert_int_equal(called(), 0);
    assert_waits(0, 0, 1, 1);
    begin(0);
    publish(0);
    it.now_ns += 2 * SECOND;
    assert_int_equal(ask(&asker, 1), 1);
}

/* What is off or does not exist here has no numbers that could be fresh: that is no result. */
static void test_what_is_not_there_is_not_counted(void **state)
{
    struct fault fault = {};
    static struct asker asker;

    (void)state;
    registry_disable(it.registry, 0);
    begin(1);
    fault_unsupported(&fault, "not here");
    registry_fail(it.registry, 1, &fault, it.now_ns);
    rounds_end(it.rounds, 1, &(struct round_result){}, it.now_ns);
    assert_int_equal(ask(&asker, 3), 0);
    assert_waits(0, 0, 0, 0);
    assert_waits(1, 0, 0, 0);
}

static void test_slow_ones_are_not_waited_for(void **state)
{
    static struct asker asker;

    (void)state;
    for (int i = 0; i < 3; i++) {
        begin(0);
        it.now_ns += ROUND_SLOW_NS + 1;
        publish(0);
        it.now_ns += 2 * SECOND;
        if (i < 2) /* it may have been the machine */
            assert_int_equal(ask(&asker, 1), 1);
        if (i < 2)
            rounds_release(it.rounds);
    }
    assert_int_equal(ask(&asker, 1), 0);
    assert_int_equal(waits(0, WAIT_SKIPPED), 1);
    begin(0);
    it.now_ns += ROUND_SLOW_NS;
    publish(0);
    it.now_ns += 2 * SECOND;
    assert_int_equal(ask(&asker, 1), 1);
}

/* A call that came to nothing (the runner met an event that failed) is made again. */
static void test_lost_call(void **state)
{
    static struct asker asker;

    (void)state;
    assert_int_equal(ask_numbers(7, it.now_ns), 7); /* and is too poor to wait */
    assert_int_equal(called(), 3);
    it.now_ns += ROUND_WAIT_NS;
    assert_int_equal(ask(&asker, 3), 3);
    begin(0);
    begin(1);
    publish(0);
    publish(1);
    assert_int_equal(asker.woken, 1);
}

/* What somebody asked for is on the budget, whoever asks and however often: a twentieth of a CPU. */
static void test_row_89_budget(void **state)
{
    uint64_t begin_ns = it.now_ns, spent_ns = 0;
    static struct asker asker;

    (void)state;
    it.cpu_ns = 30 * MS;
    while (it.now_ns < begin_ns + 100 * SECOND) {
        uint64_t awaited = ask(&asker, 1);

        if (awaited) {
            assert_int_equal(called(), 1);
            assert_true(rounds_begin(it.rounds, 0, it.now_ns).cost);
            registry_begin(it.registry, 0, it.now_ns);
            it.now_ns += 30 * MS;
            publish(0);
            spent_ns += it.cpu_ns;
        }
        it.now_ns += 61 * MS; /* somebody asks so often */
    }
    assert_true(spent_ns <= 100 * SECOND / ROUND_CPU_SHARE + ROUND_CPU_SAVED_NS + it.cpu_ns);
    assert_true(spent_ns >= 95 * SECOND / ROUND_CPU_SHARE);
    assert_true(waits(0, WAIT_SKIPPED) > 0);
}

/* What the interval asked for is not: it costs what it costs. */
static void test_background_is_not_on_the_budget(void **state)
{
    static struct asker asker;

    (void)state;
    it.cpu_ns = 10 * SECOND;
    assert_false(rounds_begin(it.rounds, 0, it.now_ns).cost);
    publish(0);
    it.now_ns += 2 * SECOND;
    assert_int_equal(ask(&asker, 1), 1);
    begin(0);
    publish(0);
    it.now_ns += 2 * SECOND;
    assert_int_equal(ask(&asker, 1), 0);
    it.now_ns += 200 * SECOND; /* paid off */
    assert_int_equal(ask(&asker, 1), 1);
}

/* The lock of all network settings, held by a driver that sleeps in it, costs no CPU, and others their time.
 */
static void test_budget_of_the_lock(void **state)
{
    static struct asker asker;

    (void)state;
    registry_enable(it.registry, 0, 100 * MS, 30 * SECOND);
    registry_enable(it.registry, RTNL_SLOT, 100 * MS, 30 * SECOND);
    for (int i = 0; i < 200; i++) {
        uint64_t awaited = ask(&asker, 9);

        assert_true(awaited & 1);
        begin(0);
        if (awaited & 8)
            begin(RTNL_SLOT);
        it.now_ns += 49 * MS;
        publish(0);
        if (awaited & 8)
            publish(RTNL_SLOT);
        it.now_ns += 101 * MS;
    }
    assert_int_equal(waits(0, WAIT_SKIPPED), 0);
    assert_true(waits(RTNL_SLOT, WAIT_SKIPPED) > 5);
}

/* Who asks each 15 s is given numbers that are as new as can be, though somebody else asked a moment ago. */
static void test_who_asks_in_a_period_is_given_newer_ones(void **state)
{
    static struct asker asker;

    (void)state;
    for (int i = 0; i < 4; i++) {
        uint64_t other;

        it.now_ns += 14500 * MS;
        other = ask(&asker, 1); /* half a second before */
        if (other) {
            begin(0);
            publish(0);
        }
        it.now_ns += 500 * MS;
        assert_int_equal(ask(&asker, 1), i < 2 ? 0 : 1);
        if (i >= 2) {
            begin(0);
            publish(0);
        }
    }
}

static void round_of(size_t slot, uint64_t took_ns)
{
    begin(slot);
    it.now_ns += took_ns;
    publish(slot);
}

/* Nobody waits for one that is slow; it is woken so that it is ready just before he asks whose time is known.
 */
static void test_slow_ones_run_ahead(void **state)
{
    static struct asker asker;
    uint64_t scrape_ns;

    (void)state;
    for (int i = 0; i < 3; i++)
        round_of(0, 800 * MS);
    it.now_ns += 5 * SECOND;
    scrape_ns = it.now_ns;
    for (int i = 0; i < 6; i++) {
        it.now_ns = scrape_ns;
        called();
        assert_int_equal(ask(&asker, 1), 0);
        assert_int_equal(called(), 0);
        if (i >= 3) /* a quarter of its time, and a little */
            assert_int_equal(waits(0, WAIT_SKIPPED), 3);
        scrape_ns += 15 * SECOND;
        if (i < 2) {
            assert_int_equal(rounds_turn(it.rounds, it.now_ns), UINT64_MAX);
            continue;
        }
        it.now_ns = rounds_turn(it.rounds, it.now_ns);
        assert_int_equal(it.now_ns, scrape_ns - 1020 * MS);
        (void)rounds_turn(it.rounds, it.now_ns);
        assert_int_equal(called(), 1);
        round_of(0, 800 * MS);
    }
    /* Who stays away is waited for once more. */
    it.now_ns = rounds_turn(it.rounds, it.now_ns);
    assert_int_equal(it.now_ns, scrape_ns + 15 * SECOND - 1020 * MS);
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), UINT64_MAX);
    assert_int_equal(called(), 1);
    round_of(0, 800 * MS);
    assert_int_equal(rounds_turn(it.rounds, it.now_ns), UINT64_MAX);
}

/* A request that comes before a slow collector has ended, which ran ahead of it, waits for it; a request that
 * comes when it has just begun, or is much too late, does not. */
static void test_slow_ones_that_are_about_to_end(void **state)
{
    static struct asker asker;
    const uint64_t took_ns = 90 * MS, lead_ns = took_ns + took_ns / 4 + ROUND_LEAD_NS;

    (void)state;
    for (int i = 0; i < 3; i++)
        round_of(0, took_ns);
    it.now_ns += 5 * SECOND;
    begin(0);
    it.now_ns += lead_ns - ROUND_WAIT_NS - 1;
    assert_int_equal(ask(&asker, 1), 0);
    it.now_ns += 1;
    assert_int_equal(ask(&asker, 1), 1);
    it.now_ns += took_ns;
    publish(0);
    assert_true(asker.woken);
    assert_waits(0, 1, 0, 1);

    it.now_ns += 5 * SECOND;
    begin(0);
    it.now_ns += lead_ns + ROUND_WAIT_NS - 1;
    assert_int_equal(ask(&asker, 1), 1);
    it.now_ns = rounds_turn(it.rounds, it.now_ns);
    (void)rounds_turn(it.rounds, it.now_ns);
    assert_true(asker.woken);
    assert_int_equal(ask(&asker, 1), 0);
    assert_waits(0, 1, 1, 2);
    publish(0);
}

/* Somebody asks for what slot 0 attaches; what he waits for. */
static uint64_t ask_attached(struct asker *asker)
{
    const struct round_demand demand = {.collectors = 1, .attachments = 1};
    uint64_t awaited = rounds_ask(it.rounds, &demand, it.now_ns);

    *asker = (struct asker){
        .waiter = {
            .collectors = awaited, .deadline_ns = it.now_ns + ROUND_WAIT_NS, .wake = on_wake, .data = asker}};
    if (awaited)
        rounds_wait(it.rounds, &asker->waiter);
    return awaited;
}

/* A round of slot 0 as a collector makes it. */
static void round_attached(bool attached)
{
    static struct attachment attachment = {.references = 1000};
    struct snapshot *snapshot = snapshot_new();

    if (attached)
        snapshot_attach(snapshot, &attachment);
    registry_publish(it.registry, 0, snapshot, it.now_ns, 1);
    snapshot_unref(snapshot);
    rounds_end(it.rounds, 0, &(struct round_result){.published = true}, it.now_ns);
}

/* Fresh numbers without what is asked for are not what is asked for; with it they are, for a second. */
static void test_attached_on_demand(void **state)
{
    static struct asker asker;

    (void)state;
    it.now_ns -= SECOND;
    assert_false(rounds_begin(it.rounds, 0, it.now_ns).attachment);
    round_attached(false);
    assert_int_equal(ask(&asker, 1), 0);
    assert_int_equal(ask_attached(&asker), 1);
    assert_int_equal(called(), 1);
    assert_false(rounds_begin(it.rounds, 1, it.now_ns).attachment);
    rounds_end(it.rounds, 1, &(struct round_result){.published = true}, it.now_ns);
    assert_true(rounds_begin(it.rounds, 0, it.now_ns).attachment);
    assert_int_equal(asker.woken, 0);
    round_attached(true);
    assert_int_equal(asker.woken, 1);
    it.now_ns += SECOND / 2;
    assert_int_equal(ask_attached(&asker), 0);
    assert_int_equal(called(), 0);
}

/* For a while each round makes it, whoever that is for; then none. */
static void test_attached_for_a_while(void **state)
{
    static struct asker asker;

    (void)state;
    assert_int_equal(ask_attached(&asker), 1);
    for (int i = 0; i < 3; i++) {
        assert_true(rounds_begin(it.rounds, 0, it.now_ns).attachment);
        round_attached(true);
        it.now_ns += 5 * SECOND;
    }
    assert_false(rounds_begin(it.rounds, 0, it.now_ns).attachment);
}

/* Who comes while a round is going on that does not make it is given another one; of one that fails, and at
 * the end of all, nobody is. */
static void test_attached_too_late(void **state)
{
    static struct asker asker;

    (void)state;
    it.now_ns -= SECOND;
    assert_false(rounds_begin(it.rounds, 0, it.now_ns).attachment);
    assert_int_equal(ask_attached(&asker), 1);
    assert_int_equal(called(), 0); /* it is on its way */
    round_attached(false);
    assert_int_equal(asker.woken, 0);
    assert_int_equal(called(), 1);
    assert_true(rounds_begin(it.rounds, 0, it.now_ns).attachment);
    round_attached(true);
    assert_int_equal(asker.woken, 1);
    assert_int_equal(called(), 0);
    it.now_ns += 60 * SECOND;
    assert_false(rounds_begin(it.rounds, 0, it.now_ns).attachment);
    assert_int_equal(ask_attached(&asker), 1);
    fail_round(0);
    assert_int_equal(asker.woken, 1);
    assert_int_equal(called(), 0);
}

static void test_row_88_release_at_a_reload(void **state)
{
    static struct asker askers[2];

    (void)state;
    assert_int_equal(ask(&askers[0], 1), 1);
    assert_int_equal(ask(&askers[1], 3), 3);
    begin(0);
    rounds_release(it.rounds);
    assert_int_equal(askers[0].woken, 1);
    assert_int_equal(askers[1].woken, 1);
    publish(0);
    assert_int_equal(askers[0].woken, 1);
}

static void test_row_88_stop(void **state)
{
    struct asker asker,
        other = {.waiter = {.collectors = 2, .deadline_ns = UINT64_MAX, .wake = on_wake, .data = &other}};

    (void)state;
    assert_int_equal(rounds_start(it.rounds), 0);
    assert_int_equal(ask(&asker, 7), 7);
    called();
    rounds_stop(it.rounds);
    assert_int_equal(asker.woken, 1);
    begin(0);
    publish(0);
    assert_int_equal(called(), 0); /* nor is anybody else, whose turn it would be */
    assert_int_equal(ask(&asker, 7), 0);
    begin(1);
    rounds_wait(it.rounds, &other.waiter); /* asked before, suspended after */
    assert_int_equal(other.woken, 1);
    rounds_stop(it.rounds);
}

/* By the real clock: the thread ends the waiting. */
static void test_the_thread_keeps_the_deadline(void **state)
{
    static struct asker asker;
    uint64_t begin_ns = clock_boottime_ns();

    (void)state;
    assert_int_equal(rounds_start(it.rounds), 0);
    for (int i = 0; i < 3; i++) {
        it.now_ns = clock_boottime_ns() + 3600 * SECOND; /* all numbers are old */
        asker = (struct asker){.waiter = {.wake = on_wake, .data = &asker}};
        asker.waiter.collectors = ask_numbers(1, it.now_ns);
        asker.waiter.deadline_ns = clock_boottime_ns() + 20 * MS;
        if (!asker.waiter.collectors)
            break;
        rounds_wait(it.rounds, &asker.waiter);
        while (!asker.woken && clock_boottime_ns() < begin_ns + 20 * SECOND)
            nanosleep(&(struct timespec){.tv_nsec = (long)MS}, NULL);
        assert_int_equal(asker.woken, 1);
        begin(0);
        publish(0);
    }
    assert_true(clock_boottime_ns() - begin_ns >= 20 * MS);
}

static struct {
    atomic_bool over;
    _Atomic unsigned long asked, woken;
} storm;

static void on_storm_wake(void *data)
{
    atomic_store((atomic_bool *)data, true);
    atomic_fetch_add(&storm.woken, 1);
}

static void *storm_asker(void *data)
{
    (void)data;
    while (!atomic_load(&storm.over)) {
        atomic_bool woken = false;
        uint64_t now_ns = clock_boottime_ns();
        struct round_waiter waiter = {.collectors = ask_numbers(15, now_ns + 3600 * SECOND),
                                      .deadline_ns = now_ns + MS,
                                      .wake = on_storm_wake,
                                      .data = &woken};

        if (!waiter.collectors)
            continue;
        atomic_fetch_add(&storm.asked, 1);
        rounds_wait(it.rounds, &waiter);
        while (!atomic_load(&woken))
            nanosleep(&(struct timespec){.tv_nsec = 10000}, NULL);
    }
    return NULL;
}

static void *storm_runner(void *data)
{
    size_t slot = (size_t)(uintptr_t)data;

    while (!atomic_load(&storm.over)) {
        uint64_t now_ns = clock_boottime_ns();

        (void)rounds_begin(it.rounds, slot, now_ns + 3600 * SECOND);
        rounds_end(it.rounds, slot, &(struct round_result){.published = true}, now_ns + 3600 * SECOND);
    }
    return NULL;
}

/* Askers, runners, the thread and reloads at once, for the thread sanitizer: everybody is woken, once. */
static void test_row_88_threads(void **state)
{
    pthread_t threads[4 + SLOTS];

    (void)state;
    storm.over = false;
    storm.asked = storm.woken = 0;
    assert_int_equal(rounds_start(it.rounds), 0);
    for (size_t i = 0; i < ELEMENTS(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < 4 ? storm_asker : storm_runner,
                                        (void *)(uintptr_t)(i < 4 ? 0 : i - 4)),
                         0);
    for (int i = 0; i < 100; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 2 * (long)MS}, NULL);
        rounds_release(it.rounds);
    }
    atomic_store(&storm.over, true);
    rounds_stop(it.rounds);
    for (size_t i = 0; i < ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(storm.asked, storm.woken);
    assert_true(storm.asked > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fresh_numbers_wake_nobody),
        TEST(test_short_interval_is_the_limit),
        TEST(test_the_last_one_wakes),
        TEST(test_ended_before_the_waiting),
        TEST(test_who_come_together_share_a_round),
        TEST(test_a_round_under_way_is_shared),
        TEST(test_as_many_at_once_as_cpus),
        TEST(test_the_last_one),
        TEST(test_the_last_one_is_not_held_up_for_long),
        TEST(test_row_87_deadline),
        TEST(test_failing_ones_are_not_waited_for),
        TEST(test_what_is_not_there_is_not_counted),
        TEST(test_slow_ones_are_not_waited_for),
        TEST(test_lost_call),
        TEST(test_row_89_budget),
        TEST(test_background_is_not_on_the_budget),
        TEST(test_budget_of_the_lock),
        TEST(test_who_asks_in_a_period_is_given_newer_ones),
        TEST(test_slow_ones_run_ahead),
        TEST(test_slow_ones_that_are_about_to_end),
        TEST(test_attached_on_demand),
        TEST(test_attached_for_a_while),
        TEST(test_attached_too_late),
        TEST(test_row_88_release_at_a_reload),
        TEST(test_row_88_stop),
        TEST(test_the_thread_keeps_the_deadline),
        TEST(test_row_88_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/rounds.h"

/* Wakes collectors for a request and waits for them until a deadline. Any thread. */

#include "daemon/run/rounds_private.h"

static uint64_t first_ns(const struct rounds *rounds)
{
    uint64_t first_ns = rounds->held_ns;

    first_ns = rounds->ahead_ns < first_ns ? rounds->ahead_ns : first_ns;
    return rounds->deadline_ns < first_ns ? rounds->deadline_ns : first_ns;
}

void rounds_set_alarm(struct rounds *rounds)
{
    alarm_set(&rounds->alarm, rounds->stopping ? 0 : first_ns(rounds));
}

static uint64_t bit(size_t slot)
{
    return UINT64_C(1) << slot;
}

static uint64_t in_flight(const struct rounds *rounds)
{
    return rounds->queued | rounds->woken | rounds->under_way;
}

/* Returns the collectors that must wait: those that come last, while rounds of others are under way that may
 * still end in time. */
static uint64_t held(struct rounds *rounds, uint64_t now_ns)
{
    uint64_t others = in_flight(rounds) & ~rounds->terms.last & ~rounds->slow;

    for (; others && now_ns < rounds->held_ns; others &= others - 1)
        if (now_ns < rounds->slots[__builtin_ctzll(others)].begin_ns + ROUND_HELD_NS)
            return rounds->terms.last;
    rounds->held_ns = UINT64_MAX;
    return 0;
}

/* Returns the collectors to wake now. The caller wakes them without the lock. */
static uint64_t take_turns(struct rounds *rounds, uint64_t now_ns)
{
    uint64_t turns = 0, ready;

    while ((ready = rounds->queued & ~held(rounds, now_ns)) &&
           (size_t)__builtin_popcountll(rounds->woken) < rounds->terms.at_once) {
        uint64_t next = ready & -ready;

        rounds->queued &= ~next;
        rounds->woken |= next;
        turns |= next;
    }
    return turns;
}

static void call(const struct rounds *rounds, uint64_t slots)
{
    for (; slots; slots &= slots - 1)
        rounds->caller.call(rounds->caller.data, (size_t)__builtin_ctzll(slots));
}

static bool affordable(struct rounds *rounds, size_t slot, uint64_t now_ns)
{
    return budget_allows(&rounds->cpu, now_ns) &&
           (!(rounds->terms.rtnl & bit(slot)) || budget_allows(&rounds->rtnl, now_ns));
}

static void queue(struct rounds *rounds, size_t slot, uint64_t now_ns)
{
    rounds->queued |= bit(slot);
    rounds->asked_for |= bit(slot);
    rounds->slots[slot].begin_ns = now_ns;
    if (rounds->terms.last & bit(slot))
        rounds->held_ns = now_ns + ROUND_HELD_NS;
}

/* SHARED: a round is under way and may be in time. HOPELESS: stale, and not waited for. */
enum judgement { JUDGED_FRESH, JUDGED_SHARED, JUDGED_STALE, JUDGED_HOPELESS };

/* Nobody waits for a slow collector, but for one that runs ahead of this request and is about to end: a busy
 * machine has held it up, or the request came early. */
static enum judgement judge_slow(const struct rounds *rounds, size_t slot, uint64_t now_ns)
{
    const struct round_slot *round = &rounds->slots[slot];
    uint64_t expected_ns = round->begin_ns + round_history_lead_ns(&round->history);

    if (!(in_flight(rounds) & bit(slot)))
        return JUDGED_HOPELESS;
    return expected_ns <= now_ns + ROUND_WAIT_NS && now_ns < expected_ns + ROUND_WAIT_NS ? JUDGED_SHARED
                                                                                         : JUDGED_HOPELESS;
}

static enum judgement judge(struct rounds *rounds, size_t slot, bool attachment, uint64_t fresh_ns,
                            uint64_t now_ns)
{
    struct freshness freshness;

    registry_freshness(rounds->registry, slot, now_ns, &freshness);
    if (attachment && !freshness.attached)
        freshness.age_ns = UINT64_MAX;
    if (freshness.interval_ns < fresh_ns)
        fresh_ns = freshness.interval_ns;
    /* A collector that is off or unsupported has no numbers to grow old. */
    if (!freshness.enabled || freshness.state == COLLECTOR_UNSUPPORTED || freshness.age_ns <= fresh_ns)
        return JUDGED_FRESH;
    if (rounds->slow & bit(slot) && freshness.age_ns <= ROUND_FRESH_NS)
        return JUDGED_FRESH;
    if (freshness.state == COLLECTOR_FAILING || freshness.state == COLLECTOR_STUCK)
        return JUDGED_HOPELESS;
    if (rounds->slow & bit(slot))
        return judge_slow(rounds, slot, now_ns);
    if (in_flight(rounds) & bit(slot))
        return now_ns < rounds->slots[slot].begin_ns + ROUND_WAIT_NS ? JUDGED_SHARED : JUDGED_HOPELESS;
    if (freshness.state == COLLECTOR_STARTING)
        return JUDGED_FRESH;
    return affordable(rounds, slot, now_ns) ? JUDGED_STALE : JUDGED_HOPELESS;
}

/* A collector that was woken and hangs uses no CPU, so it no longer keeps others waiting. */
static void forget_late(struct rounds *rounds, uint64_t now_ns)
{
    for (uint64_t left = rounds->woken; left; left &= left - 1)
        if (now_ns >= rounds->slots[__builtin_ctzll(left)].begin_ns + ROUND_WAIT_NS)
            rounds->woken &= ~(left & -left);
}

static bool works(const struct rounds *rounds, size_t slot, uint64_t now_ns)
{
    struct freshness freshness;

    registry_freshness(rounds->registry, slot, now_ns, &freshness);
    return freshness.enabled && (freshness.state == COLLECTOR_OK || freshness.state == COLLECTOR_STALE);
}

/* Starts a slow collector early enough to be ready at the expected request. Returns when it must start
 * next. */
static uint64_t look_ahead_of(struct rounds *rounds, size_t slot, uint64_t now_ns)
{
    struct round_slot *round = &rounds->slots[slot];
    uint64_t lead_ns = round_history_lead_ns(&round->history), after_ns = now_ns + lead_ns;

    if (round->target_ns <= after_ns) {
        if (!(in_flight(rounds) & bit(slot)) && works(rounds, slot, now_ns) &&
            affordable(rounds, slot, now_ns))
            queue(rounds, slot, now_ns);
        /* By now, the same moment may be expected a little later. */
        after_ns = (round->target_ns > now_ns ? round->target_ns : now_ns) + lead_ns;
    }
    round->target_ns = rhythm_next(&rounds->rhythm, slot, after_ns);
    return round->target_ns == UINT64_MAX ? UINT64_MAX : round->target_ns - lead_ns;
}

static void look_ahead(struct rounds *rounds, uint64_t now_ns)
{
    rounds->ahead_ns = UINT64_MAX;
    for (uint64_t left = rounds->slow; left; left &= left - 1) {
        uint64_t begin_ns = look_ahead_of(rounds, (size_t)__builtin_ctzll(left), now_ns);

        if (begin_ns < rounds->ahead_ns)
            rounds->ahead_ns = begin_ns;
    }
}

static uint64_t judge_all(struct rounds *rounds, const struct round_demand *demand, uint64_t now_ns,
                          uint64_t *ret_hopeless)
{
    uint64_t collectors = demand->collectors & UINT64_MAX >> (64 - registry_count(rounds->registry));
    uint64_t part_ns = rhythm_note(&rounds->rhythm, collectors, now_ns) / ROUND_FRESH_PART;
    uint64_t limit_ns = part_ns && part_ns < ROUND_FRESH_NS ? part_ns : ROUND_FRESH_NS, awaited = 0;

    *ret_hopeless = 0;
    for (uint64_t left = collectors; left; left &= left - 1) {
        size_t slot = (size_t)__builtin_ctzll(left);
        enum judgement judgement = judge(rounds, slot, demand->attachments & bit(slot), limit_ns, now_ns);

        if (judgement == JUDGED_HOPELESS)
            *ret_hopeless |= bit(slot);
        if (judgement == JUDGED_SHARED || judgement == JUDGED_STALE)
            awaited |= bit(slot);
        if (judgement == JUDGED_STALE)
            queue(rounds, slot, now_ns);
    }
    return awaited;
}

uint64_t rounds_ask(struct rounds *rounds, const struct round_demand *demand, uint64_t now_ns)
{
    uint64_t awaited = 0, hopeless = 0, turns = 0;

    pthread_mutex_lock(&rounds->lock);
    if (!rounds->stopping) {
        forget_late(rounds, now_ns);
        awaited = judge_all(rounds, demand, now_ns, &hopeless);
        round_attachments_ask(&rounds->attachments, demand->attachments, awaited, now_ns);
        if (rounds->slow)
            look_ahead(rounds, now_ns);
        turns = take_turns(rounds, now_ns);
        rounds_set_alarm(rounds);
    }
    pthread_mutex_unlock(&rounds->lock);
    call(rounds, turns);
    registry_waited_all(rounds->registry, hopeless, WAIT_SKIPPED);
    return awaited;
}

void rounds_wait(struct rounds *rounds, struct round_waiter *waiter)
{
    uint64_t awaited = waiter->collectors;
    bool waits;

    pthread_mutex_lock(&rounds->lock);
    waiter->collectors &= in_flight(rounds);
    awaited &= ~waiter->collectors;
    waits = waiter->collectors && !rounds->stopping;
    if (waits) {
        round_waiters_add(&rounds->waiters, waiter);
        if (waiter->deadline_ns < rounds->deadline_ns)
            rounds->deadline_ns = waiter->deadline_ns;
        rounds_set_alarm(rounds);
    }
    pthread_mutex_unlock(&rounds->lock);
    registry_waited_all(rounds->registry, awaited, WAIT_FRESH);
    if (!waits)
        waiter->wake(waiter->data);
}

uint64_t rounds_turn(struct rounds *rounds, uint64_t now_ns)
{
    struct round_waiters over = {};
    uint64_t next_ns, turns;

    pthread_mutex_lock(&rounds->lock);
    alarm_over(&rounds->alarm);
    rounds->deadline_ns = round_waiters_give_up(&rounds->waiters, rounds->registry, now_ns, &over);
    forget_late(rounds, now_ns);
    look_ahead(rounds, now_ns);
    turns = rounds->stopping ? 0 : take_turns(rounds, now_ns);
    rounds_set_alarm(rounds);
    next_ns = rounds->stopping ? 0 : first_ns(rounds);
    pthread_mutex_unlock(&rounds->lock);
    call(rounds, turns);
    round_waiters_wake(&over);
    return next_ns;
}

void rounds_release(struct rounds *rounds)
{
    struct round_waiters over = {};

    pthread_mutex_lock(&rounds->lock);
    rounds->deadline_ns = round_waiters_give_up(&rounds->waiters, rounds->registry, UINT64_MAX, &over);
    rounds_set_alarm(rounds);
    pthread_mutex_unlock(&rounds->lock);
    round_waiters_wake(&over);
}

struct round_order rounds_begin(struct rounds *rounds, size_t slot, uint64_t now_ns)
{
    struct round_order order = {};

    if (!rounds)
        return order;
    pthread_mutex_lock(&rounds->lock);
    rounds->under_way |= bit(slot);
    rounds->slots[slot].begin_ns = now_ns;
    order.cost = rounds->asked_for & bit(slot);
    order.attachment = round_attachments_begin(&rounds->attachments, bit(slot), now_ns);
    pthread_mutex_unlock(&rounds->lock);
    return order;
}

static void remember(struct rounds *rounds, size_t slot, const struct round_result *result, uint64_t now_ns)
{
    struct round_slot *round = &rounds->slots[slot];
    uint64_t took_ns = now_ns - round->begin_ns;

    round_history_add(&round->history, took_ns);
    if (round_history_slow(&round->history))
        rounds->slow |= bit(slot);
    else
        rounds->slow &= ~bit(slot);
    if (!(rounds->asked_for & bit(slot)))
        return;
    budget_charge(&rounds->cpu, result->cpu_ns, now_ns);
    if (rounds->terms.rtnl & bit(slot))
        budget_charge(&rounds->rtnl, took_ns, now_ns);
}

void rounds_end(struct rounds *rounds, size_t slot, const struct round_result *result, uint64_t now_ns)
{
    struct round_waiters over = {};
    uint64_t turns;

    if (!rounds)
        return;
    pthread_mutex_lock(&rounds->lock);
    remember(rounds, slot, result, now_ns);
    rounds->under_way &= ~bit(slot);
    rounds->woken &= ~bit(slot);
    rounds->asked_for &= ~bit(slot) | rounds->queued;
    if (round_attachments_end(&rounds->attachments, bit(slot), result->published) || rounds->stopping)
        round_waiters_tell(&rounds->waiters, rounds->registry, slot, result->published, &over);
    else
        queue(rounds, slot, now_ns); /* once more: the attachment was requested too late for this round */
    if (!rounds->waiters.first)
        rounds->deadline_ns = UINT64_MAX;
    turns = take_turns(rounds, now_ns);
    rounds_set_alarm(rounds);
    pthread_mutex_unlock(&rounds->lock);
    call(rounds, turns);
    round_waiters_wake(&over);
}

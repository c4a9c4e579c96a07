/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/runner.h"

/*
 * Runs one collector on one thread. Everything below runner_main() runs on the runner's thread; main calls
 * the functions of the header. Both use the fields under `lock`.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bell.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "daemon/run/draft_pool.h"
#include "daemon/run/pace.h"
#include "daemon/systemd/log.h"

struct runner {
    const struct collector *collector;
    struct registry *registry;
    size_t slot;
    struct rounds *rounds; /* NULL if nobody waits for rounds */
    const struct runner_clock *clock;
    struct bell wake;
    atomic_bool ending; /* a copy of `stopping` for the collector's calls */
    atomic_bool hurry;  /* see pace.h */

    /* Used by main only. */
    bool started;
    pthread_t thread;

    /* Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t ended_changed; /* on CLOCK_MONOTONIC */
    bool stopping;
    bool ended;             /* the thread has left everything that could hang */
    bool pending;           /* the thread has not taken `next` yet */
    bool called;            /* the next collection is due now */
    struct runner_job next; /* interval_ns 0: no job */

    /* Used by the thread only. */
    struct runner_job job;
    struct collector_state *state; /* NULL if the collector is not open */
    uint64_t backoff_ns;
    bool noted; /* the last collection left a note */
    struct draft_pool drafts;
};

static uint64_t runner_now(const struct runner *runner)
{
    return runner->clock->now_ns(runner->clock->data);
}

/* Returns true if main has stopped the current job or has a new one. */
static bool runner_interrupted(struct runner *runner)
{
    bool interrupted;

    pthread_mutex_lock(&runner->lock);
    interrupted = runner->stopping || runner->pending;
    pthread_mutex_unlock(&runner->lock);
    return interrupted;
}

/* Returns true once after each call. */
static bool runner_called(struct runner *runner)
{
    bool called;

    pthread_mutex_lock(&runner->lock);
    called = runner->called;
    runner->called = false;
    if (called)
        (void)bell_heard(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
    return called;
}

static void runner_close(struct runner *runner)
{
    runner->state = collector_close(runner->collector, runner->state);
}

/* Logs the result of each attempt at level debug. Main logs changes of state (status.c). */
static void runner_tell(const struct runner *runner)
{
    const struct log_fields fields = {.collector = runner->collector->name};
    struct collector_health health;

    if (!log_enabled(LOG_LEVEL_DEBUG))
        return;
    registry_health(runner->registry, runner->slot, runner_now(runner), &health);
    log_event(LOG_LEVEL_DEBUG, &fields, "collector %s: %s after %.3f ms, %llu series%s%s", fields.collector,
              health_state_name(health.state), (double)health.duration_ns / 1e6,
              (unsigned long long)health.series, health.reason[0] ? ": " : "", health.reason);
}

static void runner_fail(struct runner *runner, const struct fault *fault)
{
    registry_fail(runner->registry, runner->slot, fault, runner_now(runner));
    runner_tell(runner);
}

/* Returns when to try again after the collector could not be opened. */
static uint64_t runner_retry(struct runner *runner)
{
    runner->backoff_ns = pace_backoff_ns(runner->backoff_ns);
    return runner_now(runner) + runner->backoff_ns;
}

/* Handles the collector's events until the time comes, somebody calls, or main interrupts. During the
 * back-off of a collector that cannot be opened, calls are ignored. Returns true if somebody called. */
static bool runner_wait(struct runner *runner, uint64_t until_ns)
{
    while (!runner_interrupted(runner) && runner_now(runner) < until_ns) {
        const struct collector *collector = runner->collector;
        int event_fd = runner->state && collector->event_fd ? collector->event_fd(runner->state) : -1;
        struct fault fault = {};

        if (runner_called(runner) && runner->state)
            return true;
        if (!runner->clock->wait(runner->clock->data, runner->wake.fd, event_fd, until_ns))
            continue;
        registry_begin(runner->registry, runner->slot, runner_now(runner));
        if (collector->event(runner->state, &fault) < 0) {
            runner_fail(runner, &fault);
            runner_close(runner);
            until_ns = runner_retry(runner);
        } else {
            registry_idle(runner->registry, runner->slot);
        }
    }
    return false;
}

static int runner_open(struct runner *runner, struct fault *fault)
{
    int error;

    registry_begin(runner->registry, runner->slot, runner_now(runner));
    error = collector_open(runner->collector, &runner->job.context, &runner->state, fault);
    if (error < 0)
        return error;
    registry_note(runner->registry, runner->slot, fault->text);
    runner->noted = false;
    runner->backoff_ns = 0;
    if (runner->job.listen_ns && runner->collector->listens) {
        registry_idle(runner->registry, runner->slot);
        (void)runner_wait(runner, runner_now(runner) + runner->job.listen_ns);
    }
    return 0;
}

/* A collection's note stays until a later one leaves another; a note of open() stays until the first note of
 * a collection. */
static void runner_note(struct runner *runner, const char *note)
{
    if (note[0] || runner->noted)
        registry_note(runner->registry, runner->slot, note);
    runner->noted = note[0] != '\0';
}

static int runner_collect(struct runner *runner, const struct round_order *order, struct fault *fault,
                          bool *ret_published)
{
    struct snapshot *extra = NULL;
    struct snapshot *draft = draft_pool_take(&runner->drafts, &extra);
    int error;

    registry_begin(runner->registry, runner->slot, runner_now(runner));
    if (!draft)
        return fault_set(fault, -ENOMEM, "out of memory");
    *fault = (struct fault){};
    draft->attach = order->attachment;
    error = runner->collector->collect(runner->state, draft, fault);
    if (!error)
        runner_note(runner, fault->text);
    /* Numbers collected under old settings are not shown. */
    *ret_published = !error && !runner_interrupted(runner);
    if (*ret_published) {
        registry_publish(runner->registry, runner->slot, draft, runner_now(runner), clock_realtime_ns());
        runner_tell(runner);
    } else if (!error) {
        registry_idle(runner->registry, runner->slot);
    }
    snapshot_unref(extra);
    return error;
}

/* Makes one attempt. Returns when the next is due. */
static uint64_t runner_attempt(struct runner *runner, uint64_t due_ns)
{
    struct fault fault = {};
    struct round_result result = {};
    uint64_t now_ns, begin_ns = runner_now(runner);
    const struct round_order order = rounds_begin(runner->rounds, runner->slot, begin_ns);
    uint64_t cpu_ns = order.cost ? clock_read_ns(CLOCK_THREAD_CPUTIME_ID) : 0;
    int error = 0;

    if (!runner->state)
        error = runner_open(runner, &fault);
    if (runner->state)
        error = runner_collect(runner, &order, &fault, &result.published);
    if (error < 0)
        runner_fail(runner, &fault);
    if (fault.unsupported)
        runner_close(runner);
    now_ns = runner_now(runner);
    result.cpu_ns = order.cost ? clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns : 0;
    rounds_end(runner->rounds, runner->slot, &result, now_ns);
    if (!runner->state)
        return runner_retry(runner);
    return pace_next_ns(
        due_ns, pace_interval_ns(runner->job.interval_ns, now_ns - begin_ns, atomic_load(&runner->hurry)),
        now_ns);
}

static void runner_work(struct runner *runner)
{
    uint64_t due_ns = runner_now(runner);

    runner->backoff_ns = 0;
    while (!runner_interrupted(runner)) {
        (void)runner_called(runner); /* the attempt that is due now answers earlier calls */
        due_ns = runner_attempt(runner, due_ns);
        if (runner_wait(runner, due_ns))
            due_ns = runner_now(runner);
    }
    runner_close(runner);
}

/* Waits for the next job and takes it. Returns false if the thread must end. */
static bool runner_take(struct runner *runner)
{
    settings_unref(runner->job.settings);
    runner->job = (struct runner_job){};
    for (;;) {
        bool stopping;

        pthread_mutex_lock(&runner->lock);
        stopping = runner->stopping;
        if (runner->pending)
            runner->job = runner->next;
        runner->job.context.ending = &runner->ending;
        runner->pending = runner->called = false;
        (void)bell_heard(&runner->wake); /* under the lock, as when it is rung, so that no ring is lost */
        pthread_mutex_unlock(&runner->lock);
        if (stopping || runner->job.interval_ns)
            return !stopping;
        runner->clock->wait(runner->clock->data, runner->wake.fd, -1, UINT64_MAX);
    }
}

static void *runner_main(void *data)
{
    struct runner *runner = data;
    char name[16]; /* the kernel keeps 15 bytes of a thread's name */

    (void)snprintf(name, sizeof(name), "%s", runner->collector->name);
    pthread_setname_np(pthread_self(), name);
    while (runner_take(runner))
        runner_work(runner);
    settings_unref(runner->job.settings);
    pthread_mutex_lock(&runner->lock);
    runner->ended = true;
    pthread_cond_signal(&runner->ended_changed);
    pthread_mutex_unlock(&runner->lock);
    return NULL;
}

static void runner_init_locks(struct runner *runner)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&runner->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&runner->ended_changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

int runner_new(const struct collector *collector, struct registry *registry, size_t slot,
               const struct runner_clock *clock, struct runner **ret_runner)
{
    struct runner *runner = calloc(1, sizeof(*runner));
    int error = runner ? bell_init(&runner->wake) : -ENOMEM;

    if (error < 0) {
        free(runner);
        return error;
    }
    runner->collector = collector;
    runner->registry = registry;
    runner->slot = slot;
    runner->clock = clock;
    runner_init_locks(runner);
    *ret_runner = runner;
    return 0;
}

void runner_rounds(struct runner *runner, struct rounds *rounds)
{
    runner->rounds = rounds;
}

void runner_hurry(struct runner *runner, bool hurry)
{
    atomic_store(&runner->hurry, hurry);
}

void runner_call(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    if (!runner->called)
        bell_ring(&runner->wake);
    runner->called = true;
    pthread_mutex_unlock(&runner->lock);
}

static int runner_start(struct runner *runner)
{
    int error = pthread_create(&runner->thread, NULL, runner_main, runner);

    if (error)
        return -error;
    runner->started = true;
    return 0;
}

int runner_apply(struct runner *runner, const struct runner_job *job)
{
    struct settings *replaced = NULL;

    pthread_mutex_lock(&runner->lock);
    if (runner->pending)
        replaced = runner->next.settings; /* never taken */
    runner->next = job ? *job : (struct runner_job){};
    runner->pending = true;
    bell_ring(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
    settings_unref(replaced);
    return runner->started || !job ? 0 : runner_start(runner);
}

bool runner_pending(struct runner *runner)
{
    bool pending;

    pthread_mutex_lock(&runner->lock);
    pending = runner->started && runner->pending;
    pthread_mutex_unlock(&runner->lock);
    return pending;
}

void runner_stop(struct runner *runner)
{
    pthread_mutex_lock(&runner->lock);
    runner->stopping = true;
    atomic_store(&runner->ending, true);
    bell_ring(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
}

int runner_join(struct runner *runner, uint64_t deadline_ns)
{
    struct timespec deadline = {
        .tv_sec = (time_t)(deadline_ns / NS_PER_SECOND),
        .tv_nsec = (long)(deadline_ns % NS_PER_SECOND),
    };
    int error = 0;

    if (!runner->started)
        return 0;
    pthread_mutex_lock(&runner->lock);
    while (!runner->ended && !error)
        error = pthread_cond_timedwait(&runner->ended_changed, &runner->lock, &deadline);
    pthread_mutex_unlock(&runner->lock);
    return error ? -error : -pthread_join(runner->thread, NULL);
}

struct runner *runner_free(struct runner *runner)
{
    if (!runner)
        return NULL;
    if (runner->pending)
        settings_unref(runner->next.settings);
    draft_pool_done(&runner->drafts);
    pthread_cond_destroy(&runner->ended_changed);
    pthread_mutex_destroy(&runner->lock);
    bell_done(&runner->wake);
    free(runner);
    return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/trend/trend.h"

/* Keeps the rates of the last minutes. Main makes steps; any thread selects lines and visits counters. */

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/trend/trend_table.h"

/* What lines are sorted by. */
struct rank {
    const struct trend_series *series;
    double count;
    double rate;
    double elapsed;
};

struct trend {
    const struct registry *registry;
    pthread_mutex_t lock; /* protects what follows */
    uint64_t due_ns;
    uint32_t step; /* the one whose point still grows; the first is 1 */
    struct trend_pool pool;
    struct rank ranks[TREND_LINES_MAX];
    struct trend_table sources[]; /* SNAPSHOT_TABLES_MAX for each slot */
};

int trend_new(const struct registry *registry, struct limits *limits, struct trend **ret_trend)
{
    size_t count = registry_count(registry) * SNAPSHOT_TABLES_MAX;
    struct trend *trend = calloc(1, sizeof(*trend) + count * sizeof(trend->sources[0]));

    if (!trend)
        return -ENOMEM;
    trend->registry = registry;
    trend->pool.limits = limits;
    trend->step = 1;
    pthread_mutex_init(&trend->lock, NULL);
    *ret_trend = trend;
    return 0;
}

struct trend *trend_free(struct trend *trend)
{
    if (!trend)
        return NULL;
    for (size_t i = 0; i < registry_count(trend->registry) * SNAPSHOT_TABLES_MAX; i++)
        trend_table_done(&trend->sources[i], &trend->pool);
    free(trend->pool.items);
    pthread_mutex_destroy(&trend->lock);
    free(trend);
    return NULL;
}

/* Begins a new point. Its values are not known yet. */
static void begin_point(struct trend *trend)
{
    uint32_t point = ++trend->step % TREND_SLOTS;

    for (size_t i = 0; i < registry_count(trend->registry) * SNAPSHOT_TABLES_MAX; i++)
        trend->sources[i].elapsed[point] = 0;
    for (uint32_t i = 0; i < trend->pool.count; i++)
        trend->pool.items[i].points[point] = (float)NAN;
}

/* Takes one collector's tables. `snapshot` is NULL if the collector is off, has none yet, or only an old
 * one. */
static void take_snapshot(struct trend *trend, size_t slot, const struct snapshot *snapshot)
{
    for (size_t i = 0; i < SNAPSHOT_TABLES_MAX; i++) {
        struct trend_table *source = &trend->sources[slot * SNAPSHOT_TABLES_MAX + i];

        if (!snapshot)
            trend_table_blind(source);
        else if (i >= snapshot->table_count)
            trend_table_done(source, &trend->pool);
        else
            (void)trend_table_take(source, &snapshot->tables[i], snapshot->published_ns, trend->step,
                                   &trend->pool); /* if memory runs out, it is tried again */
    }
}

/* Adds what was published since the last time to the point that grows. */
static void take_all(struct trend *trend, uint64_t now_ns)
{
    for (size_t slot = 0; slot < registry_count(trend->registry); slot++) {
        struct snapshot *snapshot = registry_snapshot(trend->registry, slot, now_ns);

        take_snapshot(trend, slot, snapshot);
        snapshot_unref(snapshot);
    }
}

bool trend_step(struct trend *trend, uint64_t now_ns)
{
    uint64_t missed;

    if (now_ns < trend->due_ns)
        return false;
    /* On a grid, so that the number of points gives the time. */
    missed = trend->due_ns ? (now_ns - trend->due_ns) / TREND_STEP_NS : 0;
    trend->due_ns = (trend->due_ns ? trend->due_ns + missed * TREND_STEP_NS : now_ns) + TREND_STEP_NS;
    pthread_mutex_lock(&trend->lock);
    for (uint64_t i = 0; i < missed && i < TREND_SLOTS; i++)
        begin_point(trend);
    take_all(trend, now_ns);
    begin_point(trend);
    pthread_mutex_unlock(&trend->lock);
    return true;
}

bool trend_moved(struct trend *trend, unsigned purposes, unsigned steps)
{
    bool moved = false;

    pthread_mutex_lock(&trend->lock);
    for (uint32_t i = 0; i < trend->pool.count && !moved; i++) {
        const struct trend_series *series = &trend->pool.items[i];

        moved =
            series->meaning && series->meaning->purpose & purposes && trend->step - series->moved <= steps;
    }
    pthread_mutex_unlock(&trend->lock);
    return moved;
}

void trend_look(struct trend *trend, uint64_t now_ns)
{
    pthread_mutex_lock(&trend->lock);
    take_all(trend, now_ns);
    pthread_mutex_unlock(&trend->lock);
}

/* Of a point of the ring. No time has elapsed in one that was never begun. */
static bool is_known(const struct trend_series *series, uint32_t at)
{
    return !isnan(series->points[at]) && series->source->elapsed[at] > 0;
}

/* Ranks by the points that were asked for, or by the last known one if none of these is known. */
static struct rank rank(const struct trend *trend, const struct trend_series *series,
                        const struct trend_question *question)
{
    double wanted = (double)question->points * TREND_STEP_NS / NS_PER_SECOND;
    double moved = 0, elapsed = 0;
    uint32_t at = trend->step % TREND_SLOTS;

    for (uint32_t i = 0; i < TREND_POINTS && (i < question->points || elapsed <= 0); i++) {
        if (is_known(series, at)) {
            moved += series->points[at];
            elapsed += series->source->elapsed[at];
        }
        at = at ? at - 1 : TREND_SLOTS - 1;
    }
    if (elapsed <= 0)
        return (struct rank){.series = series};
    /* If a collector is slower than the period, takes only its share. A step that is merely late is not
     * scaled. */
    return (struct rank){
        .series = series,
        .elapsed = elapsed,
        .count = elapsed > 2 * wanted ? moved * wanted / elapsed : moved,
        .rate = moved / elapsed,
    };
}

/* Inserts into the sorted ranks, the largest first, at most `max` of them. Returns their new count. */
static size_t rank_insert(struct rank *ranks, size_t count, size_t max, struct rank added)
{
    size_t at = count;

    while (at > 0 && ranks[at - 1].rate < added.rate)
        at--;
    if (at >= max)
        return count;
    if (count == max)
        count--;
    memmove(&ranks[at + 1], &ranks[at], (count - at) * sizeof(ranks[0]));
    ranks[at] = added;
    return count + 1;
}

static void line_fill(const struct trend *trend, const struct rank *rank, struct trend_line *line)
{
    const struct trend_series *series = rank->series;
    const struct row_set *rows = series->source->rows;
    const struct meaning meaning = meaning_refined(series->meaning, rows, series->row);

    *line = (struct trend_line){
        .meaning = series->meaning,
        .count = rank->count,
        .rate = rank->rate,
    };
    meaning_text(meaning.subject, rows, series->row, line->subject, sizeof(line->subject));
    meaning_text(meaning.cause, rows, series->row, line->cause, sizeof(line->cause));
    line->device = meaning_of_device(&meaning) && line->subject[0];
    if (!line->subject[0])
        strcpy(line->subject, "host");
    for (uint32_t i = 0; i < TREND_POINTS; i++) {
        uint32_t at = (trend->step + TREND_SLOTS - TREND_POINTS + 1 + i) % TREND_SLOTS;

        line->points[i] =
            is_known(series, at) ? series->points[at] / series->source->elapsed[at] : (float)NAN;
    }
}

size_t trend_select(struct trend *trend, const struct trend_question *question, struct trend_line *lines,
                    size_t max)
{
    size_t count = 0;

    if (max > TREND_LINES_MAX)
        max = TREND_LINES_MAX;
    pthread_mutex_lock(&trend->lock);
    for (uint32_t i = 0; i < trend->pool.count && max; i++) {
        const struct trend_series *series = &trend->pool.items[i];
        struct rank ranked;

        if (!series->meaning || !(series->meaning->purpose & question->purposes))
            continue;
        ranked = rank(trend, series, question);
        if (ranked.count > 0)
            count = rank_insert(trend->ranks, count, max, ranked);
    }
    for (size_t i = 0; i < count; i++)
        line_fill(trend, &trend->ranks[i], &lines[i]);
    pthread_mutex_unlock(&trend->lock);
    return count;
}

void trend_visit(struct trend *trend, const struct trend_question *question,
                 const struct trend_visitor *visitor)
{
    const struct trend_question now = {.points = TREND_POINTS_NOW};

    pthread_mutex_lock(&trend->lock);
    for (uint32_t i = 0; i < trend->pool.count; i++) {
        const struct trend_series *series = &trend->pool.items[i];
        struct trend_counter counter = {.meaning = series->meaning, .rule = series->rule, .row = series->row};
        struct rank recent;

        if (!series->source)
            continue;
        counter.column = &series->source->columns->columns[series->column];
        counter.rows = series->source->rows;
        if (!visitor->wants(visitor->data, &counter))
            continue;
        counter.count = rank(trend, series, question).count;
        recent = rank(trend, series, &now);
        counter.rate = recent.rate;
        counter.seconds = recent.elapsed;
        if (counter.count > 0)
            visitor->take(visitor->data, &counter);
    }
    pthread_mutex_unlock(&trend->lock);
}

void trend_extent(struct trend *trend, struct trend_extent *ret_extent)
{
    struct trend_extent extent = {};

    pthread_mutex_lock(&trend->lock);
    extent.points = trend->step <= TREND_POINTS ? trend->step - 1 : TREND_POINTS;
    for (size_t i = 0; i < registry_count(trend->registry) * SNAPSHOT_TABLES_MAX; i++) {
        const struct trend_table *source = &trend->sources[i];

        if (source->published_ns && trend_table_has(source, ROLE_DEVICES))
            extent.devices = source->rows->count;
    }
    pthread_mutex_unlock(&trend->lock);
    *ret_extent = extent;
}

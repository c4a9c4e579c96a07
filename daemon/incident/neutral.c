/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/neutral.h"

/* Collects what has no colour: harmless drops and excluded devices. Any thread. */

#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "collectors/meaning/cause_words.h"
#include "daemon/incident/incident_words.h"
#include "daemon/incident/known_sites.h"

enum { BENIGN_MAX = 16, BENIGN_SHOWN = 3 };

/* Drops of class benign in the last minutes, by cause. */
struct benign_cause {
    const char *words;
    double count;
};

struct benign {
    struct known_sites *sites;
    struct benign_cause items[BENIGN_MAX];
    size_t count;
};

static bool on_wants(void *data, const struct trend_counter *counter)
{
    (void)data;
    return counter->column->role == ROLE_DROP_SITES && counter->meaning &&
           counter->meaning->loss_class == LOSS_BENIGN;
}

static void on_take(void *data, const struct trend_counter *counter)
{
    struct benign *benign = data;
    enum drop_cause cause = known_sites_find(benign->sites, counter)->cause;
    const char *words = cause_words(&cause_meanings[cause]);
    size_t i = 0;

    if (cause == CAUSE_UNKNOWN)
        return;
    while (i < benign->count && benign->items[i].words != words)
        i++;
    if (i == BENIGN_MAX)
        return;
    benign->count += i == benign->count;
    benign->items[i].words = words;
    benign->items[i].count += counter->count;
}

static int compare_counts(const void *a, const void *b)
{
    const struct benign_cause *one = a, *other = b;

    return (one->count < other->count) - (one->count > other->count);
}

static void benign_line(struct loss_report *report, struct benign *benign)
{
    _cleanup_(buffer_done) struct buffer text = {};

    qsort(benign->items, benign->count, sizeof(benign->items[0]), compare_counts);
    for (size_t i = 0; i < benign->count && i < BENIGN_SHOWN; i++)
        buffer_printf(&text, "%s%.0f of %s", i ? ", " : "", benign->items[i].count, benign->items[i].words);
    if (benign->count > BENIGN_SHOWN)
        buffer_text(&text, ", and others");
    buffer_append(&text, "", 1);
    if (benign->count && !text.error)
        loss_report_line(&report->neutral, "dropped within five minutes, and nobody misses them: %s",
                         text.data);
}

static void excluded_lines(struct loss_report *report, const struct snapshots *snapshots)
{
    struct table_walk walk = table_walk_begin(snapshots);
    const struct table *table;
    size_t column;
    uint64_t excluded;

    while ((table = table_walk_role(&walk, ROLE_DEVICES_EXCLUDED, &column)))
        if (table->rows->count && table_get(table, 0, column, &excluded) && excluded)
            loss_report_line(&report->neutral, "%" PRIu64 " interface%s left out by configuration", excluded,
                             excluded == 1 ? " is" : "s are");
}

void neutral_lines(struct loss_report *report, const struct snapshots *snapshots, struct trend *trend,
                   struct known_sites *sites)
{
    struct benign benign = {.sites = sites};
    const struct trend_question question = {.points = TREND_POINTS};
    const struct trend_visitor visitor = {.wants = on_wants, .take = on_take, .data = &benign};

    trend_visit(trend, &question, &visitor);
    benign_line(report, &benign);
    excluded_lines(report, snapshots);
}

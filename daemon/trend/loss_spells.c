/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/trend/loss_spells.h"

/* See loss_spells.h. */

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

enum {
    SPELLS_MAX = TREND_LINES_MAX,
    TEXT_MAX = 320,
    POINTS_NOW = 3,
};

/* Counters that move alike: two collectors never look at the same moment. */
#define ALIKE 0.8

/* From here on a time of the day alone would be ambiguous. */
#define SINCE_DATE_NS (20 * 3600 * NS_PER_SECOND)

static_assert(LOSS_WINDOW_MIN_NS >= 2 * TREND_STEP_NS, "a rate takes two steps");
static_assert(LOSS_WINDOW_MAX_NS == TREND_POINTS * TREND_STEP_NS, "no more is remembered");

struct spell {
    char subject[sizeof(((struct trend_line *)0)->subject)];
    char cause[sizeof(((struct trend_line *)0)->cause)]; /* the last */
    bool device;
    bool said;               /* its onset was */
    uint64_t since_ns;       /* CLOCK_BOOTTIME, to a step */
    uint64_t since_realtime; /* CLOCK_REALTIME, the same */
    uint64_t lossy_ns;       /* CLOCK_BOOTTIME, when it last lost half of what begins one */
    double lost;
    double peak; /* packets a second */
};

struct loss_spells {
    struct trend *trend;
    size_t spell_count;
    uint64_t minute_ns; /* begin of the minute that the next two are of */
    uint64_t said;
    uint64_t unsaid;
    char text[TEXT_MAX];
    struct spell spells[SPELLS_MAX];
    struct trend_line lines[TREND_LINES_MAX];
};

int loss_spells_new(struct trend *trend, struct loss_spells **ret_loss)
{
    struct loss_spells *loss = calloc(1, sizeof(*loss));

    if (!loss)
        return -ENOMEM;
    loss->trend = trend;
    *ret_loss = loss;
    return 0;
}

struct loss_spells *loss_spells_free(struct loss_spells *loss)
{
    free(loss);
    return NULL;
}

const char *loss_spells_text(const struct loss_spells *loss)
{
    return loss->text;
}

/* Of lines sorted by rate the one to name, where `subject` is not NULL of that subject's; NULL: none. */
static const struct trend_line *worst(const struct trend_line *lines, size_t count, const char *subject)
{
    const struct trend_line *worst = NULL;
    double most = 0;

    for (size_t i = 0; i < count; i++) {
        const struct trend_line *line = &lines[i];

        if (subject && strcmp(line->subject, subject) != 0)
            continue;
        if (!worst)
            most = line->rate;
        if (line->rate < ALIKE * most)
            break;
        if (!worst || meaning_tells_more(line->meaning, worst->meaning))
            worst = line;
    }
    return worst;
}

static struct spell *find_spell(struct loss_spells *loss, const char *subject)
{
    for (size_t i = 0; i < loss->spell_count; i++)
        if (!strcmp(loss->spells[i].subject, subject))
            return &loss->spells[i];
    return NULL;
}

/* How long ago the first of the points asked for lost something. */
static uint64_t since(const struct trend_line *line, unsigned points)
{
    for (unsigned ago = points; ago > 0; ago--)
        if (line->points[TREND_POINTS - ago] > 0)
            return ago * TREND_STEP_NS;
    return 0;
}

static void log_onset(struct loss_spells *loss, const struct loss_settings *settings, struct spell *spell)
{
    const struct log_fields fields = {
        .message_id = MESSAGE_LOSS_BEGAN,
        .device = spell->device ? spell->subject : NULL,
        .subject = spell->subject,
        .cause = spell->cause,
    };

    spell->said = loss->said < settings->messages_per_minute;
    if (!spell->said) {
        loss->unsaid++;
        return;
    }
    loss->said++;
    log_event(LOG_LEVEL_WARN, &fields, "%s loses packets: %.0f within %llu s (%s)", spell->subject,
              spell->lost, (unsigned long long)(settings->window_ns / NS_PER_SECOND), spell->cause);
}

static void log_end(const struct spell *spell)
{
    const struct log_fields fields = {
        .message_id = MESSAGE_LOSS_ENDED,
        .device = spell->device ? spell->subject : NULL,
        .subject = spell->subject,
        .cause = spell->cause,
    };

    if (spell->said)
        log_event(LOG_LEVEL_INFO, &fields,
                  "%s no longer loses packets: %.0f were lost in %llu s, at most %.0f/s (%s)", spell->subject,
                  spell->lost, (unsigned long long)((spell->lossy_ns - spell->since_ns) / NS_PER_SECOND),
                  spell->peak, spell->cause);
}

/* A new minute, where it is time for one; what the last left unsaid is told by its number. */
static void turn_minute(struct loss_spells *loss, uint64_t now_ns)
{
    static const struct log_fields fields = {.message_id = MESSAGE_LOSS_UNSAID};

    if (now_ns - loss->minute_ns < 60 * NS_PER_SECOND)
        return;
    if (loss->unsaid)
        log_event(LOG_LEVEL_WARN, &fields, "%llu more began to lose packets within a minute",
                  (unsigned long long)loss->unsaid);
    loss->minute_ns = now_ns;
    loss->said = loss->unsaid = 0;
}

/* The counter to name of a subject, after a step. */
static void follow(struct loss_spells *loss, const struct loss_settings *settings,
                   const struct trend_line *line, uint64_t now_ns)
{
    unsigned points = (unsigned)(settings->window_ns / TREND_STEP_NS);
    double onset = (double)settings->onset_packets;
    struct spell *spell = find_spell(loss, line->subject);
    bool began = !spell;
    float now = line->points[TREND_POINTS - 1];

    if (began) {
        if (line->count < onset || loss->spell_count == SPELLS_MAX)
            return;
        spell = &loss->spells[loss->spell_count++];
        *spell = (struct spell){
            .device = line->device,
            .since_ns = now_ns - since(line, points),
            .since_realtime = clock_realtime_ns() - since(line, points),
            .lost = line->count - line->last,
        };
        strcpy(spell->subject, line->subject);
    }
    strcpy(spell->cause, line->cause);
    spell->lost += line->last;
    if (!isnan(now) && now > spell->peak)
        spell->peak = now;
    if (line->count >= onset / 2)
        spell->lossy_ns = now_ns;
    if (began)
        log_onset(loss, settings, spell);
}

static void end_spells(struct loss_spells *loss, const struct loss_settings *settings, uint64_t now_ns)
{
    for (size_t i = 0; i < loss->spell_count;) {
        if (now_ns - loss->spells[i].lossy_ns < settings->end_after_ns) {
            i++;
            continue;
        }
        log_end(&loss->spells[i]);
        loss->spells[i] = loss->spells[--loss->spell_count];
    }
}

/* "34/s", "2.5/s"; less than one, by the minute. */
static void format_rate(double rate, char *text, size_t size)
{
    if (rate >= 0.95)
        (void)snprintf(text, size, "%.*f/s", rate < 9.95, rate);
    else
        (void)snprintf(text, size, "%.0f/min", rate < 1 / 60.0 ? 1 : rate * 60);
}

static void format_since(uint64_t realtime_ns, uint64_t now_realtime_ns, char *text, size_t size)
{
    time_t seconds = (time_t)(realtime_ns / NS_PER_SECOND);
    struct tm local;

    text[0] = '\0';
    if (!localtime_r(&seconds, &local))
        return;
    if (now_realtime_ns - realtime_ns < SINCE_DATE_NS)
        (void)strftime(text, size, " since %H:%M", &local);
    else
        (void)strftime(text, size, " since %F %H:%M", &local);
}

/* The losses of the last points, into the lines; how many. */
static size_t select_losses(struct loss_spells *loss, unsigned points)
{
    const struct trend_question question = {.purposes = PURPOSE_LOSS, .points = points};

    return trend_select(loss->trend, &question, loss->lines, TREND_LINES_MAX);
}

/* What is lost now; false where nothing is. */
static bool text_now(struct loss_spells *loss)
{
    size_t count = select_losses(loss, POINTS_NOW);
    const struct trend_line *line = worst(loss->lines, count, NULL);
    const struct spell *spell = line ? find_spell(loss, line->subject) : NULL;
    char rate[32], when[32] = "";

    if (!line)
        return false;
    format_rate(line->rate, rate, sizeof(rate));
    if (spell)
        format_since(spell->since_realtime, clock_realtime_ns(), when, sizeof(when));
    (void)snprintf(loss->text, sizeof(loss->text), "%s loses %s%s (%s)", line->subject, rate, when,
                   line->cause);
    return true;
}

static void text_minute(struct loss_spells *loss)
{
    size_t count = select_losses(loss, TREND_POINTS_A_MINUTE);
    const struct trend_line *line = worst(loss->lines, count, NULL);
    struct trend_extent extent;

    trend_extent(loss->trend, &extent);
    loss->text[0] = '\0';
    if (line)
        (void)snprintf(loss->text, sizeof(loss->text), "%s lost %.0f in the last minute (%s)", line->subject,
                       line->count, line->cause);
    else if (extent.sources && extent.points > TREND_POINTS_A_MINUTE)
        strcpy(loss->text, "no drops in the last minute");
    else if (extent.sources && extent.points >= POINTS_NOW)
        strcpy(loss->text, "no drops yet");
}

void loss_spells_update(struct loss_spells *loss, const struct loss_settings *settings, uint64_t now_ns)
{
    unsigned points = (unsigned)(settings->window_ns / TREND_STEP_NS);
    size_t count = select_losses(loss, points);

    turn_minute(loss, now_ns);
    for (size_t i = 0; i < count; i++) {
        const struct trend_line *line = &loss->lines[i];

        /* Once a subject: where its first line is. */
        if (worst(loss->lines, i, line->subject))
            continue;
        follow(loss, settings, worst(line, count - i, line->subject), now_ns);
    }
    end_spells(loss, settings, now_ns);
    if (!text_now(loss))
        text_minute(loss);
}

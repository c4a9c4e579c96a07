/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/incidents.h"

/* Makes incidents from the ledger's rows, and adds what counters know. Any thread, under one lock. */

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/incident/course.h"
#include "daemon/incident/facts.h"
#include "daemon/incident/headline.h"
#include "daemon/incident/incident_words.h"
#include "daemon/incident/known_sites.h"
#include "daemon/incident/neutral.h"
#include "daemon/incident/refusals.h"
#include "daemon/incident/verdict.h"

/* The period in which refused packets are counted to compare them with the usual. */
#define REFUSED_NS (60 * NS_PER_SECOND)
#define RECENT_NS  (60 * NS_PER_SECOND)

/* From here on a loss is steady; up to here it comes and goes. */
#define STEADY   0.75
#define UNSTEADY 0.5

struct incidents {
    const struct registry *registry;
    struct ledger *ledger;
    struct trend *trend;
    enum host_network host_network;
    uint64_t start_ns;
    pthread_mutex_t lock; /* protects what follows */
    struct courses courses;
    struct ledger_reading reading;
    struct refusals refusals;
    struct headline headline;
    struct known_sites sites;
    struct facts facts[LOSS_REPORT_INCIDENTS_MAX]; /* of the report under construction */
};

/* A course that is reported, and how many packets it lost lately. */
struct choice {
    struct course *course;
    uint64_t past;
};

/* A report under construction. */
struct making {
    struct loss_report *report;
    struct snapshots snapshots;
    struct choice chosen[LOSS_REPORT_INCIDENTS_MAX];
    struct choice most_refused; /* without a course if nothing is */
    double refused[DIRECTION_COUNT];
    unsigned recent; /* the point of the courses since which losses are recent */
};

int incidents_new(const struct registry *registry, struct ledger *ledger, struct trend *trend,
                  enum host_network host_network, uint64_t now_ns, struct incidents **ret_incidents)
{
    struct incidents *incidents = calloc(1, sizeof(*incidents));

    if (!incidents)
        return -ENOMEM;
    incidents->registry = registry;
    incidents->ledger = ledger;
    incidents->trend = trend;
    incidents->host_network = host_network;
    incidents->start_ns = incidents->refusals.start_ns = now_ns;
    pthread_mutex_init(&incidents->lock, NULL);
    courses_init(&incidents->courses, now_ns);
    *ret_incidents = incidents;
    return 0;
}

struct incidents *incidents_free(struct incidents *incidents)
{
    if (!incidents)
        return NULL;
    courses_done(&incidents->courses);
    free(incidents->reading.items);
    pthread_mutex_destroy(&incidents->lock);
    free(incidents);
    return NULL;
}

static bool is_refused(const struct course *course)
{
    return course->key.loss_class == LOSS_POLICY;
}

/* Returns true if `one` goes before `other`: losses before refused packets, then whatever lost more
 * lately. */
static bool is_rather(const struct choice *one, const struct choice *other)
{
    if (is_refused(one->course) != is_refused(other->course))
        return is_refused(other->course);
    return one->past > other->past;
}

/* Inserts the course into the sorted list of chosen ones. */
static void choose(struct making *making, const struct choice *choice)
{
    struct loss_report *report = making->report;
    size_t at = report->count;

    if (at == LOSS_REPORT_INCIDENTS_MAX) {
        report->left_out++;
        if (!is_rather(choice, &making->chosen[--at]))
            return;
    } else {
        report->count++;
    }
    while (at > 0 && is_rather(choice, &making->chosen[at - 1])) {
        making->chosen[at] = making->chosen[at - 1];
        at--;
    }
    making->chosen[at] = *choice;
}

/* Adds the course to the sums of its stage and direction. */
static void add_way(const struct courses *courses, struct making *making, const struct course *course,
                    uint64_t past)
{
    struct loss_way *way = &making->report->ways[course->key.stage][course->key.direction];

    if (is_refused(course)) {
        way->refused += course_rate(courses, course, COURSE_NOW_NS);
        way->refused_past += past;
        making->refused[course->key.direction] += course_rate(courses, course, REFUSED_NS);
    } else {
        way->lost += course_rate(courses, course, COURSE_NOW_NS);
        way->lost_past += past;
    }
}

/* A rule that cuts the host off must be told however much is lost beside. */
static void keep_most_refused(struct making *making)
{
    struct choice *last = &making->chosen[LOSS_REPORT_INCIDENTS_MAX - 1];

    if (making->most_refused.course && making->report->count == LOSS_REPORT_INCIDENTS_MAX &&
        !is_refused(last->course))
        *last = making->most_refused;
}

static void choose_all(const struct courses *courses, struct making *making)
{
    unsigned past = courses_point(courses, COURSE_PAST_NS);

    for (size_t i = 0; i < courses->count; i++) {
        struct choice choice = {.course = courses->items[i]};

        if (!choice.course->moved_ns || making->report->now_ns >= choice.course->moved_ns + COURSE_PAST_NS)
            continue;
        choice.past = course_lost(choice.course, past);
        add_way(courses, making, choice.course, choice.past);
        if (!course_goes_on(choice.course, making->report->now_ns))
            continue;
        choose(making, &choice);
        if (is_refused(choice.course) && choice.past >= making->most_refused.past)
            making->most_refused = choice;
    }
    keep_most_refused(making);
}

static enum spread spread_of(const struct courses *courses, const struct course *course)
{
    double steadiness = course_steadiness(courses, course);

    if (steadiness >= STEADY)
        return SPREAD_STEADY;
    return steadiness <= UNSTEADY ? SPREAD_UNSTEADY : SPREAD_UNKNOWN;
}

/* Fills the incident from the ledger, then from counters. */
static void describe(struct incidents *incidents, struct making *making, size_t i)
{
    const struct courses *courses = &incidents->courses;
    struct course *course = making->chosen[i].course;
    struct facts *facts = &incidents->facts[i];
    struct incident *incident = &making->report->incidents[i];
    const struct refusals *refusals = &incidents->refusals;
    enum direction direction = course->key.direction;

    *incident = (struct incident){
        .id = course->id,
        .stage = course->key.stage,
        .direction = direction,
        .loss_class = course->key.loss_class,
        .rate = course_rate(courses, course, COURSE_NOW_NS),
        .past = making->chosen[i].past,
        .recent = course_lost(course, making->recent),
        .count = course->count - course->begin_count,
        .since_ns = course->since_ns,
        .moved_ns = course->moved_ns,
        .spread = spread_of(courses, course),
    };
    memcpy(incident->cause, course->key.cause, sizeof(incident->cause));
    if (course->device_count == 1)
        bursts_judge(&course->bursts, &facts->bursts, incident);
    facts->lost_rate = course_rate(courses, course, facts->traffic_ns);
    facts_keep(&course->kept, facts, incident);
    incident_describe(incident, facts, course->cause);
    incident->colour =
        verdict_colour(incident, making->refused[direction],
                       refusals_known(refusals) ? refusals_greatest(refusals, direction) : NAN);
    /* An incident keeps its worst colour: losing a little less does not make it better. */
    if (incident->colour > course->colour)
        course->colour = incident->colour;
    incident->colour = course->colour;
}

static int compare_colours(const void *a, const void *b)
{
    const struct incident *one = a, *other = b;

    if (one->colour != other->colour)
        return one->colour > other->colour ? -1 : 1;
    if (one->past != other->past)
        return one->past > other->past ? -1 : 1;
    return strverscmp(one->subject, other->subject); /* eth2 before eth10 */
}

/* Puts the incident of the headline first, sorts the others, and counts the urgent ones. */
static void sort(struct incidents *incidents, struct making *making)
{
    struct headline_candidate candidates[LOSS_REPORT_INCIDENTS_MAX];
    struct loss_report *report = making->report;
    size_t first;

    for (size_t i = 0; i < report->count; i++) {
        candidates[i] = (struct headline_candidate){.key = &making->chosen[i].course->key,
                                                    .colour = report->incidents[i].colour,
                                                    .rate = report->incidents[i].rate};
        report->urgent += report->incidents[i].colour != COLOUR_GREEN;
    }
    first = headline_choose(&incidents->headline, candidates, report->count, report->now_ns);
    if (first < report->count) {
        struct incident told = report->incidents[first];

        report->incidents[first] = report->incidents[0];
        report->incidents[0] = told;
    }
    first = first < report->count;
    if (report->count)
        qsort(report->incidents + first, report->count - first, sizeof(report->incidents[0]),
              compare_colours);
}

static void make(struct incidents *incidents, struct making *making)
{
    struct loss_report *report = making->report;

    choose_all(&incidents->courses, making);
    refusals_note(&incidents->refusals, making->refused, report->now_ns);
    for (size_t i = 0; i < report->count; i++) {
        const struct course *course = making->chosen[i].course;

        facts_init(&incidents->facts[i], &course->key, course->device, course->device_count);
    }
    facts_find(incidents->facts, report->count, &making->snapshots, incidents->trend, &incidents->sites);
    for (size_t i = 0; i < report->count; i++)
        describe(incidents, making, i);
    sort(incidents, making);
}

struct loss_report *incidents_report(struct incidents *incidents, uint64_t now_ns)
{
    return incidents_report_of(incidents, RECENT_NS, now_ns);
}

struct loss_report *incidents_report_of(struct incidents *incidents, uint64_t recent_ns, uint64_t now_ns)
{
    struct loss_report *report = malloc(sizeof(*report));
    struct making making = {.report = report};

    if (!report)
        return NULL;
    memset(report, 0, offsetof(struct loss_report, incidents)); /* describe() fills these in */
    report->now_ns = now_ns;
    registry_snapshots(incidents->registry, now_ns, &making.snapshots);
    trend_look(incidents->trend, now_ns);
    pthread_mutex_lock(&incidents->lock);
    if (ledger_read(incidents->ledger, now_ns, &incidents->reading) == 0)
        (void)courses_take(&incidents->courses, &incidents->reading);
    if (incidents->reading.read_ns)
        report->seen_ns = courses_now(&incidents->courses) - incidents->start_ns + 1;
    making.recent = courses_point(&incidents->courses, recent_ns);
    make(incidents, &making);
    if (!verdict_coverage(report, incidents->registry, incidents->host_network))
        report->seen_ns = 0;
    neutral_lines(report, &making.snapshots, incidents->trend, &incidents->sites);
    pthread_mutex_unlock(&incidents->lock);
    snapshots_done(&making.snapshots);
    verdict_say(report);
    return report;
}

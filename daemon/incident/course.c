/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/course.h"

/* Keeps the recent counts of each loss and finds when it began and ended. Called under the lock of the
 * incidents. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/hash.h"

enum { STEPS_MIN = 4 }; /* needed to say whether a loss is steady */

void courses_init(struct courses *courses, uint64_t now_ns)
{
    *courses = (struct courses){.times = {now_ns}, .known = 1};
}

void courses_done(struct courses *courses)
{
    for (size_t i = 0; i < courses->count; i++)
        free(courses->items[i]);
    free(courses->items);
    free(courses->rows[0]);
    free(courses->rows[1]);
    *courses = (struct courses){};
}

uint64_t courses_now(const struct courses *courses)
{
    return courses->times[courses->newest];
}

bool course_goes_on(const struct course *course, uint64_t now_ns)
{
    return course->moved_ns && now_ns < course->moved_ns + COURSE_END_NS;
}

/* Returns the index of the point before this one. */
static unsigned before(unsigned point)
{
    return point ? point - 1 : COURSE_POINTS - 1;
}

/* Begins a moment later than the newest. It gets a point of its own if the newest point is long enough after
 * its predecessor; else it replaces the newest. */
static void begin_moment(struct courses *courses, uint64_t read_ns)
{
    unsigned newest = courses->newest, next = (newest + 1) % COURSE_POINTS;

    if (courses->known == 1 || courses_now(courses) >= courses->times[before(newest)] + COURSE_STEP_NS) {
        for (size_t i = 0; i < courses->count; i++)
            courses->items[i]->counts[next] = courses->items[i]->counts[newest];
        courses->newest = next;
        courses->known += courses->known < COURSE_POINTS;
    }
    courses->times[courses->newest] = read_ns;
}

/* Stands for all our interfaces where they are not told apart. */
#define ANY_DEVICE "*"

/* In the stage transport, our interfaces are not told apart. Losses of other namespaces are separate. */
static struct ledger_key course_key(const struct ledger_key *key)
{
    return ledger_key(key->stage, key->direction, key->loss_class,
                      key->stage == STAGE_TRANSPORT && key->device[0] ? ANY_DEVICE : key->device, key->cause);
}

/* Returns the number of the course + 1, or -ENOMEM. */
static int find_course(struct courses *courses, const struct ledger_key *row)
{
    const struct ledger_key key = course_key(row);
    struct course *course;

    for (size_t i = 0; i < courses->count; i++)
        if (memcmp(&courses->items[i]->key, &key, sizeof(key)) == 0)
            return (int)i + 1;
    if (array_grow(courses->items, courses->count, courses->capacity) < 0)
        return -ENOMEM;
    course = calloc(1, sizeof(*course));
    if (!course)
        return -ENOMEM;
    course->key = key;
    course->cause = cause_find(key.cause);
    course->id = hash_bytes(HASH_EMPTY, &key, sizeof(key));
    courses->items[courses->count++] = course;
    return (int)courses->count;
}

static void count_device(struct course *course, struct course_row *row, const char *device)
{
    if (row->counted_ns == course->since_ns && course->device_count)
        return;
    if (course->device_count++ == 0)
        memcpy(course->device, device, sizeof(course->device));
    row->counted_ns = course->since_ns;
}

/* Called if a row has counted more. */
static int move(struct courses *courses, struct course_row *row, const struct ledger_entry *entry,
                uint64_t before_ns)
{
    int number = row->course ? (int)row->course : find_course(courses, &entry->key);
    struct course *course;

    if (number < 0)
        return number;
    row->course = (uint32_t)number;
    course = courses->items[number - 1];
    if (!course_goes_on(course, courses_now(courses))) {
        course->since_ns = before_ns;
        course->begin_count = course->count;
        course->device_count = 0;
        course->colour = COLOUR_GREEN;
    }
    count_device(course, row, entry->key.device);
    course->count += entry->count - row->count;
    course->counts[courses->newest] = course->count;
    course->moved_ns = courses_now(courses);
    row->count = entry->count;
    return 0;
}

static int take_rows(struct courses *courses, unsigned kind, const struct ledger_entry *entries, size_t count,
                     uint64_t before_ns)
{
    int error = 0;

    if (count > courses->row_capacity[kind] &&
        array_resize(courses->rows[kind], courses->row_capacity[kind], count) < 0)
        return -ENOMEM;
    for (size_t i = courses->row_count[kind]; i < count; i++)
        courses->rows[kind][i] = (struct course_row){};
    courses->row_count[kind] = count;
    for (size_t i = 0; i < count && error == 0; i++)
        if (entries[i].count > courses->rows[kind][i].count)
            error = move(courses, &courses->rows[kind][i], &entries[i], before_ns);
    return error;
}

int courses_take(struct courses *courses, const struct ledger_reading *reading)
{
    uint64_t before_ns = courses_now(courses);
    int error;

    if (reading->read_ns > before_ns)
        begin_moment(courses, reading->read_ns);
    else if (courses->known > 1) /* counters report on the same moment, a little later */
        before_ns = courses->times[before(courses->newest)];
    error = take_rows(courses, 0, reading->items, reading->lost, before_ns);
    if (error == 0)
        error = take_rows(courses, 1, array_end(reading->items, reading->lost),
                          reading->count - reading->lost, before_ns);
    return error;
}

/* Returns the count at a moment. Sets the moment to the one for which the count is known: not before the
 * course began, and not later than asked. */
static uint64_t count_at(const struct courses *courses, const struct course *course, uint64_t *moment_ns)
{
    unsigned point = courses->newest;

    for (unsigned i = 0; i < courses->known; i++, point = before(point)) {
        if (courses->times[point] <= course->since_ns) {
            *moment_ns = course->since_ns;
            return course->begin_count;
        }
        if (courses->times[point] <= *moment_ns || i + 1 == courses->known) {
            *moment_ns = courses->times[point];
            return course->counts[point];
        }
    }
    return course->begin_count;
}

unsigned courses_point(const struct courses *courses, uint64_t span_ns)
{
    uint64_t now_ns = courses_now(courses), moment_ns = now_ns > span_ns ? now_ns - span_ns : 0;
    unsigned point = courses->newest;

    for (unsigned i = 1; i < courses->known && courses->times[point] > moment_ns; i++)
        point = before(point);
    return point;
}

uint64_t course_lost(const struct course *course, unsigned point)
{
    return course->count - course->counts[point];
}

double course_rate(const struct courses *courses, const struct course *course, uint64_t span_ns)
{
    uint64_t now_ns = courses_now(courses), moment_ns = now_ns > span_ns ? now_ns - span_ns : 0;
    uint64_t lost = course->count - count_at(courses, course, &moment_ns);
    uint64_t elapsed_ns = now_ns > moment_ns ? now_ns - moment_ns : 0;

    /* A loss between two close readings may have taken a second. */
    if (elapsed_ns < NS_PER_SECOND)
        elapsed_ns = NS_PER_SECOND;
    return (double)lost * NS_PER_SECOND / (double)elapsed_ns;
}

double course_steadiness(const struct courses *courses, const struct course *course)
{
    unsigned steps = 0, moved = 0, point = courses->newest, earlier = before(point);

    while (steps + 1 < courses->known && courses->times[earlier] >= course->since_ns) {
        moved += course->counts[point] > course->counts[earlier];
        steps++;
        point = earlier;
        earlier = before(point);
    }
    return steps < STEPS_MIN ? NAN : (double)moved / steps;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/verdict.h"

/* Decides how urgent the state of the host is. Any thread. */

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/harmless.h"
#include "collectors/collector.h"
#include "daemon/incident/incident_words.h"

#define WHOLE_NS (300 * NS_PER_SECOND)

void loss_report_line(struct loss_lines *lines, const char *format, ...)
{
    char text[LOSS_REPORT_LINE_SIZE];
    va_list arguments;

    if (lines->count == LOSS_REPORT_LINES_MAX)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    harmless_copy(lines->items[lines->count++], LOSS_REPORT_LINE_SIZE, text);
}

enum colour verdict_colour(const struct incident *incident, double rate, double usual)
{
    switch (incident->loss_class) {
    case LOSS_CAPACITY:
    case LOSS_UNKNOWN:
        return COLOUR_RED;
    case LOSS_ERROR:
        /* Without traffic to compare with, the share counts as large. */
        return incident->past < VERDICT_FEW || incident->share < VERDICT_ERROR_SHARE ? COLOUR_GREEN
                                                                                     : COLOUR_RED;
    case LOSS_POLICY:
        if (incident->past < VERDICT_FEW)
            return COLOUR_GREEN;
        if (incident->share >= VERDICT_REFUSED_SHARE)
            return COLOUR_AMBER;
        return !isnan(usual) && rate >= VERDICT_REFUSED_RATE && rate > VERDICT_REFUSED_TIMES * usual &&
                       2 * incident->rate >= rate
                   ? COLOUR_AMBER
                   : COLOUR_GREEN;
    default:
        return COLOUR_GREEN;
    }
}

static const char *because(const struct collector_health *health)
{
    return health->reason[0] ? health->reason : health_state_name(health->state);
}

/* Returns true if the missing collector is a choice: in a container, missing rights are. On a host it is a
 * fault if no drop sites are counted, or if something is missing that every host has. */
static bool is_chosen(const struct collector *collector, enum host_network host_network)
{
    bool expected = collector->explains || !collector->needs;

    return !expected || host_network == HOST_NETWORK_NO;
}

static void cover(struct loss_report *report, const struct collector *collector,
                  const struct collector_health *health, enum host_network host_network, size_t *up)
{
    switch (health->state) {
    case COLLECTOR_OK:
        ++*up;
        break;
    case COLLECTOR_UNSUPPORTED:
        loss_report_line(is_chosen(collector, host_network) ? &report->neutral : &report->blind,
                         collector->explains
                             ? "%s, which counts the kernel's drop sites, is not available here: %s"
                             : "%s is not available here: %s",
                         collector->name, because(health));
        break;
    case COLLECTOR_STARTING:
        loss_report_line(&report->blind, "%s has yet to begin", collector->name);
        break;
    default:
        loss_report_line(&report->blind, "%s is %s%s%s", collector->name, health_state_name(health->state),
                         health->reason[0] ? ": " : "", health->reason);
        break;
    }
}

size_t verdict_coverage(struct loss_report *report, const struct registry *registry,
                        enum host_network host_network)
{
    size_t up = 0, expected = 0;
    bool sites = false;
    _cleanup_(buffer_done) struct buffer off = {};

    for (size_t slot = 0; slot < registry_count(registry); slot++) {
        const struct collector *collector = collectors[slot];
        struct collector_health health;

        registry_health(registry, slot, report->now_ns, &health);
        if (!health.enabled) {
            if (collector->enabled)
                buffer_printf(&off, "%s%s", off.size ? ", " : "", collector->name);
            continue;
        }
        expected += health.state != COLLECTOR_UNSUPPORTED;
        sites |= collector->explains && health.state == COLLECTOR_OK;
        cover(report, collector, &health, host_network, &up);
    }
    (void)snprintf(report->looked, sizeof(report->looked), "%zu of %zu collectors%s", up, expected,
                   sites ? ", drop sites among them" : ", no drop sites");
    buffer_append(&off, "", 1);
    if (off.size > 1)
        loss_report_line(&report->neutral, "off by configuration: %s", off.data);
    if (host_network == HOST_NETWORK_NO)
        loss_report_line(&report->neutral, "this is " HOST_NETWORK_OTHER);
    return up;
}

/* Writes "five minutes", or the time since the start if that is shorter. */
static void say_whole(const struct loss_report *report, struct buffer *out)
{
    if (report->seen_ns < WHOLE_NS)
        buffer_printf(out, "%" PRIu64 " s", report->seen_ns / NS_PER_SECOND + 1);
    else
        buffer_text(out, "five minutes");
}

/* Sums the packets of the last five minutes, of present and past incidents. */
static void sum_past(const struct loss_report *report, uint64_t *ret_lost, uint64_t *ret_refused)
{
    *ret_lost = *ret_refused = 0;
    for (size_t stage = 0; stage < STAGE_COUNT; stage++)
        for (size_t direction = 0; direction < DIRECTION_COUNT; direction++) {
            *ret_lost += report->ways[stage][direction].lost_past;
            *ret_refused += report->ways[stage][direction].refused_past;
        }
}

static bool goes_on(const struct loss_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (report->incidents[i].loss_class != LOSS_POLICY)
            return true;
    return false;
}

/* Writes the sentence for a verdict without urgent incidents. */
static void say_calm(const struct loss_report *report, struct buffer *out)
{
    uint64_t lost, refused;

    if (!report->seen_ns) {
        buffer_text(out, "Nothing is known yet");
        return;
    }
    sum_past(report, &lost, &refused);
    if (lost && !goes_on(report))
        buffer_printf(out, "Nothing was lost within the last minute, %" PRIu64 " within the last ", lost);
    else
        buffer_printf(out, "%s was lost within the last ", lost ? "Little" : "Nothing");
    say_whole(report, out);
    if (lost && goes_on(report))
        buffer_printf(out, ": %" PRIu64, lost);
    if (refused)
        buffer_printf(out, "%s rules refused %" PRIu64, lost ? ";" : ",", refused);
}

void verdict_say(struct loss_report *report)
{
    _cleanup_(buffer_done) struct buffer text = {};
    const struct incident *first = report->urgent ? &report->incidents[0] : NULL;

    report->colour = COLOUR_GREEN;
    report->more = report->urgent ? report->urgent - 1 : 0;
    for (size_t i = 0; i < report->urgent; i++)
        if (report->incidents[i].colour > report->colour)
            report->colour = report->incidents[i].colour;
    if ((report->blind.count || !report->seen_ns) && report->colour == COLOUR_GREEN)
        report->colour = COLOUR_AMBER;
    if (first)
        incident_sentence(first, report->now_ns, &text);
    else
        say_calm(report, &text);
    for (size_t i = 0; i < report->blind.count && i < 2; i++)
        buffer_printf(&text, "%s%s",
                      i ? "; " : ", but not everything is looked at: ", report->blind.items[i]);
    buffer_append(&text, "", 1);
    if (!text.error)
        harmless_copy(report->headline, sizeof(report->headline), text.data);
}

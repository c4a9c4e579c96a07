/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/incident_words.h"

/* Puts an incident into words. Pure; any thread. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/harmless.h"
#include "collectors/meaning/cause_words.h"

/* From here on, a time without the date would be ambiguous. */
#define DATE_NS (20 * 3600 * NS_PER_SECOND)

enum { WHERE_SIZE = 128 };

/* Returns "received", "forwarded" or "sent"; "" for NONE. */
static const char *way_of(enum direction direction)
{
    static const char *const ways[DIRECTION_COUNT] = {
        [DIRECTION_NONE] = "",
        [DIRECTION_RECEIVE] = "received",
        [DIRECTION_FORWARD] = "forwarded",
        [DIRECTION_TRANSMIT] = "sent",
    };

    return ways[direction];
}

void incident_rate(double rate, struct buffer *out)
{
    if (rate >= 0.95 || rate <= 0)
        buffer_printf(out, "%.*f/s", rate > 0 && rate < 9.95, rate);
    else
        buffer_printf(out, "%.0f/min", rate < 1 / 60.0 ? 1 : rate * 60);
}

void incident_share(double share, struct buffer *out)
{
    double percent = share * 100;

    if (percent >= 9.95)
        buffer_printf(out, "%.0f %%", percent);
    else if (percent >= 0.01)
        buffer_printf(out, "%.2g %%", percent);
    else
        buffer_text(out, "less than 0.01 %");
}

/* Writes the time of day `ago_ns` ago, with its date if `shown_ns` says that it is needed. */
static void when_at(uint64_t shown_ns, uint64_t ago_ns, struct buffer *out)
{
    time_t seconds = (time_t)((clock_realtime_ns() - ago_ns) / NS_PER_SECOND);
    struct tm local;
    char text[32];

    if (localtime_r(&seconds, &local) &&
        strftime(text, sizeof(text), shown_ns < DATE_NS ? "%T" : "%F %T", &local))
        buffer_text(out, text);
}

static void when(uint64_t ago_ns, struct buffer *out)
{
    when_at(ago_ns, ago_ns, out);
}

void incident_date(struct buffer *out)
{
    when_at(DATE_NS, 0, out);
}

/* Writes ", steady" or ", in bursts of 900 packets", or nothing if it is not known. */
static void spread(const struct incident *incident, struct buffer *out)
{
    if (incident->spread == SPREAD_STEADY)
        buffer_text(out, ", steady");
    else if (incident->spread == SPREAD_UNSTEADY)
        buffer_text(out, ", off and on");
    else if (incident->spread == SPREAD_BURSTS)
        buffer_printf(out, ", in bursts of %.0f packets", incident->burst);
}

/* Writes " since 14:02:11", or " from 14:02:11 to 14:02:40" if the incident paused or is over. */
static void times(const struct incident *incident, uint64_t now_ns, struct buffer *out)
{
    bool over = incident->rate <= 0;

    if (!now_ns)
        return;
    buffer_text(out, over ? " from " : " since ");
    when(now_ns - incident->since_ns, out);
    if (!over)
        return;
    buffer_text(out, " to ");
    when(now_ns - incident->moved_ns, out);
}

void incident_circumstances(const struct incident *incident, uint64_t now_ns, struct buffer *out)
{
    if (!isnan(incident->share)) {
        buffer_text(out, ", ");
        incident_share(incident->share, out);
        buffer_printf(out, " of %s", incident->share_of);
    }
    buffer_text(out, ",");
    times(incident, now_ns, out);
    spread(incident, out);
}

void incident_limit(const struct incident *incident, struct buffer *out)
{
    if (!incident->limit.unit)
        return;
    buffer_printf(out, "Limit: %" PRIu64, incident->limit.now);
    if (incident->limit.most)
        buffer_printf(out, " of %" PRIu64, incident->limit.most);
    buffer_printf(out, " %s.", incident->limit.unit);
}

/* The subject of a loss without one of our interfaces. */
static const char *nowhere(const struct facts *facts)
{
    if (facts->elsewhere == FACT_OTHERS)
        return "another network namespace";
    return facts->elsewhere & FACT_OTHERS ? "this host and others on it" : "this host";
}

/* Returns the port, queue or device that loses, "" if none is known. */
static const char *place(const struct facts *facts, char where[static WHERE_SIZE])
{
    bool port = facts->place.port_count && strcmp(facts->place.port, "other") != 0;
    size_t colon = strlen(facts->place.queue_handle);

    colon -= colon && facts->place.queue_handle[colon - 1] == ':';
    if (port && facts->place.port_count > 1)
        (void)snprintf(where, WHERE_SIZE, "%s port %s and %u more", facts->place.protocol, facts->place.port,
                       facts->place.port_count - 1);
    else if (port)
        (void)snprintf(where, WHERE_SIZE, "%s port %s", facts->place.protocol, facts->place.port);
    else if (facts->device_count > 1)
        (void)snprintf(where, WHERE_SIZE, "%s and %u more", facts->device, facts->device_count - 1);
    else if (*facts->device && facts->place.queue_kind[0])
        (void)snprintf(where, WHERE_SIZE, "%s, queue %s %.*s", facts->device, facts->place.queue_kind,
                       (int)colon, facts->place.queue_handle);
    else
        return facts->device;
    return where;
}

/* Writes the most specific subject that is known: whose packets, and where. */
static void subject(struct incident *incident, const struct facts *facts)
{
    char where[WHERE_SIZE], whole[FACT_NAME_SIZE + WHERE_SIZE + 2];
    const char *told = place(facts, where);

    if (facts->unit[0]) {
        (void)snprintf(whole, sizeof(whole), "%s%s%s", facts->unit, *told ? ", " : "", told);
        told = whole;
    } else if (!*told) {
        told = nowhere(facts);
    }
    incident->several = !facts->unit[0] && (facts->place.port_count > 1 || facts->device_count > 1);
    harmless_copy(incident->subject, sizeof(incident->subject), told);
}

/* Writes why. If the cause is unknown, writes what the counter or site that saw the loss says. */
static void words(struct incident *incident, const struct facts *facts, const struct cause_meaning *cause)
{
    const char *known = cause ? cause_words(cause) : counter_cause_words(facts->key.cause);
    char made[sizeof(incident->words) + 32];

    if (facts->counter_words[0]) {
        known = facts->counter_words;
    } else if (strcmp(facts->key.cause, "unexplained") == 0 && facts->evidence_count) {
        (void)snprintf(made, sizeof(made), "counted by %s", facts->evidence[0].name);
        known = made;
    } else if (strcmp(facts->key.cause, "unknown") == 0 && facts->site_count > 0) {
        (void)snprintf(made, sizeof(made), "%s%sin %s", facts->reason, *facts->reason ? " " : "",
                       facts->function);
        known = made;
    }
    harmless_copy(incident->words, sizeof(incident->words), known ? known : facts->key.cause);
}

static void remedy(struct incident *incident, const struct facts *facts, const struct cause_meaning *cause)
{
    if (cause && cause->remedy != REMEDY_NOTHING)
        incident->remedy = &remedies[cause->remedy];
    else if (facts->meaning)
        incident->remedy = facts->meaning->remedy;
    if (!incident->remedy)
        incident->remedy = &remedies[REMEDY_DROP_SITES];
}

static void share(struct incident *incident, const struct facts *facts)
{
    /* Until Linux 6.7, OutRequests counts after the output hook; newer kernels count before it. If it is far
     * less than the loss, it does not include the loss. */
    double lost = facts->lost_rate;
    bool before = facts->traffic_before && facts->traffic >= lost / 2;
    double whole = facts->traffic + (before ? 0 : lost);
    bool received = facts->key.direction != DIRECTION_TRANSMIT;
    char of[sizeof(incident->share_of)];

    incident->share = NAN;
    if (isnan(facts->traffic) || lost <= 0 || facts->elsewhere == FACT_OTHERS)
        return;
    incident->share = whole > lost ? lost / whole : 1;
    if (meaning_of_device(facts->traffic_meaning))
        (void)snprintf(of, sizeof(of), "what %s %s", facts->device, received ? "receives" : "sends");
    else
        (void)snprintf(of, sizeof(of), "the %s %s", facts->traffic_meaning->cause,
                       received ? "received" : "sent");
    harmless_copy(incident->share_of, sizeof(incident->share_of), of);
}

void incident_describe(struct incident *incident, const struct facts *facts,
                       const struct cause_meaning *cause)
{
    subject(incident, facts);
    words(incident, facts, cause);
    share(incident, facts);
    remedy(incident, facts, cause);
    harmless_copy(incident->device, sizeof(incident->device), facts->device_count == 1 ? facts->device : "");
    if (facts->limit.of) {
        incident->limit.now = facts->limit.now;
        incident->limit.most = facts->limit.of->most ? facts->limit.most : 0;
        incident->limit.unit = facts->limit.of->unit;
    }
    incident->facts = *facts;
}

/* Writes which packets: "received packets", "sent packets", ... */
static void refused(const struct incident *incident, struct buffer *out)
{
    const char *way = way_of(incident->direction);

    buffer_printf(out, "%s%spackets", way, *way ? " " : "");
}

void incident_title(const struct incident *incident, struct buffer *out)
{
    buffer_printf(out, "%s: ", incident->subject);
    if (incident->loss_class == LOSS_POLICY) {
        refused(incident, out);
        buffer_text(out, " are refused by ");
    }
    buffer_text(out, incident->words);
}

/* Writes the rate, or the count if the incident paused: "0/s" would say nothing. */
static void speed(const struct incident *incident, struct buffer *out)
{
    if (incident->rate > 0)
        incident_rate(incident->rate, out);
    else
        buffer_printf(out, "%" PRIu64, incident->count);
}

void incident_sentence(const struct incident *incident, uint64_t now_ns, struct buffer *out)
{
    bool policy = incident->loss_class == LOSS_POLICY, over = incident->rate <= 0;
    const char *verb = over ? "lost" : incident->several ? "lose" : "loses";

    if (policy)
        buffer_printf(out, "%s: ", incident->subject);
    else
        buffer_printf(out, "%s %s ", incident->subject, verb);
    speed(incident, out);
    if (policy) {
        buffer_text(out, " ");
        refused(incident, out);
    }
    if (policy && over)
        buffer_text(out, " were refused");
    times(incident, now_ns, out);
    if (policy)
        buffer_printf(out, over ? " by %s" : " are refused by %s", incident->words);
    else
        buffer_printf(out, ": %s", incident->words);
}

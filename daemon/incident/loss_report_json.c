/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/loss_report_json.h"

/* Writes the report as JSON. Any thread. */

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/harmless.h"
#include "daemon/incident/incident_command.h"
#include "daemon/incident/incident_words.h"
#include "daemon/incident/loss_packets.h"

static const char *const colour_names[COLOUR_COUNT] = {
    [COLOUR_GREEN] = "green", [COLOUR_AMBER] = "amber", [COLOUR_RED] = "red"};

/* Writes a harmless string: valid UTF-8 without control characters. */
static void string(struct buffer *out, const char *text)
{
    buffer_text(out, "\"");
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buffer_text(out, "\\");
        buffer_append(out, text, 1);
    }
    buffer_text(out, "\"");
}

static void member(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    if (text)
        string(out, text);
    else
        buffer_text(out, "null");
}

static void number(struct buffer *out, const char *name, double value)
{
    if (isnan(value))
        buffer_printf(out, ",\"%s\":null", name);
    else
        buffer_printf(out, ",\"%s\":%.6g", name, value);
}

static void moment(struct buffer *out, const char *name, uint64_t ago_ns)
{
    time_t seconds = (time_t)((clock_realtime_ns() - ago_ns) / NS_PER_SECOND);
    struct tm utc;
    char text[32] = "";

    if (gmtime_r(&seconds, &utc))
        (void)strftime(text, sizeof(text), "%FT%TZ", &utc);
    member(out, name, text);
}

static void words(struct buffer *out, const char *name, const struct incident *incident,
                  void (*say)(const struct incident *incident, struct buffer *out))
{
    struct buffer text = {};

    say(incident, &text);
    buffer_append(&text, "", 1);
    if (text.error)
        out->error = text.error;
    else
        member(out, name, text.data);
    buffer_done(&text);
}

static void limit(struct buffer *out, const struct incident *incident)
{
    if (!incident->limit.unit) {
        buffer_text(out, ",\"limit\":null");
        return;
    }
    buffer_printf(out, ",\"limit\":{\"now\":%" PRIu64 ",\"most\":", incident->limit.now);
    if (incident->limit.most)
        buffer_printf(out, "%" PRIu64, incident->limit.most);
    else
        buffer_text(out, "null");
    member(out, "unit", incident->limit.unit);
    buffer_text(out, "}");
}

static void commands(struct buffer *out, const struct incident *incident)
{
    struct incident_commands commands;

    incident_commands(incident, &commands);
    buffer_text(out, ",\"commands\":[");
    for (size_t i = 0; i < commands.count; i++) {
        buffer_printf(out, "%s{\"command\":", i ? "," : "");
        string(out, commands.items[i].text);
        member(out, "comment", commands.items[i].comment);
        buffer_text(out, "}");
    }
    buffer_text(out, "]");
}

static void evidence(struct buffer *out, const struct facts *facts)
{
    buffer_text(out, ",\"evidence\":[");
    for (size_t i = 0; i < facts->evidence_count; i++) {
        buffer_printf(out, "%s{\"name\":", i ? "," : "");
        string(out, facts->evidence[i].name);
        buffer_printf(out, ",\"packets\":%" PRIu64 "}", facts->evidence[i].count);
    }
    buffer_text(out, "]");
}

/* Writes the packet lines, which need no escaping: numbers and fixed words. Writes nothing if packets may not
 * be shown. */
static void packets(struct buffer *out, const struct loss_report *report, const struct incident *incident)
{
    const struct packet_record *last[LOSS_PACKETS_MAX];
    size_t count = loss_packets_find(report->packets, incident, last);

    if (!report->packets)
        return;
    buffer_text(out, ",\"last_packets\":[");
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i ? ",\"" : "\"");
        loss_packet_line(last[i], false, out);
        buffer_text(out, "\"");
    }
    buffer_text(out, "]");
}

static void one(struct buffer *out, const struct loss_report *report, const struct incident *incident)
{
    static const char *const spreads[] = {NULL, "steady", "off and on", "bursts"};

    buffer_printf(out, "{\"colour\":\"%s\"", colour_names[incident->colour]);
    words(out, "title", incident, incident_title);
    member(out, "subject", incident->subject);
    member(out, "words", incident->words);
    member(out, "stage", stage_name(incident->stage));
    member(out, "direction", direction_name(incident->direction));
    member(out, "device", incident->device);
    member(out, "cause", incident->cause);
    member(out, "class", loss_class_name(incident->loss_class));
    moment(out, "since", report->now_ns - incident->since_ns);
    number(out, "rate", incident->rate);
    buffer_printf(out, ",\"packets_of_five_minutes\":%" PRIu64 ",\"packets\":%" PRIu64, incident->past,
                  incident->count);
    number(out, "share", incident->share);
    member(out, "share_of", isnan(incident->share) ? NULL : incident->share_of);
    member(out, "spread", spreads[incident->spread]);
    limit(out, incident);
    commands(out, incident);
    evidence(out, &incident->facts);
    packets(out, report, incident);
    if (incident->remedy)
        buffer_printf(out, ",\"runbook\":\"/runbook/%s\"", incident->remedy->page);
    else
        buffer_text(out, ",\"runbook\":null");
    buffer_text(out, "}");
}

static void lines(struct buffer *out, const char *name, const struct loss_lines *all)
{
    buffer_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < all->count; i++) {
        buffer_text(out, i ? "," : "");
        string(out, all->items[i]);
    }
    buffer_text(out, "]");
}

void loss_report_json(const struct loss_report *report, const char *host, struct buffer *out)
{
    char name[64];

    harmless_copy(name, sizeof(name), host);
    buffer_printf(out, "{\"verdict\":{\"colour\":\"%s\"", colour_names[report->colour]);
    member(out, "headline", report->headline);
    member(out, "host", name);
    moment(out, "at", 0);
    member(out, "looked_at", report->looked);
    lines(out, "not_looked_at", &report->blind);
    lines(out, "neutral", &report->neutral);
    buffer_printf(out, ",\"urgent\":%zu,\"left_out\":%zu},\"incidents\":[", report->urgent, report->left_out);
    for (size_t i = 0; i < report->count; i++) {
        buffer_text(out, i ? "," : "");
        one(out, report, &report->incidents[i]);
    }
    buffer_text(out, "]}\n");
}

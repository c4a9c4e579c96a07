/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/incident_log.h"

/* Logs the onset and the end of incidents. Main thread. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/harmless.h"
#include "daemon/incident/incident_command.h"
#include "daemon/incident/incident_words.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

enum { SPELLS_MAX = 64, TEXT_SIZE = 400 };

#define MINUTE_NS (60 * NS_PER_SECOND)

/* An incident from its onset to its end. */
struct spell {
    struct incident incident; /* as logged last */
    bool said;                /* the onset was logged */
    uint64_t began_ns;
    uint64_t lossy_ns; /* when it last had half the packets of an onset */
    uint64_t before;   /* packets before a pause, after which it began anew */
    double peak;       /* packets a second */
};

struct incident_log {
    size_t count;
    uint64_t minute_ns; /* beginning of the minute of the next two counts */
    uint64_t said;
    uint64_t unsaid;
    char text[TEXT_SIZE];
    struct spell spells[SPELLS_MAX];
};

int incident_log_new(struct incident_log **ret_log)
{
    struct incident_log *log = calloc(1, sizeof(*log));

    if (!log)
        return -ENOMEM;
    *ret_log = log;
    return 0;
}

struct incident_log *incident_log_free(struct incident_log *log)
{
    free(log);
    return NULL;
}

const char *incident_log_text(const struct incident_log *log)
{
    return log->text;
}

static bool is_refused(const struct incident *incident)
{
    return incident->loss_class == LOSS_POLICY;
}

/* Logs the text and the first command, with the fields of the incident. */
static void log_told(enum log_level level, const char *message_id, const struct incident *incident,
                     struct buffer *text)
{
    struct incident_commands commands;
    struct log_fields fields = {
        .message_id = message_id,
        .device = incident->device[0] ? incident->device : NULL,
        .subject = incident->subject,
        .cause = incident->cause,
    };

    incident_commands(incident, &commands);
    if (commands.count) {
        fields.command = commands.items[0].text;
        buffer_printf(text, "; look with: %s", fields.command);
    }
    buffer_append(text, "", 1);
    if (!text->error)
        log_event(level, &fields, "%s", text->data);
}

static void log_onset(struct incident_log *log, const struct loss_settings *settings, struct spell *spell)
{
    const struct incident *incident = &spell->incident;
    _cleanup_(buffer_done) struct buffer text = {};

    spell->said = log->said < settings->messages_per_minute;
    if (!spell->said) {
        log->unsaid++;
        return;
    }
    log->said++;
    incident_sentence(incident, 0, &text);
    buffer_printf(&text, "; %" PRIu64 " within %" PRIu64 " s", incident->recent,
                  settings->window_ns / NS_PER_SECOND);
    log_told(LOG_LEVEL_WARN, is_refused(incident) ? MESSAGE_REFUSAL_BEGAN : MESSAGE_LOSS_BEGAN, incident,
             &text);
}

static void log_end(const struct spell *spell)
{
    const struct incident *incident = &spell->incident;
    _cleanup_(buffer_done) struct buffer text = {};

    if (!spell->said)
        return;
    buffer_printf(&text, "over: ");
    incident_title(incident, &text);
    buffer_printf(&text, "; %" PRIu64 " within %" PRIu64 " s, at most %.0f/s",
                  spell->before + incident->count, (spell->lossy_ns - spell->began_ns) / NS_PER_SECOND,
                  spell->peak);
    log_told(LOG_LEVEL_INFO, is_refused(incident) ? MESSAGE_REFUSAL_ENDED : MESSAGE_LOSS_ENDED, incident,
             &text);
}

/* Begins a new minute if the last one is over. Logs how many onsets the last minute left out. */
static void turn_minute(struct incident_log *log, uint64_t now_ns)
{
    static const struct log_fields fields = {.message_id = MESSAGE_LOSS_UNSAID};

    if (now_ns - log->minute_ns < MINUTE_NS)
        return;
    if (log->unsaid)
        log_event(LOG_LEVEL_WARN, &fields, "%" PRIu64 " more began to lose packets within a minute",
                  log->unsaid);
    log->minute_ns = now_ns;
    log->said = log->unsaid = 0;
}

static struct spell *find_spell(struct incident_log *log, uint64_t id)
{
    for (size_t i = 0; i < log->count; i++)
        if (log->spells[i].incident.id == id)
            return &log->spells[i];
    return NULL;
}

static void follow(struct incident_log *log, const struct loss_settings *settings,
                   const struct incident *incident, uint64_t now_ns)
{
    struct spell *spell = find_spell(log, incident->id);
    bool began = !spell;

    if (began) {
        if (incident->colour == COLOUR_GREEN || incident->recent < settings->onset_packets ||
            log->count == SPELLS_MAX)
            return;
        spell = &log->spells[log->count++];
        *spell = (struct spell){.began_ns = incident->since_ns};
    } else if (spell->incident.since_ns != incident->since_ns) {
        spell->before += spell->incident.count;
    }
    spell->incident = *incident;
    if (incident->rate > spell->peak)
        spell->peak = incident->rate;
    if (2 * incident->recent >= settings->onset_packets)
        spell->lossy_ns = now_ns;
    if (began)
        log_onset(log, settings, spell);
}

static void end_spells(struct incident_log *log, const struct loss_settings *settings, uint64_t now_ns)
{
    for (size_t i = 0; i < log->count;) {
        if (now_ns - log->spells[i].lossy_ns < settings->end_after_ns) {
            i++;
            continue;
        }
        log_end(&log->spells[i]);
        log->spells[i] = log->spells[--log->count];
    }
}

/* Text for losses that are not urgent. They get no line of their own, but "no loss" would be wrong. */
static const char *calm(const struct loss_report *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (!is_refused(&report->incidents[i]))
            return report->seen_ns < MINUTE_NS ? "little loss yet" : "little loss in the last minute";
    return report->seen_ns < MINUTE_NS ? "no loss yet" : "no loss in the last minute";
}

/* Writes the text of the Status line: the first incident, or that nothing is lost. */
static void say(struct incident_log *log, const struct loss_report *report)
{
    _cleanup_(buffer_done) struct buffer text = {};

    if (report->urgent)
        incident_sentence(&report->incidents[0], report->now_ns, &text);
    else if (report->seen_ns)
        buffer_text(&text, calm(report));
    if (report->more)
        buffer_printf(&text, "; %zu more", report->more);
    buffer_append(&text, "", 1);
    if (!text.error)
        harmless_copy(log->text, sizeof(log->text), text.data);
}

void incident_log_update(struct incident_log *log, const struct loss_settings *settings,
                         const struct loss_report *report)
{
    turn_minute(log, report->now_ns);
    for (size_t i = 0; i < report->count; i++)
        follow(log, settings, &report->incidents[i], report->now_ns);
    end_spells(log, settings, report->now_ns);
    say(log, report);
}

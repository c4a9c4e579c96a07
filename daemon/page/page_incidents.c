/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/*
 * Answers "what is lost now, where, why, and what can be done": the verdict, a card for each incident, and
 * usual drops in a line each. HTTP threads.
 */

#include "base/bounds.h"
#include "daemon/incident/incident_command.h"
#include "daemon/incident/incident_words.h"
#include "daemon/incident/loss_packets.h"
#include "daemon/page/page_html.h"

static const char *const colour_classes[COLOUR_COUNT] = {
    [COLOUR_GREEN] = "green",
    [COLOUR_AMBER] = "amber",
    [COLOUR_RED] = "red",
};

/* Functions of incident_words.h write plain text: escapes it. */
static void text_done(struct buffer *text, struct buffer *out)
{
    buffer_append(text, "", 1);
    if (text->error)
        out->error = text->error;
    else
        html_text(out, text->data);
    buffer_done(text);
}

static void items(const char *name, const struct loss_lines *lines, struct buffer *out)
{
    if (!lines->count)
        return;
    buffer_printf(out, "<ul class=\"%s\">\n", name);
    for (size_t i = 0; i < lines->count; i++) {
        buffer_text(out, "<li>");
        html_text(out, lines->items[i]);
        buffer_text(out, "</li>\n");
    }
    buffer_text(out, "</ul>\n");
}

void page_verdict(const struct loss_report *report, struct buffer *out)
{
    buffer_printf(out, "<div class=\"%s\"><p class=\"headline\">", colour_classes[report->colour]);
    html_text(out, report->headline);
    buffer_text(out, ".</p>\n<p>");
    if (report->more)
        buffer_printf(out, "%zu more below. ", report->more);
    buffer_text(out, "Looked at: ");
    html_text(out, report->looked);
    buffer_text(out, ".</p>\n");
    items("blind", &report->blind, out);
    buffer_text(out, "</div>\n");
}

/* Writes "374/s", or "112,000/s": like the numbers beside it, in groups of digits. */
static void rate(double rate, struct buffer *out)
{
    struct buffer text = {};

    if (rate >= 999.5) {
        html_count(out, uint64_from_double(rate));
        buffer_text(out, "/s");
    } else {
        incident_rate(rate, &text);
        text_done(&text, out);
    }
}

/* Writes "374/s now, 112,000 in five minutes, 19 % of the UDP received, since 03:02:11, steady". */
static void numbers(const struct loss_report *report, const struct incident *incident, struct buffer *out)
{
    struct buffer text = {};

    buffer_text(out, "<p class=\"numbers\"><strong>");
    rate(incident->rate, out);
    buffer_text(out, "</strong> now, ");
    html_count(out, incident->past);
    buffer_text(out, " in five minutes");
    incident_circumstances(incident, report->now_ns, &text);
    text_done(&text, out);
    buffer_text(out, "</p>\n");
}

/* Writes what the incident means, and the limit that it hit. */
static void meaning(const struct incident *incident, struct buffer *out)
{
    struct buffer text = {};

    if (incident->sentence)
        buffer_printf(&text, "%s. ", incident->sentence);
    if (incident->remedy)
        buffer_printf(&text, "%s. ", incident->remedy->advice);
    incident_limit(incident, &text);
    buffer_text(out, "<p>");
    text_done(&text, out);
    if (incident->remedy)
        buffer_printf(out, " <a href=\"./runbook/%s\">Runbook: %s</a>", incident->remedy->page,
                      incident->remedy->page);
    buffer_text(out, "</p>\n");
}

static void commands(const struct incident *incident, struct buffer *out)
{
    struct incident_commands commands;

    incident_commands(incident, &commands);
    if (!commands.count)
        return;
    buffer_text(out, "<pre>");
    for (size_t i = 0; i < commands.count; i++) {
        const struct incident_command *command = &commands.items[i];

        buffer_text(out, i ? "\n" : "");
        html_text(out, command->text);
        if (command->comment[0]) {
            buffer_text(out, "   <span class=\"quiet\"># ");
            html_text(out, command->comment);
            buffer_text(out, "</span>");
        }
    }
    buffer_text(out, "</pre>\n");
}

/* Writes a line for each packet. Its workload is only for users who may read the local socket. */
static void packets(const struct loss_report *report, const struct incident *incident, struct buffer *out)
{
    const struct packet_record *last[LOSS_PACKETS_MAX];
    size_t count = loss_packets_find(report->packets, incident, last);

    if (count)
        buffer_text(out,
                    "<p class=\"quiet small\">The last packets, by the networks of their addresses:</p>\n"
                    "<pre class=\"packets\">");
    for (size_t i = 0; i < count; i++) {
        struct buffer text = {};

        loss_packet_line(last[i], true, &text);
        buffer_text(out, i ? "\n" : "");
        text_done(&text, out);
    }
    if (count)
        buffer_text(out, "</pre>\n");
}

static void evidence(const struct facts *facts, struct buffer *out)
{
    if (!facts->evidence_count)
        return;
    buffer_text(out, "<p class=\"quiet small\">Seen by, in five minutes: ");
    for (size_t i = 0; i < facts->evidence_count; i++) {
        buffer_text(out, i ? "; " : "");
        html_text(out, facts->evidence[i].name);
        buffer_text(out, " ");
        html_count(out, facts->evidence[i].count);
    }
    buffer_text(out, "</p>\n");
}

static void card(const struct loss_report *report, const struct incident *incident, struct buffer *out)
{
    struct buffer title = {};

    buffer_printf(out, "<article class=\"%s\"><h2>", colour_classes[incident->colour]);
    incident_title(incident, &title);
    text_done(&title, out);
    buffer_text(out, "</h2>\n");
    numbers(report, incident, out);
    meaning(incident, out);
    commands(incident, out);
    packets(report, incident, out);
    evidence(&incident->facts, out);
    buffer_text(out, "</article>\n");
}

void page_incidents(const struct loss_report *report, struct buffer *out)
{
    for (size_t i = 0; i < report->count; i++)
        card(report, &report->incidents[i], out);
    if (report->left_out)
        buffer_printf(out, "<p>%zu more are not shown.</p>\n", report->left_out);
    items("quiet", &report->neutral, out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/loss_report_text.h"

/* Writes the report as text for a terminal. Any thread. */

#include <inttypes.h>
#include <string.h>

#include "base/harmless.h"
#include "base/version.h"
#include "daemon/incident/incident_command.h"
#include "daemon/incident/incident_words.h"
#include "daemon/incident/loss_packets.h"

#include "base/build_config.h"

enum { WIDTH = 80, HOST_SIZE = 31, INDENT = 9, WORD_INDENT = 6 };

/* Where the text goes, and in which form. */
struct page_text {
    struct buffer *out;
    bool coloured;
};

static const char *const colour_words[COLOUR_COUNT] = {
    [COLOUR_GREEN] = "OK",
    [COLOUR_AMBER] = "LOOK",
    [COLOUR_RED] = "LOSS",
};

static void coloured(const struct page_text *page, enum colour colour, const char *text)
{
    static const char *const codes[COLOUR_COUNT] = {
        [COLOUR_GREEN] = "32", [COLOUR_AMBER] = "33", [COLOUR_RED] = "31"};

    if (page->coloured)
        buffer_printf(page->out, "\033[1;%sm%s\033[0m", codes[colour], text);
    else
        buffer_text(page->out, text);
}

/* Returns how many columns a text takes: one for each character. */
static size_t columns(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* Writes words from a column on, broken where the byte is. The first line continues at `at`. */
static void wrap_at(struct buffer *out, char byte, size_t at, size_t indent, const char *text)
{
    const char gap[] = {byte, '\0'};

    while (*text) {
        size_t size = strcspn(text, gap), width = columns(text, size);

        if (at > indent && at + 1 + width > WIDTH) {
            buffer_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            buffer_text(out, " ");
            at++;
        }
        buffer_append(out, text, size);
        at += width;
        text += size + strspn(text + size, gap);
    }
    buffer_text(out, "\n");
}

static void wrap(struct buffer *out, size_t at, size_t indent, const char *text)
{
    wrap_at(out, ' ', at, indent, text);
}

static void wrap_buffer(struct buffer *out, size_t indent, struct buffer *text)
{
    buffer_append(text, "", 1);
    if (text->error)
        out->error = text->error;
    else
        wrap(out, indent, indent, text->data);
    buffer_done(text);
}

/* Between two stages of the path; one of them stays in one line. */
#define BETWEEN "\n"

static void way(const struct loss_report *report, enum direction direction, const enum stage *stages,
                size_t count, struct buffer *out)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_NIC] = "NIC",         [STAGE_DRIVER] = "driver",       [STAGE_INGRESS] = "ingress",
        [STAGE_NETWORK] = "network", [STAGE_TRANSPORT] = "transport", [STAGE_EGRESS] = "egress",
    };

    for (size_t i = 0; i < count; i++) {
        const struct loss_way *at = &report->ways[stages[i]][direction];

        buffer_printf(out, "%s%s ", i ? BETWEEN "> " : "", names[stages[i]]);
        if (at->lost > 0)
            incident_rate(at->lost, out);
        else if (at->refused <= 0)
            buffer_text(out, "0");
        if (at->refused > 0) {
            buffer_text(out, at->lost > 0 ? ", " : "");
            incident_rate(at->refused, out);
            buffer_text(out, " refused");
        }
    }
}

static void path(const struct loss_report *report, struct buffer *out)
{
    static const enum stage receive[] = {STAGE_NIC, STAGE_DRIVER, STAGE_INGRESS, STAGE_NETWORK,
                                         STAGE_TRANSPORT};
    static const enum stage transmit[] = {STAGE_TRANSPORT, STAGE_NETWORK, STAGE_EGRESS, STAGE_DRIVER,
                                          STAGE_NIC};
    static const enum stage forward[] = {STAGE_NETWORK, STAGE_EGRESS, STAGE_DRIVER};
    static const struct {
        enum direction direction;
        const enum stage *stages;
        size_t count;
    } ways[] = {
        {DIRECTION_RECEIVE, receive, 5}, {DIRECTION_TRANSMIT, transmit, 5}, {DIRECTION_FORWARD, forward, 3}};

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct buffer line = {};

        way(report, ways[i].direction, ways[i].stages, ways[i].count, &line);
        buffer_printf(out, "  %-10s", direction_name(ways[i].direction));
        buffer_append(&line, "", 1);
        if (!line.error)
            wrap_at(out, *BETWEEN, 12, 12, line.data);
        buffer_done(&line);
    }
    buffer_text(out, "\n");
}

/* Writes "374/s now, 112,000 in five minutes, 19 % of the UDP received, since 03:02:11, steady". */
static void numbers(const struct loss_report *report, const struct incident *incident, struct buffer *out)
{
    struct buffer text = {};

    incident_rate(incident->rate, &text);
    buffer_printf(&text, " now, %" PRIu64 " within five minutes", incident->past);
    incident_circumstances(incident, report->now_ns, &text);
    wrap_buffer(out, INDENT, &text);
}

static void limit(const struct incident *incident, struct buffer *out)
{
    struct buffer text = {};

    incident_limit(incident, &text);
    if (!text.size)
        return;
    buffer_printf(out, "%*s", INDENT, "");
    wrap_buffer(out, INDENT, &text);
}

/* Writes a counter that saw the loss. Labels that do not fit stand below it. */
static void evidence_line(const char *before, const struct incident_evidence *evidence, struct buffer *out)
{
    const char *name = evidence->name, *labels = strchr(name, '{');
    size_t begin = out->size;

    buffer_printf(out, "%*s%s %" PRIu64 " ", INDENT, "", before, evidence->count);
    if (labels && out->size - begin + columns(name, strlen(name)) > WIDTH)
        buffer_printf(out, "%.*s\n%*s%s\n", (int)(labels - name), name, INDENT + 9, "", labels);
    else
        buffer_printf(out, "%s\n", name);
}

static void evidence(const struct facts *facts, struct buffer *out)
{
    for (size_t i = 0; i < facts->evidence_count; i++)
        evidence_line(i ? "        " : "Seen by:", &facts->evidence[i], out);
}

/* A packet line stays whole, like a command. */
static void packets(const struct loss_report *report, const struct incident *incident, struct buffer *out)
{
    const struct packet_record *last[LOSS_PACKETS_MAX];
    size_t count = loss_packets_find(report->packets, incident, last);

    for (size_t i = 0; i < count; i++) {
        buffer_printf(out, "%*s%s ", INDENT, "", i ? "        " : "Packets:");
        loss_packet_line(last[i], false, out);
        buffer_text(out, "\n");
    }
}

static void commands(const struct incident *incident, struct buffer *out)
{
    struct incident_commands commands;

    incident_commands(incident, &commands);
    for (size_t i = 0; i < commands.count; i++) {
        const struct incident_command *command = &commands.items[i];

        buffer_printf(out, "%*s> %s", INDENT, "", command->text);
        if (command->comment[0] && INDENT + 6 + strlen(command->text) + strlen(command->comment) > WIDTH)
            buffer_printf(out, "\n%*s", INDENT, "");
        if (command->comment[0])
            buffer_printf(out, "   # %s", command->comment);
        buffer_text(out, "\n");
    }
}

static void one(const struct page_text *page, const struct loss_report *report, size_t number)
{
    const struct incident *incident = &report->incidents[number];
    struct buffer title = {}, *out = page->out;
    const char *word = incident->loss_class == LOSS_POLICY ? "RULES" : "LOSS";

    buffer_printf(out, "%-2zu ", number + 1);
    coloured(page, incident->colour, word);
    buffer_printf(out, "%*s", WORD_INDENT - (int)strlen(word), "");
    incident_title(incident, &title);
    wrap_buffer(out, INDENT, &title);
    buffer_printf(out, "%*s", INDENT, "");
    numbers(report, incident, out);
    limit(incident, out);
    commands(incident, out);
    evidence(&incident->facts, out);
    packets(report, incident, out);
    if (incident->remedy)
        buffer_printf(out, "%*sRunbook: %s\n", INDENT, "", incident->remedy->page);
    buffer_text(out, "\n");
}

static void lines(const struct loss_lines *all, struct buffer *out)
{
    for (size_t i = 0; i < all->count; i++) {
        buffer_text(out, "- ");
        wrap(out, 2, 2, all->items[i]);
    }
}

static void head(const struct page_text *page, const struct loss_report *report, const char *host)
{
    char name[HOST_SIZE], left[sizeof(name) + 32];
    struct buffer *out = page->out, when = {};

    harmless_copy(name, sizeof(name), host);
    (void)snprintf(left, sizeof(left), "%s  netdrop-exporter " NETDROP_VERSION, name);
    buffer_text(&when, "");
    incident_date(&when);
    buffer_append(&when, "", 1);
    buffer_printf(out, "%-59s  %s\n\n", left, when.error ? "" : when.data);
    buffer_done(&when);
    coloured(page, report->colour, colour_words[report->colour]);
    buffer_printf(out, "%*s", WORD_INDENT - (int)strlen(colour_words[report->colour]), "");
    wrap(out, WORD_INDENT, WORD_INDENT, report->headline);
    buffer_printf(out, "%*s", WORD_INDENT, "");
    if (report->more)
        buffer_printf(out, "%zu more below. ", report->more);
    buffer_printf(out, "Looked at: %s.\n\n", report->looked);
}

void loss_report_text(const struct loss_report *report, const char *host, bool with_colours,
                      struct buffer *out)
{
    const struct page_text page = {.out = out, .coloured = with_colours};

    head(&page, report, host);
    path(report, out);
    for (size_t i = 0; i < report->count; i++)
        one(&page, report, i);
    if (report->left_out)
        buffer_printf(out, "%zu more are not shown.\n\n", report->left_out);
    lines(&report->blind, out);
    lines(&report->neutral, out);
}

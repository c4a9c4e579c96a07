/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/page/page_view.h"

/*
 * Draws a packet's way through this host: a box for each stage, with its losses. One SVG serves any width:
 * page.css places the boxes, in two rows or, if there is no room, in two columns. HTTP threads.
 */

#include "base/bounds.h"
#include "base/cleanup.h"
#include "daemon/page/page_html.h"

/* A box. Forwarded packets leave through the boxes of sent ones. */
struct station {
    enum stage stage;
    bool outward;
    const char *name;
    const char *place; /* its classes in page.css */
};

static const struct station stations[] = {
    {STAGE_NIC, false, "NIC", "in p1"},           {STAGE_DRIVER, false, "driver", "in p2"},
    {STAGE_INGRESS, false, "ingress", "in p3"},   {STAGE_NETWORK, false, "network", "in p4"},
    {STAGE_TRANSPORT, false, "sockets", "in p5"}, {STAGE_TRANSPORT, true, "sockets", "out p5"},
    {STAGE_NETWORK, true, "network", "out p4"},   {STAGE_EGRESS, true, "egress queues", "out p3"},
    {STAGE_DRIVER, true, "driver", "out p2"},     {STAGE_NIC, true, "NIC", "out p1"},
};

static bool is_at(const struct station *station, enum stage stage, enum direction direction)
{
    if (station->stage != stage || direction == DIRECTION_NONE)
        return false;
    return station->outward ? direction != DIRECTION_RECEIVE : direction == DIRECTION_RECEIVE;
}

static const struct station *station_of(enum stage stage, enum direction direction)
{
    for (size_t i = 0; i < ELEMENTS(stations); i++)
        if (is_at(&stations[i], stage, direction))
            return &stations[i];
    return NULL;
}

/* Returns the losses at a station. With NULL, returns those whose stage or direction is not known. */
static struct loss_way lost_at(const struct loss_report *report, const struct station *station)
{
    struct loss_way sum = {};

    for (size_t stage = 0; stage < STAGE_COUNT; stage++)
        for (size_t direction = 0; direction < DIRECTION_COUNT; direction++) {
            const struct loss_way *way = &report->ways[stage][direction];

            if (station_of((enum stage)stage, (enum direction)direction) != station)
                continue;
            sum.lost += way->lost;
            sum.refused += way->refused;
            sum.lost_past += way->lost_past;
            sum.refused_past += way->refused_past;
        }
    return sum;
}

static void number(double rate, struct buffer *out)
{
    if (rate < 10000)
        html_rate(out, rate);
    else
        html_short_count(out, uint64_from_double(rate));
}

/* Writes "374/s lost", and "18k in 5 min" below it. */
static void lines(const char *word, double rate, uint64_t past, struct buffer *out)
{
    buffer_text(out, "<text x=\"9\" y=\"37\" class=\"now\">");
    number(rate, out);
    buffer_printf(out, "/s %s</text><text x=\"9\" y=\"54\">", word);
    html_short_count(out, past);
    buffer_text(out, " in 5 min</text>");
}

static void box(const struct loss_report *report, const struct station *station, struct buffer *out)
{
    const struct loss_way way = lost_at(report, station);
    const char *look = "";

    if (way.lost_past)
        look = way.lost > 0 ? " lost" : " was";
    else if (way.refused_past)
        look = way.refused > 0 ? " refused" : " was";
    buffer_printf(out,
                  "<g class=\"%s%s\"><rect width=\"124\" height=\"80\"/><path d=\"M0 0h12m-5-5 5 5-5 5\"/>"
                  "<text x=\"9\" y=\"18\">%s</text>",
                  station->place, look, station->name);
    if (way.lost_past) {
        lines("lost", way.lost, way.lost_past, out);
        if (way.refused_past) {
            buffer_text(out, "<text x=\"9\" y=\"71\">");
            number(way.refused, out);
            buffer_text(out, "/s refused</text>");
        }
    } else if (way.refused_past) {
        lines("refused", way.refused, way.refused_past, out);
    } else {
        buffer_text(out, "<text x=\"9\" y=\"37\">0</text>");
    }
    buffer_text(out, "</g>\n");
}

/* For readers who cannot see the picture: "Received: sockets lose 374/s." */
static void say(const struct loss_report *report, struct buffer *out)
{
    bool any = false;

    for (size_t i = 0; i < ELEMENTS(stations); i++) {
        const struct loss_way way = lost_at(report, &stations[i]);

        if (!way.lost_past && !way.refused_past)
            continue;
        any = true;
        buffer_printf(out, " On the way %s, %s:", stations[i].outward ? "out" : "in", stations[i].name);
        if (way.lost_past) {
            buffer_text(out, " ");
            html_rate(out, way.lost);
            buffer_text(out, " a second lost.");
        }
        if (way.refused_past) {
            buffer_text(out, " ");
            html_rate(out, way.refused);
            buffer_text(out, " a second refused.");
        }
    }
    if (!any)
        buffer_text(out, " Nothing was lost in the last five minutes.");
}

void page_path(const struct loss_report *report, struct buffer *out)
{
    const struct loss_way nowhere = lost_at(report, NULL);

    buffer_text(out, "<svg role=\"img\" aria-label=\"The way of packets through this host.");
    say(report, out);
    buffer_text(
        out,
        "\">\n<text class=\"in title\">received</text><text class=\"out title\">sent, forwarded</text>\n");
    for (size_t i = 0; i < ELEMENTS(stations); i++)
        box(report, &stations[i], out);
    buffer_text(out, "</svg>\n");
    if (!nowhere.lost_past && !nowhere.refused_past)
        return;
    buffer_text(out, "<p class=\"quiet\">Where on its way is not known: ");
    html_rate(out, nowhere.lost + nowhere.refused);
    buffer_text(out, "/s, ");
    html_count(out, nowhere.lost_past + nowhere.refused_past);
    buffer_text(out, " in five minutes.</p>\n");
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch_draw.h"

/*
 * Draws the live view. Main thread. records.h makes texts harmless; this file cuts them to the width of their
 * columns.
 */

#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "terminal/watch_canvas.h"
#include "terminal/watch_site_page.h"
#include "terminal/words.h"

enum {
    HEAD_LINES = 2,
    FOOT_LINES = 1,
    RATE_WIDTH = 8,
    TOTAL_WIDTH = 12,
    GAP = 2,
    INDENT = 17, /* of packet lines */
    PACKETS_MOST = 4,
    FUNCTION_LEAST = 20,
    FUNCTION_MOST = 44,
    REASON_LEAST = 14,
    REASON_MOST = 26,
    DEVICE_LEAST = 8,
    DEVICE_MOST = 20,
    WORKLOAD_LEAST = 10,
};

/* Where the columns begin whose width depends on their content. */
struct columns {
    int function, reason, device, workload;
};

static int clamp(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

/* Fits the columns into the window: the widest ones give way. */
static struct columns columns_of(const struct watch_sites *sites)
{
    int function = FUNCTION_LEAST, reason = REASON_LEAST, device = DEVICE_LEAST, excess;
    struct columns columns = {.function = RATE_WIDTH + TOTAL_WIDTH + GAP};

    for (size_t i = 0; i < sites->shown_count; i++) {
        const struct record_site *site = &sites->shown[i]->site;
        char text[WORDS_PLACE_SIZE];

        words_place(site, text);
        function = clamp((int)strlen(text), function, FUNCTION_MOST);
        reason = clamp((int)strlen(site->reason), reason, REASON_MOST);
        words_device(site->device, site->netns, text);
        device = clamp((int)strlen(text), device, DEVICE_MOST);
    }
    excess = columns.function + function + reason + device + 3 * GAP + WORKLOAD_LEAST - COLS;
    for (; excess > 0 && function > FUNCTION_LEAST; excess--)
        function--;
    for (; excess > 0 && reason > REASON_LEAST; excess--)
        reason--;
    for (; excess > 0 && device > DEVICE_LEAST; excess--)
        device--;
    columns.reason = columns.function + function + GAP;
    columns.device = columns.reason + reason + GAP;
    columns.workload = columns.device + device + GAP;
    return columns;
}

size_t watch_draw_page(void)
{
    return LINES > HEAD_LINES + FOOT_LINES ? (size_t)(LINES - HEAD_LINES - FOOT_LINES) : 1;
}

static void draw_head(const struct watch *watch)
{
    static const char *const keys[] = {"q quit  / filter  s sort  p pause  enter open", "q / s p enter", ""};
    static const char *const open_keys[] = {"q quit  / filter  p pause  esc back", "q / p esc", ""};
    const char *const *help = watch->open ? open_keys : keys;
    const char *filter = filter_text(watch->filter);
    char rate[WORDS_NUMBER_SIZE], left[2 * WATCH_TEXT_SIZE];

    words_rate(watch_sites_rate(&watch->sites), rate);
    (void)snprintf(left, sizeof(left), "%.60s  %s drops/s  filter: %s  sort: %s%s", watch->host, rate,
                   *filter ? filter : "none", watch_order_name(watch->order),
                   watch->paused ? "  PAUSED" : "");
    canvas_text(0, 0, COLS, left);
    while (**help && (int)(strlen(left) + strlen(*help)) + GAP > COLS)
        help++;
    canvas_text(0, COLS - (int)strlen(*help), COLS, *help);
}

static void draw_columns(const struct columns *columns)
{
    canvas_right(1, 0, RATE_WIDTH, "rate");
    canvas_right(1, RATE_WIDTH, TOTAL_WIDTH, "total");
    canvas_text(1, columns->function, columns->reason - GAP, "function+offset");
    canvas_text(1, columns->reason, columns->device - GAP, "reason");
    canvas_text(1, columns->device, columns->workload - GAP, "device");
    canvas_text(1, columns->workload, COLS, "workload");
}

/* The workload of the site's newest packet: other packets may belong to others. */
static void workload_of(const struct watch *watch, const struct watch_site *site, char text[RECORD_UNIT_SIZE])
{
    size_t index = 0;
    const struct record *record = watch_site_packet(site, watch->filter, &index);

    strcpy(text, "-");
    if (record)
        record_workload(record, text);
}

static void draw_site(const struct watch *watch, const struct watch_site *site, const struct columns *columns,
                      int row)
{
    char text[RECORD_UNIT_SIZE], place[WORDS_PLACE_SIZE];

    words_rate(site->rate, text);
    canvas_right(row, 0, RATE_WIDTH, text);
    words_number(site->site.packets, text);
    canvas_right(row, RATE_WIDTH, TOTAL_WIDTH, text);
    words_place(&site->site, place);
    canvas_text(row, columns->function, columns->reason - GAP, place);
    canvas_text(row, columns->reason, columns->device - GAP, words_or_none(site->site.reason));
    words_device(site->site.device, site->site.netns, place);
    canvas_text(row, columns->device, columns->workload - GAP, place);
    workload_of(watch, site, text);
    canvas_text(row, columns->workload, COLS, text);
}

/* Draws the site's line and its packets below. Returns the row after them. */
static int draw_block(const struct watch *watch, size_t i, const struct columns *columns, size_t packets,
                      int row)
{
    const struct watch_site *site = watch->sites.shown[i];
    const struct record *record;
    size_t index = 0;
    int end = LINES - FOOT_LINES;

    draw_site(watch, site, columns, row);
    canvas_mark(row++, i == watch_selected(watch) ? A_REVERSE : A_BOLD);
    while (packets-- && row < end && (record = watch_site_packet(site, watch->filter, &index)))
        canvas_packet(row++, INDENT, record, "");
    return row;
}

/* Returns how many packets each site shows: as many as leave room for all sites, at least one. */
static size_t packets_each(size_t sites)
{
    size_t each = sites ? watch_draw_page() / sites : 1;

    return each < 2 ? 1 : each > PACKETS_MOST ? PACKETS_MOST : each - 1;
}

static void draw_sites(struct watch *watch)
{
    const struct columns columns = columns_of(&watch->sites);
    size_t packets = packets_each(watch->sites.shown_count), fit = watch_draw_page() / (packets + 1);
    size_t selected = watch_selected(watch);
    int row = HEAD_LINES;

    draw_columns(&columns);
    canvas_mark(1, A_UNDERLINE);
    if (selected < watch->first)
        watch->first = selected;
    if (selected >= watch->first + (fit ? fit : 1))
        watch->first = selected - (fit ? fit : 1) + 1;
    for (size_t i = watch->first; i < watch->sites.shown_count && row < LINES - FOOT_LINES; i++)
        row = draw_block(watch, i, &columns, packets, row);
    if (!watch->sites.shown_count)
        canvas_text(row, INDENT, COLS,
                    *filter_text(watch->filter) ? "no packet that is recorded passes the filter"
                                                : "no packet has been dropped");
}

static void draw_foot(const struct watch *watch)
{
    int row = LINES - FOOT_LINES;
    char text[2 * WATCH_TEXT_SIZE];

    (void)curs_set(watch->asking);
    if (*watch->message)
        canvas_text(watch->asking && row > 0 ? row - 1 : row, 0, COLS, watch->message);
    else if (*watch->trouble && !watch->asking)
        canvas_text(row, 0, COLS, watch->trouble);
    if (!watch->asking)
        return;
    (void)snprintf(text, sizeof(text), "filter: %s", watch->answer);
    canvas_text(row, 0, COLS - 1, text);
}

void watch_draw(struct watch *watch)
{
    (void)erase();
    draw_head(watch);
    if (watch->open && watch->sites.shown_count)
        watch_site_page(watch, HEAD_LINES - 1, LINES - FOOT_LINES);
    else
        draw_sites(watch);
    draw_foot(watch);
    (void)wnoutrefresh(stdscr);
}

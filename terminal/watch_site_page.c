/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch_site_page.h"

/*
 * Draws one drop site with its last packets. Main thread. All lines are drawn as if there were room, and
 * counted: this is how far one can scroll.
 */

#include <curses.h>
#include <string.h>

#include "terminal/watch_canvas.h"
#include "terminal/words.h"

enum { LABEL_WIDTH = 20, INDENT = 4 };

struct page {
    int row, end;   /* on the screen */
    size_t skipped; /* lines above the screen */
    size_t count;   /* lines so far */
};

/* Returns the row of the next line, or -1 if it is not on the screen. */
static int next_row(struct page *page)
{
    size_t line = page->count++;
    int row = line < page->skipped ? -1 : page->row + (int)(line - page->skipped);

    return row < page->end ? row : -1;
}

static void put_line(struct page *page, const char *label, const char *text)
{
    int row = next_row(page);

    canvas_text(row, 0, LABEL_WIDTH, label);
    canvas_text(row, *label ? LABEL_WIDTH : INDENT, COLS, text);
}

static void put_site(struct page *page, const struct watch_site *watched)
{
    const struct record_site *site = &watched->site;
    char text[WORDS_PLACE_SIZE], number[WORDS_NUMBER_SIZE];
    int row = next_row(page);

    words_place(site, text);
    canvas_text(row, 0, COLS, text);
    if (row >= 0)
        canvas_mark(row, A_BOLD);
    put_line(page, "reason", words_or_none(site->reason));
    put_line(page, "cause", words_or_none(site->cause));
    put_line(page, "class", words_or_none(site->drop_class));
    put_line(page, "device", words_or_none(site->device));
    put_line(page, "network namespace", words_or_none(site->netns));
    words_rate(watched->rate, number);
    put_line(page, "drops a second", number);
    words_number(site->packets, number);
    put_line(page, "drops in all", number);
}

static void put_stack(struct page *page, const char *stack)
{
    while (*stack) {
        size_t size = strcspn(stack, "\n");
        char line[RECORD_NAME_SIZE];

        (void)snprintf(line, sizeof(line), "%.*s", (int)size, stack);
        put_line(page, "", line);
        stack += size + (stack[size] == '\n');
    }
}

/* Shows the workload after each packet: a site may drop packets of many. */
static void put_packet(struct page *page, const struct record *record)
{
    char workload[RECORD_UNIT_SIZE];
    int row = next_row(page);

    record_workload(record, workload);
    canvas_packet(row, 0, record, strcmp(workload, "-") != 0 ? workload : "");
    if (!record->stack)
        return;
    put_stack(page, record->stack);
    put_line(page, "", "");
}

static void put_packets(struct page *page, const struct watch_site *site, const struct filter *filter)
{
    const struct record *record;
    size_t index = 0;

    put_line(page, "", "");
    while ((record = watch_site_packet(site, filter, &index)))
        put_packet(page, record);
}

void watch_site_page(struct watch *watch, int row, int end)
{
    const struct watch_site *site = watch->sites.shown[watch_selected(watch)];
    struct page page = {.row = row, .end = end, .skipped = SIZE_MAX};
    size_t room = end > row ? (size_t)(end - row) : 0;

    /* A first pass without a screen counts the lines. */
    put_site(&page, site);
    put_packets(&page, site, watch->filter);
    if (watch->scrolled + room > page.count)
        watch->scrolled = page.count > room ? page.count - room : 0;
    page = (struct page){.row = row, .end = end, .skipped = watch->scrolled};
    put_site(&page, site);
    put_packets(&page, site, watch->filter);
}

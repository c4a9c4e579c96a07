/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch_keys.h"

/* Handles the keys of the live view. Main thread. */

#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "base/character.h"

enum { KEY_ESCAPE = 27, KEY_DELETE = 127, KEY_CLEAR_LINE = 0x15, LINES_A_SITE = 2 };

static bool is_enter(int key)
{
    return key == '\n' || key == '\r' || key == KEY_ENTER;
}

static bool is_backspace(int key)
{
    return key == KEY_BACKSPACE || key == KEY_DELETE || key == '\b';
}

static void use_answer(struct watch *watch)
{
    struct filter *filter = NULL;
    struct fault fault = {};

    if (filter_new(watch->answer, &filter, &fault) < 0) {
        (void)snprintf(watch->message, sizeof(watch->message), "%.*s", WATCH_TEXT_SIZE - 1, fault.text);
        return;
    }
    filter_free(watch->filter);
    watch->filter = filter;
    watch->asking = false;
    watch->first = 0;
    watch_arrange(watch);
}

static void answer_key(struct watch *watch, int key)
{
    size_t size = strlen(watch->answer);

    *watch->message = '\0';
    if (is_enter(key)) {
        use_answer(watch);
    } else if (key == KEY_ESCAPE) {
        watch->asking = false;
    } else if (is_backspace(key)) {
        watch->answer[size ? size - 1 : 0] = '\0';
    } else if (key == KEY_CLEAR_LINE) {
        *watch->answer = '\0';
    } else if (key < KEY_DELETE && (is_visible((char)key) || key == ' ') &&
               size + 1 < sizeof(watch->answer)) {
        watch->answer[size] = (char)key;
        watch->answer[size + 1] = '\0';
    }
}

/* Returns how far a key moves the selection, or 0 for other keys. */
static long distance(int key, long page)
{
    switch (key) {
    case KEY_UP:
    case 'k':
        return -1;
    case KEY_DOWN:
    case 'j':
        return 1;
    case KEY_PPAGE:
        return -page;
    case KEY_NPAGE:
        return page;
    case KEY_HOME:
    case 'g':
        return -INT32_MAX;
    case KEY_END:
    case 'G':
        return INT32_MAX;
    default:
        return 0;
    }
}

static void move_selection(struct watch *watch, long steps)
{
    long to = (long)watch_selected(watch) + steps, count = (long)watch->sites.shown_count;

    if (!count)
        return;
    to = to < 0 ? 0 : to >= count ? count - 1 : to;
    watch->selected = watch->sites.shown[to]->site.id;
}

static void scroll_lines(struct watch *watch, long steps)
{
    long to = (long)watch->scrolled + steps;

    watch->scrolled = to < 0 ? 0 : (size_t)to; /* the page cuts it to its own end */
}

static void open_site(struct watch *watch)
{
    if (!watch->sites.shown_count)
        return;
    watch->selected = watch->sites.shown[watch_selected(watch)]->site.id;
    watch->open = true;
    watch->scrolled = 0;
}

static void ask_filter(struct watch *watch)
{
    watch->asking = true;
    (void)snprintf(watch->answer, sizeof(watch->answer), "%s", filter_text(watch->filter));
}

static void command_key(struct watch *watch, int key)
{
    if (key == 's') {
        watch->order = (watch->order + 1) % WATCH_ORDERS;
        watch_arrange(watch);
    } else if (key == 'p' || key == ' ') {
        watch->paused = !watch->paused;
    } else if (key == '/') {
        ask_filter(watch);
    } else if (watch->open && (is_enter(key) || is_backspace(key) || key == KEY_ESCAPE || key == KEY_LEFT)) {
        watch->open = false;
    } else if (is_enter(key) || key == KEY_RIGHT) {
        open_site(watch);
    }
}

enum watch_action watch_key(struct watch *watch, int key, size_t page)
{
    long steps;

    if (watch->asking) {
        answer_key(watch, key);
        return WATCH_GO_ON;
    }
    *watch->message = '\0';
    if (key == 'q')
        return WATCH_QUIT;
    steps = distance(key, (long)(watch->open ? page : page / LINES_A_SITE));
    if (!steps)
        command_key(watch, key);
    else if (watch->open)
        scroll_lines(watch, steps);
    else
        move_selection(watch, steps);
    return WATCH_GO_ON;
}

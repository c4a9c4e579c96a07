/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch_canvas.h"

/* Draws lines on the screen, cut to its width. Main thread. */

#include <curses.h>
#include <string.h>
#include <wchar.h>

#include "base/buffer.h"
#include "base/packet/packet_line.h"
#include "terminal/words.h"

enum { LINE_MAX_CELLS = 512 };

/* Returns the next character, or '?' if the locale does not have it. */
static wchar_t next(const char **text, mbstate_t *state)
{
    wchar_t character = L'?';
    size_t size = mbrtowc(&character, *text, strlen(*text), state);

    if (size == (size_t)-1 || size == (size_t)-2) {
        *state = (mbstate_t){};
        (*text)++;
        return L'?';
    }
    *text += size ? size : 1;
    return wcwidth(character) > 0 ? character : L'?';
}

void canvas_text(int row, int column, int end, const char *text)
{
    wchar_t cells[LINE_MAX_CELLS];
    mbstate_t state = {};
    int used = 0, count = 0, width = (end < COLS ? end : COLS) - column;

    if (row < 0 || row >= LINES || column < 0 || width <= 0)
        return;
    (void)mvhline(row, column, ' ', width);
    while (*text && count < LINE_MAX_CELLS) {
        wchar_t character = next(&text, &state);

        if (used + wcwidth(character) > width)
            break;
        used += wcwidth(character);
        cells[count++] = character;
    }
    (void)mvaddnwstr(row, column, cells, count);
}

void canvas_right(int row, int column, int width, const char *text)
{
    int size = (int)strlen(text);

    canvas_text(row, column + (size < width ? width - size : 0), column + width, text);
}

void canvas_packet(int row, int column, const struct record *record, const char *behind)
{
    const struct packet packet = record_packet(record);
    _cleanup_(buffer_done) struct buffer line = {};
    char time[WORDS_TIME_SIZE];

    words_time(record->time_ns, time);
    buffer_printf(&line, "%s  ", time);
    packet_line(&packet, &line);
    buffer_printf(&line, "%s%s", *behind ? "  " : "", behind);
    buffer_append(&line, "", 1);
    if (!line.error)
        canvas_text(row, column, COLS, line.data);
}

void canvas_mark(int row, unsigned long attribute)
{
    (void)mvchgat(row, 0, -1, (attr_t)attribute, 0, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/shell.h"

/* Quotes a word for a POSIX shell, or refuses it. Pure; any thread. */

#include <string.h>

#include "base/character.h"
#include "base/harmless.h"
#include "base/utf8.h"

/* Returns true if the byte has no meaning to a shell, wherever it stands in a word. */
static bool is_plain_byte(char byte)
{
    static const char plain[] = {'_', '@', '%', '+', '=', ':', ',', '.', '/', '-'};

    return is_letter(byte) || is_digit(byte) || memchr(plain, byte, sizeof(plain));
}

static bool is_plain(const char *text)
{
    for (const char *at = text; *at; at++)
        if (!is_plain_byte(*at))
            return false;
    return *text;
}

bool shell_word(struct buffer *out, const char *text)
{
    if (is_plain(text)) {
        buffer_text(out, text);
        return true;
    }
    if (!harmless(text) || strstr(text, UTF8_REPLACEMENT))
        return false;
    buffer_text(out, "'");
    for (; *text; text++)
        if (*text == '\'')
            buffer_text(out, "'\\''");
        else
            buffer_append(out, text, 1);
    buffer_text(out, "'");
    return true;
}

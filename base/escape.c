/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/escape.h"

/* Escapes text from outside for metrics, HTML and JSON. Pure; any thread. */

#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "base/utf8.h"

struct replacement {
    char byte;
    const char *text;
};

static const char *escape_byte(enum escape escape, char byte)
{
    static const struct replacement html[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"},
    };

    if (escape == ESCAPE_HTML) {
        for (size_t i = 0; i < ELEMENTS(html); i++)
            if (html[i].byte == byte)
                return html[i].text;
        /* Control characters have no place in HTML, not even as character references. */
        return is_control(byte) ? UTF8_REPLACEMENT : NULL;
    }
    if (escape == ESCAPE_JSON && is_control(byte))
        return UTF8_REPLACEMENT;
    switch (byte) {
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '"':
        return escape == ESCAPE_HELP ? NULL : "\\\"";
    default:
        return NULL;
    }
}

void escape_text(struct buffer *out, enum escape escape, const char *text)
{
    size_t size = strlen(text);

    while (size) {
        size_t sequence = utf8_sequence(text, size);
        const char *replacement = sequence ? escape_byte(escape, *text) : UTF8_REPLACEMENT;

        if (!sequence)
            sequence = 1;
        if (replacement)
            buffer_text(out, replacement);
        else
            buffer_append(out, text, sequence);
        text += sequence;
        size -= sequence;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/harmless.h"

/* Makes names from outside safe to show on a terminal or in the log. Pure; any thread. */

#include <stdint.h>
#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "base/utf8.h"

/* The characters of Unicode's general categories Cc, Cf, Zl and Zp that a font may leave out, or obey. */
static const struct {
    uint32_t first, last;
} harmful[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad},   {0x061c, 0x061c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},   {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

/* The code point of a valid UTF-8 sequence. */
static uint32_t code_point(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    uint32_t code = size == 1 ? bytes[0] : bytes[0] & (0x7fU >> size);

    for (size_t i = 1; i < size; i++)
        code = code << 6 | (bytes[i] & 0x3fU);
    return code;
}

/* Returns how many bytes may be shown as they are: 0 if the first byte must not be shown. Nearly all text is
 * ASCII. */
static size_t shown(const char *text, size_t left)
{
    size_t size;
    uint32_t code;

    if (is_visible(*text) || *text == ' ')
        return 1;
    size = utf8_sequence(text, left);
    code = size ? code_point(text, size) : 0;
    for (size_t i = 0; size && i < ELEMENTS(harmful); i++)
        if (code >= harmful[i].first && code <= harmful[i].last)
            return 0;
    return size;
}

bool harmless(const char *text)
{
    size_t left = strlen(text);

    while (left) {
        size_t size = shown(text, left);

        if (!size)
            return false;
        text += size;
        left -= size;
    }
    return true;
}

void harmless_copy(char *to, size_t size, const char *from)
{
    size_t left = strlen(from);

    while (left) {
        size_t part = shown(from, left), whole = part ? part : utf8_sequence(from, left);

        if (part >= size || size < 2)
            break;
        if (part > 1)
            memcpy(to, from, part);
        else
            *to = part ? *from : '?';
        to += part ? part : 1;
        size -= part ? part : 1;
        whole += !whole; /* the byte belongs to no character */
        from += whole;
        left -= whole;
    }
    *to = '\0';
}

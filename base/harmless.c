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

/* Nearly all text is of such bytes. */
static bool is_plain(char byte)
{
    return is_visible(byte) || byte == ' ';
}

/* Returns true if the character that a text begins with may be shown as it is. `ret_size` becomes its size in
 * bytes: 1 if the first byte belongs to no character. */
static bool shown(const char *text, size_t left, size_t *ret_size)
{
    size_t size;
    uint32_t code;

    *ret_size = 1;
    if (is_plain(*text))
        return true;
    size = utf8_sequence(text, left);
    if (!size)
        return false;
    *ret_size = size;
    code = code_point(text, size);
    for (size_t i = 0; i < ELEMENTS(harmful); i++)
        if (code >= harmful[i].first && code <= harmful[i].last)
            return false;
    return true;
}

bool harmless(const char *text)
{
    for (size_t left = strlen(text), size; left; text += size, left -= size)
        if (!shown(text, left, &size))
            return false;
    return true;
}

void harmless_copy(char *to, size_t size, const char *from)
{
    for (const char *end = from + strlen(from);;) {
        size_t whole, part;
        bool same;

        for (; size > 1 && is_plain(*from); size--)
            *to++ = *from++;
        if (from == end)
            break;
        same = shown(from, (size_t)(end - from), &whole);
        part = same ? whole : 1;
        if (part >= size)
            break;
        memcpy(to, same ? from : "?", part);
        from += whole;
        to += part;
        size -= part;
    }
    *to = '\0';
}

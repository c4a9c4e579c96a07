/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/utf8.h"

/* Checks and repairs UTF-8. Pure; any thread. */

#include <string.h>

/* In UTF-8 only the range of the second byte is irregular (Unicode, table 3-7). It excludes overlong forms,
 * surrogates, and code points above U+10FFFF. */
struct lead {
    unsigned char first, last; /* lead bytes */
    unsigned char length;
    unsigned char low, high; /* second byte */
};

size_t utf8_sequence(const char *text, size_t size)
{
    static const struct lead leads[] = {
        {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
        {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
        {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
    };
    const unsigned char *bytes = (const unsigned char *)text;
    const struct lead *lead = leads;
    const struct lead *end = leads + sizeof(leads) / sizeof(leads[0]);

    if (size == 0)
        return 0;
    while (lead < end && (bytes[0] < lead->first || bytes[0] > lead->last))
        lead++;
    if (lead == end || lead->length > size)
        return 0;
    if (lead->length > 1 && (bytes[1] < lead->low || bytes[1] > lead->high))
        return 0;
    for (size_t i = 2; i < lead->length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return lead->length;
}

bool utf8_valid(const char *text, size_t size)
{
    while (size) {
        size_t length = utf8_sequence(text, size);

        if (!length)
            return false;
        text += length;
        size -= length;
    }
    return true;
}

void utf8_mend(char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t length = utf8_sequence(text, left);

        if (length == 0) {
            *text = '?';
            length = 1;
        }
        text += length;
        left -= length;
    }
}

void utf8_copy(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);

    memmove(to, from, length);
    to[length] = '\0';
    utf8_mend(to); /* the cut may lie within a sequence */
}

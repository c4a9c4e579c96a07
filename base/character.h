/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Classifies bytes as ASCII, in this one place. The functions of ctype.h depend on the locale and are
 * undefined for half of the values of a char; tests written by hand, with masks and differences, have let
 * wrong bytes through. Any byte is a valid argument. Pure.
 */

#include <stdbool.h>

static inline bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static inline bool is_lower(char byte)
{
    return byte >= 'a' && byte <= 'z';
}

static inline bool is_upper(char byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static inline bool is_letter(char byte)
{
    return is_lower(byte) || is_upper(byte);
}

static inline bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Returns true for C0 and DEL, which no terminal, log or page may get. */
static inline bool is_control(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7f;
}

/* Returns true for visible ASCII, without the blank. */
static inline bool is_visible(char byte)
{
    return byte > 0x20 && byte < 0x7f;
}

/* Returns the small letter of a capital one, and any other byte as it is. */
static inline char to_lower(char byte)
{
    return is_upper(byte) ? (char)(byte - 'A' + 'a') : byte;
}

static inline char to_upper(char byte)
{
    return is_lower(byte) ? (char)(byte - 'a' + 'A') : byte;
}

/* Returns 0 to 9, or -1 if the byte is no digit. */
static inline int digit_value(char byte)
{
    return is_digit(byte) ? byte - '0' : -1;
}

/* Returns 0 to 15, for letters of either case, or -1 if the byte is no hexadecimal digit. */
static inline int hex_value(char byte)
{
    if (is_digit(byte))
        return byte - '0';
    return to_lower(byte) >= 'a' && to_lower(byte) <= 'f' ? to_lower(byte) - 'a' + 10 : -1;
}

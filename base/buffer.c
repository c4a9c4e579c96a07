/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buffer.h"

/*
 * The one growing buffer that all text and bytes are built in. One thread at a time. Memory doubles as it
 * grows, so that appending is cheap; it is given back only at the end.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum { BUFFER_FIRST_CAPACITY = 256 };

void buffer_done(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->error = 0;
}

char *buffer_reserve(struct buffer *buffer, size_t size)
{
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST_CAPACITY;

    if (buffer->error)
        return NULL;
    if (buffer->data && buffer->capacity - buffer->size >= size)
        return buffer->data + buffer->size;
    while (capacity - buffer->size < size && capacity <= SIZE_MAX / 2)
        capacity *= 2;
    if (capacity - buffer->size < size || array_resize(buffer->data, buffer->capacity, capacity) < 0) {
        buffer->error = -ENOMEM;
        return NULL;
    }
    return buffer->data + buffer->size;
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
    char *at = buffer_reserve(buffer, size);

    if (!at || !size)
        return;
    memcpy(at, data, size);
    buffer->size += size;
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_uint64(struct buffer *buffer, uint64_t value)
{
    char *at = buffer_reserve(buffer, UINT64_TEXT_MAX);

    if (at)
        buffer->size = (size_t)(format_uint64(at, value) - buffer->data);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    char *at;
    int size;

    va_start(arguments, format);
    size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        return;
    at = buffer_reserve(buffer, (size_t)size + 1); /* vsnprintf() always writes a NUL */
    if (!at)
        return;
    va_start(arguments, format);
    (void)vsnprintf(at, (size_t)size + 1, format, arguments);
    va_end(arguments);
    buffer->size += (size_t)size;
}

char *format_uint64(char *at, uint64_t value)
{
    /* Two digits per step halve the divisions, and there is no format string to parse. */
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char digits[UINT64_TEXT_MAX];
    char *first = digits + sizeof(digits);

    while (value >= 100) {
        first -= 2;
        memcpy(first, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        first -= 2;
        memcpy(first, pairs + value * 2, 2);
    } else {
        *--first = (char)('0' + value);
    }
    memcpy(at, first, (size_t)(digits + sizeof(digits) - first));
    return at + (digits + sizeof(digits) - first);
}

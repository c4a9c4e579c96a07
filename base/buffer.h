/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A growing byte buffer with a sticky error. Code that writes has no error branches: the error is checked
 * once, at the end. After an error, appending does nothing. One thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *data;
    size_t size;
    size_t capacity;
    int error; /* 0 or -ENOMEM */
};

/* The most bytes that buffer_uint64() writes. */
enum { UINT64_TEXT_MAX = 20 };

/* Frees the memory and leaves an empty, usable buffer. */
void buffer_done(struct buffer *buffer);

/* Empties the buffer and clears its error, but keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Returns room for `size` more bytes, or NULL if memory runs out, which sets the error. The caller writes at
 * most `size` bytes there and adds their number to buffer->size. */
char *buffer_reserve(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_uint64(struct buffer *buffer, uint64_t value);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the decimal digits of value at `at`, which has room for UINT64_TEXT_MAX. Returns their end. Adds no
 * NUL. */
char *format_uint64(char *at, uint64_t value);

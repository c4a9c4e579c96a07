/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A growing byte buffer with a sticky error: code that emits has no error branches, the error is looked at
 * once, at the end. After an error every append is a no-op. One thread at a time.
 */

#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *data;
    size_t size;
    size_t capacity;
    int error; /* 0 or -ENOMEM */
};

/* Most bytes that buffer_uint64() and buffer_int64() write. */
enum { UINT64_TEXT_MAX = 20 };

/* Frees the memory and leaves an empty, usable buffer. */
void buffer_done(struct buffer *buffer);

/* Forgets content and error, keeps the memory: buffers are recycled. */
void buffer_clear(struct buffer *buffer);

/* Room for `size` more bytes at the returned address; NULL (and the sticky error) where memory is out. The
 * caller writes at most `size` bytes there and adds what it wrote to buffer->size. */
char *buffer_reserve(struct buffer *buffer, size_t size);

void buffer_append(struct buffer *buffer, const void *data, size_t size);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_uint64(struct buffer *buffer, uint64_t value);
void buffer_printf(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the decimal digits of value at `at` (room for UINT64_TEXT_MAX), returns the end. No NUL. */
char *format_uint64(char *at, uint64_t value);

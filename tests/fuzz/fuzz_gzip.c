/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gzip_by_rows(): libdeflate reads back the very text, whatever the text. Each byte of the input is an
 * instruction for a page, so that lines resemble one another: most repeat a piece of what is there already.
 */

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/encode/gzip.h"
#include "tests/fuzz/fuzz.h"

enum { TEXT_MAX = 1 << 18 };

static void check(int holds)
{
    if (!holds)
        abort();
}

/* A byte below 0x80 is itself; one above it repeats the last 2^n bytes (n = low nibble), less the next byte's
 * value, which is put behind them. */
static void make_text(struct buffer *text, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size && text->size < TEXT_MAX; i++) {
        size_t length = (size_t)1 << (data[i] & 15);

        if (data[i] < 0x80 || i + 1 == size) {
            buffer_append(text, &data[i], 1);
            continue;
        }
        length = length < text->size ? length : text->size;
        length -= data[i + 1] < length ? data[i + 1] : length;
        check(buffer_reserve(text, length + 1) != NULL);
        memmove(text->data + text->size, text->data + text->size - length, length);
        text->size += length;
        buffer_append(text, &data[++i], 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(buffer_done) struct buffer text = {}, out = {};
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    struct gzip *gzip = gzip_new();
    _cleanup_(freep) char *exact = NULL, *copy = NULL;
    size_t made = 0;

    make_text(&text, data, size);
    exact = malloc(text.size + 1); /* its exact size lets the sanitizers see any step beyond */
    copy = malloc(text.size + 1);
    check(decompressor && gzip && exact && copy);
    if (text.size)
        memcpy(exact + 1, text.data, text.size);
    gzip_by_rows(gzip, &out, exact + 1, text.size);
    check(!out.error);
    check(libdeflate_gzip_decompress(decompressor, out.data, out.size, copy, text.size, &made) ==
          LIBDEFLATE_SUCCESS);
    check(made == text.size && !memcmp(copy, exact + 1, made));
    libdeflate_free_decompressor(decompressor);
    gzip_free(gzip);
    return 0;
}

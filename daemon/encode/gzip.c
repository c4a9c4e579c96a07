/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/encode/gzip.h"

/*
 * Compresses exposition text. Pure; any thread. A general compressor spends its time on finding repetitions.
 * In the rows of a family their place is known: the same place in the line before. Two cursors walk down the
 * rows, one a line behind the other. While they see the same bytes, line ends included, that is one
 * repetition. If they differ, both skip to the end of the word (or further, if different things end there).
 * Only what stands above the second row, the comments and the first row, is searched for, by a table of where
 * bytes were seen last.
 *
 * If a host has few interfaces, most of the text must be searched for, and a general compressor, which
 * searches everywhere, makes it smaller. Bytes and instructions for the whole text of all collectors (for a
 * small one, libdeflate's level 6 saves another 7 to 10 %, for two and a half times the instructions and
 * three times the memory):
 *
 *     interfaces   text        by rows            libdeflate, level 1
 *              3      63,072     13,700   1.06 M      11,623    1.42 M
 *             10      79,594     14,480   1.11 M      12,931    1.74 M
 *             30     127,686     17,210   1.33 M      15,983    2.45 M
 *            100     295,514     25,490   2.13 M      25,303    5.11 M
 *          1,000   2,486,190    113,670   12.8 M     130,279    38.5 M
 *
 * Both use the same CRC: with the processor's own instructions it takes 0.65 M of the 12.8 M, with
 * tables 9.5 M.
 */

#include <endian.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/encode/deflate.h"

/* Below this size, literals are as short. */
enum { REPEAT_MIN = 4 };

enum { PLACES_BITS = 12 };

/* libdeflate compresses smaller texts. */
enum { ROWS_BYTES_MIN = 96 * 1024, SEARCH_LEVEL = 1 };

struct gzip {
    struct libdeflate_compressor *compressor;
    struct deflate deflate;
    const char *text;
    uint32_t places[1 << PLACES_BITS]; /* by hash, where in the text it was seen last */
};

static uint64_t load(const char *at)
{
    uint64_t bytes;

    memcpy(&bytes, at, sizeof(bytes));
    return le64toh(bytes);
}

/* Returns how many bytes are equal, at most `max`. */
static size_t common(const char *a, const char *b, size_t max)
{
    size_t same = 0;

    for (; max - same >= sizeof(uint64_t); same += sizeof(uint64_t)) {
        uint64_t difference = load(a + same) ^ load(b + same);

        if (difference)
            return same + (size_t)__builtin_ctzll(difference) / 8;
    }
    while (same < max && a[same] == b[same])
        same++;
    return same;
}

/* What ends a part of a line: of words, of label values, of the whole line. */
enum { WORD_BYTE = -1, WORD_END, QUOTE, LINE_END };

static const int8_t separators[256] = {
    ['0' ... '9'] = WORD_BYTE, ['A' ... 'Z'] = WORD_BYTE, ['a' ... 'z'] = WORD_BYTE, ['"'] = QUOTE,
    ['\n'] = LINE_END,
};

/* Returns the next separator of that kind or a higher one. */
static const char *skip_to(const char *at, const char *end, int separator)
{
    while (at < end && separators[(unsigned char)*at] < separator)
        at++;
    return at;
}

static const char *next_line(const char *at, const char *end)
{
    const char *line_end = memchr(at, '\n', (size_t)(end - at));

    return line_end ? line_end + 1 : end;
}

/* Compresses from the second row of a family on; `above` is the first. Returns what follows the last row. */
static const char *follow_rows(struct deflate *deflate, const char *above, const char *at, const char *end)
{
    while (at < end) {
        size_t left = (size_t)(end - at);
        size_t same = common(above, at, left < DEFLATE_MATCH_MAX ? left : DEFLATE_MATCH_MAX);

        if (same >= REPEAT_MIN && at - above <= DEFLATE_DISTANCE_MAX)
            deflate_repeat(deflate, at, same, (size_t)(at - above));
        at += same;
        above += same;
        if (at < end && *at == '#' && at[-1] == '\n')
            break;
        for (int separator = WORD_END; at < end && *above != *at; separator++) {
            at = skip_to(at, end, separator);
            above = skip_to(above, at, separator);
        }
    }
    return at;
}

static size_t place(const char *at)
{
    return (uint32_t)load(at) * 2654435761u >> (32 - PLACES_BITS);
}

/* Compresses what begins before `end`, by looking up where the same bytes were seen last. */
static void search(struct gzip *gzip, const char *at, const char *end, const char *text_end)
{
    while (at < end && text_end - at >= (ptrdiff_t)sizeof(uint64_t)) {
        uint32_t *seen = &gzip->places[place(at)];
        const char *before = gzip->text + *seen;
        size_t left = (size_t)(end - at);
        size_t distance = (size_t)(at - before), same = 0;

        *seen = (uint32_t)(at - gzip->text);
        if (distance && distance <= DEFLATE_DISTANCE_MAX)
            same = common(before, at, left < DEFLATE_MATCH_MAX ? left : DEFLATE_MATCH_MAX);
        if (same >= REPEAT_MIN)
            deflate_repeat(&gzip->deflate, at, same, distance);
        at += same >= REPEAT_MIN ? same : 1;
    }
}

static void find_repeats(struct gzip *gzip, const char *end)
{
    const char *at = gzip->text;

    while (at < end) {
        const char *first = at, *second;

        while (first < end && *first == '#')
            first = next_line(first, end);
        second = next_line(first, end);
        search(gzip, at, second, end);
        at = follow_rows(&gzip->deflate, first, second, end);
    }
}

struct gzip *gzip_new(void)
{
    struct gzip *gzip = malloc(sizeof(*gzip));

    if (!gzip)
        return NULL;
    gzip->compressor = libdeflate_alloc_compressor(SEARCH_LEVEL);
    return gzip->compressor ? gzip : gzip_free(gzip);
}

struct gzip *gzip_free(struct gzip *gzip)
{
    if (!gzip)
        return NULL;
    libdeflate_free_compressor(gzip->compressor);
    free(gzip);
    return NULL;
}

void gzip_by_rows(struct gzip *gzip, struct buffer *out, const char *text, size_t size)
{
    static const char header[] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, (char)255};
    uint32_t trailer[] = {htole32(libdeflate_crc32(0, text, size)), htole32((uint32_t)size)};

    buffer_append(out, header, sizeof(header));
    gzip->text = text;
    memset(gzip->places, 0, sizeof(gzip->places));
    deflate_begin(&gzip->deflate, out, text);
    find_repeats(gzip, text + size);
    deflate_end(&gzip->deflate, text + size);
    buffer_append(out, trailer, sizeof(trailer));
}

static void gzip_by_search(struct gzip *gzip, struct buffer *out, const char *text, size_t size)
{
    size_t bound = libdeflate_gzip_compress_bound(gzip->compressor, size);
    char *to = buffer_reserve(out, bound);

    if (to)
        out->size += libdeflate_gzip_compress(gzip->compressor, text, size, to, bound);
}

void gzip_text(struct gzip *gzip, struct buffer *out, const char *text, size_t size)
{
    if (size < ROWS_BYTES_MIN)
        gzip_by_search(gzip, out, text, size);
    else
        gzip_by_rows(gzip, out, text, size);
}

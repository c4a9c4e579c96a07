#include "daemon/gzip.h"

/*
 * See gzip.h. A general compressor spends its time on finding where text was before. Here it is known: the
 * same place of the line before. Two cursors walk down the text, one a line behind the other; while they see
 * the same bytes, line ends included, that is one repetition; where they differ, both go to the end of the
 * word (or further, where different things end there).
 */

#include <endian.h>
#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/cleanup.h"
#include "daemon/deflate.h"

/* A shorter repetition is not shorter than its literals. */
enum { REPEAT_MIN = 4 };

static uint64_t load(const char *at)
{
    uint64_t bytes;

    memcpy(&bytes, at, sizeof(bytes));
    return le64toh(bytes);
}

/* How many bytes are the same, up to max. */
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

/* What parts a line: words, then label values, then the line as a whole. */
enum { WORD_BYTE = -1, WORD_END, QUOTE, LINE_END };

static const int8_t separators[256] = {
    ['0' ... '9'] = WORD_BYTE, ['A' ... 'Z'] = WORD_BYTE, ['a' ... 'z'] = WORD_BYTE, ['"'] = QUOTE,
    ['\n'] = LINE_END,
};

/* The next separator of that kind or a greater. */
static const char *skip_to(const char *at, const char *end, int separator)
{
    while (at < end && separators[(unsigned char)*at] < separator)
        at++;
    return at;
}

static void find_repeats(struct deflate *deflate, const char *text, const char *end)
{
    const char *above = text, *at = skip_to(text, end, LINE_END);

    if (at < end)
        at++;
    while (at < end) {
        size_t left = (size_t)(end - at);
        size_t same = common(above, at, left < DEFLATE_MATCH_MAX ? left : DEFLATE_MATCH_MAX);

        if (same >= REPEAT_MIN && at - above <= DEFLATE_DISTANCE_MAX)
            deflate_repeat(deflate, at, same, (size_t)(at - above));
        at += same;
        above += same;
        for (int separator = WORD_END; at < end && *above != *at; separator++) {
            at = skip_to(at, end, separator);
            above = skip_to(above, at, separator);
        }
    }
}

void gzip_lines(struct buffer *out, const char *text, size_t size)
{
    static const char header[] = {0x1f, (char)0x8b, 8, 0, 0, 0, 0, 0, 0, (char)255};
    _cleanup_(freep) struct deflate *deflate = malloc(sizeof(*deflate));
    uint32_t trailer[] = {htole32(libdeflate_crc32(0, text, size)), htole32((uint32_t)size)};

    if (!deflate) {
        out->error = -ENOMEM;
        return;
    }
    buffer_append(out, header, sizeof(header));
    deflate_begin(deflate, out, text);
    find_repeats(deflate, text, text + size);
    deflate_end(deflate, text + size);
    buffer_append(out, trailer, sizeof(trailer));
}

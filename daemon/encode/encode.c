/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/encode/encode.h"

/*
 * See encode.h. The hot path of a scrape: for each column, for each row, three copies and a number. Room for
 * a whole family is reserved before it is written, so that the inner loop has no checks.
 */

#include <string.h>

#include "base/clock.h"

/* Most bytes of a printed value: a sign, 20 digits, or seconds with nine decimals; and the line feed. */
enum { VALUE_TEXT_MAX = 1 + UINT64_TEXT_MAX + 1 + 9 + 1 };

/* Nanoseconds as seconds, exactly, without trailing zeros. */
static char *encode_seconds(char *at, uint64_t ns)
{
    uint64_t fraction = ns % NS_PER_SECOND;
    char *end;

    at = format_uint64(at, ns / NS_PER_SECOND);
    if (!fraction)
        return at;
    /* The leading 1 keeps the zeros behind the point; it is then overwritten by the point. */
    end = format_uint64(at, NS_PER_SECOND + fraction);
    *at = '.';
    while (end[-1] == '0')
        end--;
    return end;
}

static char *encode_value(char *at, enum value_type type, uint64_t value)
{
    if (type == VALUE_SECONDS)
        return encode_seconds(at, value);
    if (type == VALUE_INT64 && (int64_t)value < 0) {
        *at++ = '-';
        value = -value;
    }
    return format_uint64(at, value);
}

static void encode_column(struct buffer *out, const struct table *table, size_t index,
                          enum exposition exposition)
{
    const struct column *column = &table->columns->columns[index];
    const struct row_set *rows = table->rows;
    size_t labels = rows->count ? rows->offsets[rows->count] : 0;
    size_t header = column->header_size[exposition];
    char *begin = buffer_reserve(out, header + labels + rows->count * (column->name_size + VALUE_TEXT_MAX));
    char *at, *first;

    if (!begin)
        return;
    memcpy(begin, column->header[exposition], header);
    at = first = begin + header;
    for (size_t row = 0; row < rows->count; row++) {
        uint32_t offset = rows->offsets[row];
        uint32_t size = rows->offsets[row + 1] - offset;
        uint64_t value;

        if (!table_get(table, row, index, &value))
            continue;
        memcpy(at, column->name, column->name_size);
        at += column->name_size;
        memcpy(at, rows->text + offset, size);
        at = encode_value(at + size, column->value, value);
        *at++ = '\n';
    }
    if (at != first)
        out->size = (size_t)(at - out->data);
}

void encode_snapshot(struct buffer *out, const struct snapshot *snapshot, enum exposition exposition)
{
    for (size_t i = 0; i < snapshot->table_count; i++)
        for (size_t column = 0; column < snapshot->tables[i].columns->count; column++)
            encode_column(out, &snapshot->tables[i], column, exposition);
}

void encode_end(struct buffer *out, enum exposition exposition)
{
    if (exposition == EXPOSITION_OPENMETRICS)
        buffer_text(out, "# EOF\n");
}

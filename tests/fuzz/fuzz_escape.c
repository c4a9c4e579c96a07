/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Labels from arbitrary bytes: two label values go through a row set. Whatever they hold, the rendered text
 * is valid UTF-8 on one line, and the values come back the same (where they were valid to begin with).
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/table/row_set.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_label(const struct row_set *rows, const char *label, const char *value)
{
    char back[4096 * 3];
    int size = row_set_label(rows, 0, label, back, sizeof(back));

    check(size >= 0 && (size_t)size < sizeof(back));
    check(utf8_valid(back, (size_t)size));
    if (utf8_valid(value, strlen(value)))
        check(!strcmp(back, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(freep) char *first = NULL, *second = NULL;
    size_t half = size / 2;
    struct row_set *rows;

    if (size > 4096)
        return 0;
    first = strndup((const char *)data, half);
    second = strndup((const char *)data + half, size - half);
    check(!row_set_new((const char *const[]){"a", "b"}, 2, &rows));
    check(row_set_add(rows, (const char *const[]){first, second}) == 0);
    row_set_seal(rows);
    check(utf8_valid(rows->text, rows->offsets[1]));
    check(!memchr(rows->text, '\n', rows->offsets[1]));
    check_label(rows, "a", first);
    check_label(rows, "b", second);
    row_set_unref(rows);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/field.h"

/* Joins the lines of a header that a request repeats. HTTP threads. */

#include <strings.h>

struct lines {
    const char *name;
    const char *first; /* NULL if there is none yet */
    struct buffer *all;
};

static enum MHD_Result on_line(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct lines *lines = data;

    (void)kind;
    if (!value || strcasecmp(name, lines->name) != 0)
        return MHD_YES;
    if (!lines->first) {
        lines->first = value;
        return MHD_YES;
    }
    if (lines->all->size == 0)
        buffer_text(lines->all, lines->first);
    buffer_text(lines->all, ", ");
    buffer_text(lines->all, value);
    return MHD_YES;
}

const char *field_list(struct MHD_Connection *connection, const char *name, struct buffer *storage)
{
    struct lines lines = {.name = name, .all = storage};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, on_line, &lines);
    if (!storage->size)
        return lines.first;
    buffer_append(storage, "", 1);
    return storage->error ? lines.first : storage->data;
}

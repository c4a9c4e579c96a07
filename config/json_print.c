/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/json_print.h"

/* Prints a JSON document as people write it. Main thread. */

#include <errno.h>

enum { LINE_MAX_SIZE = 90 };

static void new_line(struct buffer *out, unsigned depth)
{
    buffer_printf(out, "\n%*s", (int)depth * 4, "");
}

static void print_scalar(struct buffer *out, const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);

    if (text)
        buffer_text(out, text);
    else
        out->error = -ENOMEM;
    cJSON_free(text);
}

/* Puts as many items on a line as fit. */
static void print_list(struct buffer *out, const cJSON *list, unsigned depth)
{
    size_t line = out->size - depth * 4; /* approximate column where the line begins */
    const cJSON *item;

    buffer_text(out, "[");
    cJSON_ArrayForEach(item, list)
    {
        if (out->size - line > LINE_MAX_SIZE) {
            line = out->size;
            new_line(out, depth + 1);
        } else if (item->prev->next) {
            buffer_text(out, " ");
        }
        print_scalar(out, item);
        buffer_text(out, item->next ? "," : "");
    }
    buffer_text(out, "]");
}

static void print_object(struct buffer *out, const cJSON *object, unsigned depth)
{
    const cJSON *item;

    buffer_text(out, "{");
    cJSON_ArrayForEach(item, object)
    {
        new_line(out, depth + 1);
        buffer_printf(out, "\"%s\": ", item->string); /* our own keys need no escaping */
        if (cJSON_IsObject(item))
            print_object(out, item, depth + 1);
        else if (cJSON_IsArray(item))
            print_list(out, item, depth + 1);
        else
            print_scalar(out, item);
        buffer_text(out, item->next ? "," : "");
    }
    new_line(out, depth);
    buffer_text(out, "}");
}

void json_print(const cJSON *object, struct buffer *out)
{
    print_object(out, object, 0);
    buffer_text(out, "\n");
}

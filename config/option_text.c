/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes options for people to read (option.h): allowed values, and meaning. Pure. */

#include "config/option.h"

#include <inttypes.h>
#include <stdio.h>

#include "config/duration.h"

static void allowed_choices(const struct option *option, char text[OPTION_TEXT_MAX])
{
    size_t size = 0;

    for (size_t i = 0; option->choices[i] && size < OPTION_TEXT_MAX; i++) {
        const char *separator = i == 0 ? "" : option->choices[i + 1] ? ", " : " or ";

        size +=
            (size_t)snprintf(text + size, OPTION_TEXT_MAX - size, "%s\"%s\"", separator, option->choices[i]);
    }
}

void option_allowed(const struct option *option, char text[OPTION_TEXT_MAX])
{
    char min[DURATION_TEXT_MAX], max[DURATION_TEXT_MAX];

    text[0] = '\0';
    if (option->type == OPTION_CHOICE)
        allowed_choices(option, text);
    if (option->max == 0)
        return;
    switch (option->type) {
    case OPTION_UINT:
        (void)snprintf(text, OPTION_TEXT_MAX, "%" PRIu64 " to %" PRIu64, option->min, option->max);
        break;
    case OPTION_DURATION:
        duration_text(option->min, min);
        duration_text(option->max, max);
        (void)snprintf(text, OPTION_TEXT_MAX, "%s to %s", min, max);
        break;
    case OPTION_LIST:
        (void)snprintf(text, OPTION_TEXT_MAX, "%" PRIu64 " to %" PRIu64 " items", option->min, option->max);
        break;
    default:
        break;
    }
}

void option_text(const struct option *option, const void *settings, struct buffer *out)
{
    const void *field = (const char *)settings + option->offset;
    const struct string_list *list = field;
    char duration[DURATION_TEXT_MAX];

    switch (option->type) {
    case OPTION_BOOL:
        buffer_text(out, *(const bool *)field ? "true" : "false");
        break;
    case OPTION_UINT:
        buffer_uint64(out, *(const uint64_t *)field);
        break;
    case OPTION_DURATION:
        duration_text(*(const uint64_t *)field, duration);
        buffer_text(out, duration);
        break;
    case OPTION_STRING:
        buffer_text(out, *(char *const *)field ? *(char *const *)field : "");
        break;
    case OPTION_LIST:
        for (size_t i = 0; i < list->count; i++)
            buffer_printf(out, "%s%s", i ? "," : "", list->items[i]);
        break;
    case OPTION_CHOICE:
        buffer_text(out, option->choices[*(const unsigned *)field]);
        break;
    }
}

bool option_is_default(const struct option *option, const void *settings)
{
    _cleanup_(buffer_done) struct buffer text = {};

    option_text(option, settings, &text);
    buffer_append(&text, "", 1);
    return !text.error && strcmp(text.data, option->default_text ? option->default_text : "") == 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/generate/manual.h"

/* Writes the parts of the manual pages that come from the program's tables. Main thread of the generator. */

#include <stdint.h>
#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/cli/cli_flags.h"
#include "daemon/generate/keys.h"

enum { LINE_WIDTH = 72 }; /* of the source, before escaping */

/* Escapes text for roff, so that it prints ASCII as ASCII. */
static void roff(struct buffer *out, const char *text, size_t size)
{
    static const char *const escapes[UINT8_MAX + 1] = {
        ['\\'] = "\\e", ['-'] = "\\-", ['\''] = "\\(aq", ['^'] = "\\(ha", ['~'] = "\\(ti", ['`'] = "\\(ga",
    };

    if (size && *text == '.')
        buffer_text(out, "\\&");
    for (size_t i = 0; i < size; i++) {
        const char *escape = escapes[(unsigned char)text[i]];

        if (escape)
            buffer_text(out, escape);
        else
            buffer_append(out, &text[i], 1);
    }
}

/* Makes one sentence of the words, on lines of its own: with a capital and a full stop. */
static void roff_sentence(struct buffer *out, const char *text)
{
    size_t column = 0;

    for (const char *word = text; *word; word += strcspn(word, " "), word += strspn(word, " ")) {
        size_t size = strcspn(word, " ");
        char first = word == text ? to_upper(*word) : *word;

        if (word != text)
            buffer_text(out, column + size > LINE_WIDTH ? "\n" : " ");
        column = (word != text && column + size > LINE_WIDTH ? 0 : column) + size + 1;
        roff(out, &first, 1);
        roff(out, word + 1, size - 1);
    }
    buffer_text(out, ".\n");
}

/* The same, for a buffer, which it ends. */
static void roff_buffer(struct buffer *out, struct buffer *text)
{
    buffer_append(text, "", 1);
    if (text->error)
        out->error = text->error;
    else
        roff_sentence(out, text->data);
}

static void roff_bold(struct buffer *out, const char *text)
{
    buffer_text(out, "\\fB");
    roff(out, text, strlen(text));
    buffer_text(out, "\\fR");
}

static void roff_italic(struct buffer *out, const char *text, size_t size)
{
    buffer_text(out, "\\fI");
    roff(out, text, size);
    buffer_text(out, "\\fR");
}

static void flag_argument(struct buffer *out, const char *argument)
{
    bool optional = *argument == '[';

    buffer_text(out, optional ? "[=" : "=");
    roff_italic(out, argument + optional, strcspn(argument + optional, "]"));
    buffer_text(out, optional ? "]\n" : "\n");
}

void manual_flags(struct buffer *out)
{
    for (size_t i = 0; i < cli_flag_count; i++) {
        const struct flag *flag = &cli_flags[i];

        if (flag->group)
            buffer_printf(out, ".SS %s\n", flag->group);
        buffer_text(out, ".TP\n\\fB\\-\\-");
        roff(out, flag->name, strlen(flag->name));
        buffer_text(out, "\\fR");
        if (flag->argument)
            flag_argument(out, flag->argument);
        else
            buffer_text(out, "\n");
        roff_sentence(out, flag->help);
    }
}

void manual_collectors(struct buffer *out)
{
    for (size_t i = 0; i < collector_count; i++) {
        _cleanup_(buffer_done) struct buffer needs = {};

        buffer_text(out, ".TP\n");
        roff_bold(out, collectors[i]->name);
        buffer_text(out, "\n");
        roff_sentence(out, collectors[i]->summary);
        buffer_printf(&needs, "needs %s", collector_needs(collectors[i]));
        roff_buffer(out, &needs);
    }
}

static void key_section(struct buffer *out, const char *title)
{
    buffer_printf(out, ".SS %s\n", title);
}

static void key_entry(struct buffer *out, const char *key, const struct option *option, const char *usual,
                      const char *only)
{
    char allowed[OPTION_TEXT_MAX];
    const char *type = key_type_name(option->type);
    _cleanup_(buffer_done) struct buffer text = {};

    option_allowed(option, allowed);
    buffer_text(out, ".TP\n");
    roff_bold(out, key);
    buffer_text(out, " (");
    roff_italic(out, type, strlen(type));
    buffer_text(out, ")\n");
    roff_sentence(out, option->help);
    if (*allowed)
        roff_sentence(out, allowed);
    buffer_printf(&text, "default: %s", usual);
    roff_buffer(out, &text);
    if (only)
        roff_sentence(out, only);
    if (option->restart)
        roff_sentence(out, "takes effect at a restart, not at a reload");
}

void manual_keys(struct buffer *out)
{
    static const struct key_writer writer = {.section = key_section, .key = key_entry};

    keys_write(out, &writer);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes tables of the program as Markdown. Main thread of the generator. */
#include "daemon/generate/reference.h"

#include <string.h>

#include "base/character.h"
#include "collectors/collector.h"
#include "collectors/meaning/drop_meaning.h"
#include "daemon/generate/keys.h"

static void key_section(struct buffer *out, const char *title)
{
    bool is_path = !strchr(title, ' ');

    buffer_printf(out, is_path ? "\n### `%s`\n\n" : "\n### %s\n\n", title);
}

/* Writes a default as code, or as words if it is described. */
static void key_default(struct buffer *out, const char *usual)
{
    bool words = strncmp(usual, "the ", 4) == 0 || strcmp(usual, "empty") == 0 ||
                 strncmp(usual, "as ", 3) == 0 || strchr(usual, ';');

    buffer_printf(out, words ? "default: %s" : "default: `%s`", usual);
}

static void key_entry(struct buffer *out, const char *key, const struct option *option, const char *usual,
                      const char *only)
{
    char allowed[OPTION_TEXT_MAX];

    option_allowed(option, allowed);
    buffer_printf(out, "- **`%s`** (%s", key, key_type_name(option->type));
    if (*allowed)
        buffer_printf(out, ", %s", allowed);
    buffer_text(out, "; ");
    key_default(out, usual);
    if (only)
        buffer_printf(out, "; %s", only);
    buffer_printf(out, "). %c%s.%s\n", to_upper(*option->help), option->help + 1,
                  option->restart ? " *Takes a restart.*" : "");
}

void reference_keys(struct buffer *out)
{
    static const struct key_writer writer = {.section = key_section, .key = key_entry};

    keys_write(out, &writer);
}

void reference_collectors(struct buffer *out)
{
    buffer_text(out, "| collector | what it reads | needs |\n|---|---|---|\n");
    for (size_t i = 0; i < collector_count; i++)
        buffer_printf(out, "| `%s`%s | %s | %s |\n", collectors[i]->name,
                      collectors[i]->enabled ? "" : " (off by default)", collectors[i]->summary,
                      collector_needs(collectors[i]));
}

/* Writes a reason or function as code, or "none" if the kernel gives none. */
static void code(const char *name, struct buffer *out)
{
    if (name && *name)
        buffer_printf(out, "`%s`", name);
    else
        buffer_text(out, name ? "none" : "any");
}

static const char *circumstance(const struct drop_meaning *entry)
{
    switch (entry->circumstance) {
    case DROP_NO_CARRIER:
        return ", without carrier";
    case DROP_TO_GROUP:
        return ", broadcast or multicast";
    case DROP_TO_HOST:
        return ", to this host alone";
    default:
        return entry->decides ? ", whatever the reason" : "";
    }
}

void reference_drop_reasons(struct buffer *out)
{
    const struct drop_meaning *entry;

    buffer_text(out, "| reason | function | class | stage | cause | what happened | what to do |\n"
                     "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; (entry = drop_meaning_at(i)); i++) {
        const struct cause_meaning *cause = &cause_meanings[entry->cause];
        const struct remedy *remedy = &remedies[cause->remedy];

        buffer_text(out, "| ");
        code(entry->reason, out);
        buffer_text(out, " | ");
        code(entry->function, out);
        buffer_printf(out, "%s | %s | %s | %s | %s | [%s](%s.md) |\n", circumstance(entry),
                      loss_class_name(cause->loss_class), stage_name(cause->stage), cause->name,
                      entry->sentence, remedy->advice, remedy->page);
    }
}

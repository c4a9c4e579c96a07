/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to standard output what is made from the program's tables: the default configuration file, its JSON
 * schema, a file of packaging/ with its parts filled in, or the table of docs/runbook/drop-reasons.md. Built
 * and run by meson and the tests, never installed: what it writes is. In daemon/, because configuration knows
 * no collector, and this needs them all.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/meaning/drop_meaning.h"
#include "daemon/generate/render.h"
#include "daemon/generate/template.h"
#include "daemon/settings/settings.h"

static int fill(const char *path, struct buffer *out)
{
    _cleanup_(fclosep) FILE *file = fopen(path, "re");
    _cleanup_(freep) char *text = NULL;
    size_t capacity = 0;
    ssize_t size = file ? getdelim(&text, &capacity, '\0', file) : -1;

    return size < 0 ? -EIO : template_fill(text, (size_t)size, out);
}

/* A reason or function as code; "none" where the kernel gives none. */
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

static void drop_reasons(struct buffer *out)
{
    const struct drop_meaning *entry;

    buffer_text(out, "| reason | function | class | what happened | what to do |\n|---|---|---|---|---|\n");
    for (size_t i = 0; (entry = drop_meaning_at(i)); i++) {
        const struct remedy *remedy = &remedies[entry->remedy];

        buffer_text(out, "| ");
        code(entry->reason, out);
        buffer_text(out, " | ");
        code(entry->function, out);
        buffer_printf(out, "%s | %s | %s | [%s](%s.md) |\n", circumstance(entry),
                      loss_class_name(entry->loss_class), entry->sentence, remedy->advice, remedy->page);
    }
}

static int generate(const char *what, struct buffer *out)
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);

    if (!bindings)
        return -ENOMEM;
    if (strcmp(what, "default") == 0)
        return render_default(bindings, count, out);
    if (strcmp(what, "schema") == 0)
        return render_schema(bindings, count, out);
    if (strcmp(what, "drop-reasons") == 0) {
        drop_reasons(out);
        return 0;
    }
    return fill(what, out);
}

/* usage: generate default | schema | drop-reasons | FILE */
int main(int argc, char *argv[])
{
    _cleanup_(buffer_done) struct buffer out = {};
    int error = argc == 2 ? generate(argv[1], &out) : -EINVAL;

    if (error < 0) {
        (void)fprintf(stderr, "generate: %s: %s\n", argc == 2 ? argv[1] : "usage", error_text(error));
        return EXIT_FAILURE;
    }
    if (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes to standard output what is made from the program's tables: a configuration file of all defaults, its
 * JSON schema, a file of packaging/ with its parts filled in, or a part of a document (reference.h).
 * Built and run by meson and the tests, and never installed. One thread. In daemon/, because configuration
 * knows no collector, and this needs them all.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config_print.h"
#include "daemon/generate/node_names.h"
#include "daemon/generate/reference.h"
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

/* Writes every key with its default. */
static int defaults(struct config_binding *bindings, size_t count, struct buffer *out)
{
    int error = 0;

    for (size_t i = 0; i < count; i++) {
        bindings[i].settings = options_new(bindings[i].table);
        if (!bindings[i].settings)
            error = -ENOMEM;
    }
    if (!error)
        error = config_print_json(bindings, count, out);
    for (size_t i = 0; i < count; i++)
        options_free(bindings[i].table, bindings[i].settings);
    return error;
}

static const struct {
    const char *name;
    void (*write)(struct buffer *out);
} references[] = {
    {"keys", reference_keys},
    {"collectors", reference_collectors},
    {"drop-reasons", reference_drop_reasons},
    {"node_names", node_names_document},
};

static int generate(const char *what, struct buffer *out)
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);

    if (!bindings)
        return -ENOMEM;
    if (strcmp(what, "default") == 0)
        return defaults(bindings, count, out);
    if (strcmp(what, "schema") == 0)
        return render_schema(bindings, count, out);
    for (size_t i = 0; i < ELEMENTS(references); i++)
        if (strcmp(what, references[i].name) == 0) {
            references[i].write(out);
            return out->error;
        }
    return fill(what, out);
}

/* usage: generate default | schema | keys | collectors | drop-reasons | node_names | FILE */
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

/*
 * Writes to standard output what is made from the program's tables: the default configuration file, its JSON
 * schema, or a file of packaging/ with its parts filled in. Built and run by meson, never installed: what it
 * writes is. In daemon/, because configuration knows no collector, and this needs them all.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/render.h"
#include "daemon/cleanup.h"
#include "daemon/settings.h"
#include "daemon/template.h"

static int fill(const char *path, struct buffer *out)
{
    _cleanup_(fclosep) FILE *file = fopen(path, "re");
    _cleanup_(freep) char *text = NULL;
    size_t capacity = 0;
    ssize_t size = file ? getdelim(&text, &capacity, '\0', file) : -1;

    return size < 0 ? -EIO : template_fill(text, (size_t)size, out);
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
    return fill(what, out);
}

/* usage: generate default | schema | FILE */
int main(int argc, char *argv[])
{
    _cleanup_(buffer_done) struct buffer out = {};
    int r = argc == 2 ? generate(argv[1], &out) : -EINVAL;

    if (r < 0) {
        (void)fprintf(stderr, "generate: %s: %s\n", argc == 2 ? argv[1] : "usage", strerror(-r));
        return EXIT_FAILURE;
    }
    if (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

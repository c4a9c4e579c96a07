/*
 * Writes the default configuration file, or its JSON schema, to standard output. Built and run by meson,
 * never installed: what it writes is. In daemon/, because configuration knows no collector, and this needs
 * them all.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/render.h"
#include "daemon/cleanup.h"
#include "daemon/settings.h"

int main(int argc, char *argv[])
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);
    _cleanup_(buffer_done) struct buffer out = {};
    int r;

    if (argc != 2 || !bindings || (strcmp(argv[1], "default") != 0 && strcmp(argv[1], "schema") != 0))
        return EXIT_FAILURE;
    r = argv[1][0] == 'd' ? render_default(bindings, count, &out) : render_schema(bindings, count, &out);
    if (r < 0 || fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout))
        return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

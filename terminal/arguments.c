/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/arguments.h"

/* Reads the arguments that netdrop-exporter passes on. Main thread. */

#include <errno.h>
#include <string.h>

#include "base/decimal.h"
#include "terminal/follow.h"

/* Returns what follows NAME=, or NULL if the argument does not begin with it. */
static const char *value_of(const char *argument, const char *name)
{
    size_t size = strlen(name);

    return strncmp(argument, name, size) == 0 && argument[size] == '=' ? argument + size + 1 : NULL;
}

static bool take_number(const char *argument, const char *name, uint64_t *number)
{
    const char *at = value_of(argument, name), *end;

    if (!at)
        return false;
    end = at + strlen(at);
    return decimal_uint64(&at, end, number) && at == end;
}

static bool take_text(const char *argument, const char *name, const char **text)
{
    const char *value = value_of(argument, name);

    if (value)
        *text = value;
    return value;
}

static bool take(struct arguments *arguments, const char *argument)
{
    if (strcmp(argument, "--plain") == 0) {
        arguments->plain = true;
        return true;
    }
    return take_text(argument, "--exporter", &arguments->exporter) ||
           take_text(argument, "--socket", &arguments->socket) ||
           take_text(argument, "--capture", &arguments->capture) ||
           take_number(argument, "--for", &arguments->for_ns) ||
           take_number(argument, "--count", &arguments->count);
}

int arguments_parse(char *argv[], struct arguments *ret_arguments, struct fault *fault)
{
    struct arguments arguments = {.for_ns = FOLLOW_WITHOUT_END, .count = FOLLOW_WITHOUT_END};

    while (*argv && take(&arguments, *argv))
        argv++;
    if (!*argv || !arguments.exporter || !arguments.socket)
        return fault_set(fault, -EINVAL, "run it as netdrop-exporter --watch or --capture=FILE");
    arguments.filter = *argv++;
    arguments.flags = argv;
    *ret_arguments = arguments;
    return 0;
}

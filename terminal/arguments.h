/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The arguments that netdrop-exporter(8) passes when it runs this program in its place. Not an interface for
 * people: they use the flags of netdrop-exporter, which has checked them. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"

struct arguments {
    const char *exporter; /* the program that ran this one */
    const char *socket;   /* of the running service */
    const char *capture;  /* NULL for a view */
    const char *filter;
    bool plain;
    uint64_t for_ns;
    uint64_t count;
    char **flags; /* of netdrop-exporter, for one that is started here; NULL-terminated */
};

/* Reads --exporter=PATH --socket=PATH [--plain] [--capture=FILE] [--for=NS] [--count=N] FILTER [FLAG]... What
 * it returns is borrowed from argv. Returns 0, or -EINVAL with the fault. */
int arguments_parse(char *argv[], struct arguments *ret_arguments, struct fault *fault);

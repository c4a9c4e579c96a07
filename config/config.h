/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * From keys to structs: applies a JSON document, or one KEY=VALUE, to settings structs through their option
 * tables. It knows tables, not what they are of. Whatever is wrong goes to the report, all of it, each with
 * its key and line: whether the result may be used is in report->errors. Pure; main thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config/json.h"
#include "config/option.h"
#include "config/report.h"

/* A section of the configuration and the struct that it fills. */
struct config_binding {
    char section[64]; /* "web", "collectors.link"; several may have parts of one */
    const struct option_table *table;
    void *settings;
    const char *inherits; /* the section that holds where this one is not given, so that the default file
                             leaves it out; NULL: none */
};

struct config {
    const struct config_binding *bindings;
    size_t count;
    bool warn_unknown; /* an unknown key is a warning, not an error */
    struct report *report;
    uint64_t unknown_keys;   /* met so far */
    const struct json *json; /* which config_apply() is at */
};

void config_apply(struct config *config, const struct json *json);

/* Applies "collectors.link.interval=5s". */
void config_set(struct config *config, const char *assignment);

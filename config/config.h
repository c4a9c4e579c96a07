/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Applies a JSON document, or one KEY=VALUE, to settings structs through their option tables. It knows the
 * tables, not their meaning. It reports every mistake with its key and line; report->errors says whether the
 * result may be used. Pure; main thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config/json.h"
#include "config/option.h"
#include "config/report.h"

/* Where a value comes from. */
struct config_origin {
    const char *source; /* the report's, or what config_origin() was given; NULL for the default */
    unsigned line;      /* 0 if there is none */
};

/* A section of the configuration and the struct that it fills. */
struct config_binding {
    char section[64]; /* "web", "collectors.link"; several bindings may share one */
    const struct option_table *table;
    void *settings;
    const char *inherits; /* the section that applies if this one is not given, so that the default file omits
                             it; NULL if none */
    struct config_origin *origins; /* one for each option of the table; NULL if not wanted */
};

struct config {
    const struct config_binding *bindings;
    size_t count;
    bool warn_unknown; /* an unknown key is a warning, not an error */
    struct report *report;
    uint64_t unknown_keys;   /* found so far */
    const struct json *json; /* the document that config_apply() is reading */
};

void config_apply(struct config *config, const struct json *json);

/* Applies "collectors.link.interval=5s". */
void config_set(struct config *config, const char *assignment);

/* Makes the file that set the key, or what else did, the source of the report's next lines. Returns the line
 * there, or 0. */
unsigned config_blame(struct config *config, const char *path);

/* Reports each option that needs another one and was set without it; once all is applied. */
void config_check_needs(struct config *config);

/* Records that the value of this key now comes from `source`. */
void config_origin(struct config *config, const char *path, const char *source);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Option tables: how a struct of settings is described once, as data, and from there parsed (JSON and
 * --set=KEY=VALUE), given defaults, compared, freed, documented (--help, the default file, the JSON schema,
 * the man page). A module that has settings brings a table; nothing else knows its keys.
 *
 * Pure; no thread of its own. Settings structs are immutable once made and then may be shared.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "config/string_list.h"

enum {
    OPTION_LIST_ITEMS_MAX = 1024,
    OPTION_TEXT_MAX = 160, /* room for what option_allowed() writes */
};

enum option_type {
    OPTION_BOOL,     /* bool;               "true", "false" */
    OPTION_UINT,     /* uint64_t;           decimal, within min .. max */
    OPTION_DURATION, /* uint64_t, ns;       one number and one unit: "500ms", "10s", "1m", "2h" */
    OPTION_STRING,   /* char *;             UTF-8, no control characters */
    OPTION_LIST,     /* struct string_list; as text comma-separated, "" is the empty list */
    OPTION_CHOICE,   /* unsigned;           index into choices */
};

struct option {
    const char *key; /* below the table's section; a dot opens a sub-object: "statistics.include" */
    enum option_type type;
    size_t offset;              /* of the field in the struct */
    const char *default_text;   /* as --set takes it; NULL: a string that is not there */
    uint64_t min, max;          /* OPTION_UINT as is, OPTION_DURATION in ns, OPTION_LIST items; max 0: none */
    const char *const *choices; /* OPTION_CHOICE: NULL-terminated */
    const char *help;           /* one line */

    /* OPTION_STRING, each item of an OPTION_LIST: what else must hold; -EINVAL with the fault saying it. */
    int (*check)(const char *text, struct fault *fault);
    bool unique;  /* OPTION_LIST: no item twice */
    bool restart; /* a new value takes effect at a restart only, not at a reload */
};

struct option_table {
    const struct option *options;
    size_t count;
    size_t struct_size; /* of the struct that it describes */
};

/* The table of an array of options, and of the struct type that they describe. */
#define OPTION_TABLE(array, type)                                                                            \
    {                                                                                                        \
        .options = (array), .count = ELEMENTS(array), .struct_size = sizeof(type)                            \
    }

/* A struct with every option at its default; NULL: out of memory. Freed by options_free(). */
void *options_new(const struct option_table *table);
void options_free(const struct option_table *table, void *settings); /* accepts NULL */

/* The same for a struct embedded by value, all zeros before. -ENOMEM: nothing is left to free. */
int options_init(const struct option_table *table, void *settings);
void options_done(const struct option_table *table, void *settings);

/* Sets one option from text, as --set and the defaults do. -EINVAL with the fault saying what is wrong and
 * what is allowed, or -ENOMEM; the old value then stays. */
int option_set_text(const struct option *option, void *settings, const char *text, struct fault *fault);

/* The same for an OPTION_LIST whose items may hold commas. The items are copied. */
int option_set_list(const struct option *option, void *settings, const char *const *items, size_t count,
                    struct fault *fault);

/* Gives `to` the value that `from` has. -ENOMEM; the old value then stays. */
int option_copy(const struct option *option, void *to, const void *from);

/* True where both structs hold the same setting, or settings: what a reload need not restart. */
bool option_equal(const struct option *option, const void *a, const void *b);
bool options_equal(const struct option_table *table, const void *a, const void *b);

/* What is allowed, in words: "100ms to 1h", "\"all\" or \"loss\""; "" where the type says it all. */
void option_allowed(const struct option *option, char text[OPTION_TEXT_MAX]);

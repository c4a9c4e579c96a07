/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Option tables describe a struct of settings once, as data. From the table it is parsed (JSON and
 * --set=KEY=VALUE), given defaults, compared, freed and documented (--help, the default file, the JSON
 * schema, the man page). A module with settings has a table; nothing else knows its keys.
 *
 * Pure; any thread. Settings structs are immutable once made, and then may be shared.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
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
    size_t offset;            /* of the field in the struct */
    const char *default_text; /* as --set takes it; NULL for an absent string */
    uint64_t min, max; /* OPTION_UINT as is, OPTION_DURATION in ns, OPTION_LIST items; max 0 is no limit */
    const char *const *choices; /* OPTION_CHOICE: NULL-terminated */
    const char *help;           /* one line */

    /* OPTION_STRING, and each item of an OPTION_LIST: checks the text further. Returns 0, or -EINVAL with the
     * fault. */
    int (*check)(const char *text, struct fault *fault);
    /* OPTION_LIST: returns why an allowed item is probably a mistake, or NULL if it may be right. */
    const char *(*doubt)(const char *item);
    /* Another option, by its whole key, or NULL: if that has its default, this one must have its own, too. */
    const char *needs;
    bool unique;  /* OPTION_LIST: no item twice */
    bool restart; /* a new value takes effect at a restart only, not at a reload */

    /* A value with which there are more series, or fewer, than usual: --list-collectors tells how many. NULL
     * if their number does not depend on it, or cannot be known before. */
    const char *other_series;
};

struct option_table {
    const struct option *options;
    size_t count;
    size_t struct_size; /* size of the struct that it describes */
};

/* The table of an array of options, and of the struct type that they describe. */
#define OPTION_TABLE(array, type)                                                                            \
    {                                                                                                        \
        .options = (array), .count = ELEMENTS(array), .struct_size = sizeof(type)                            \
    }

/* Returns a struct with every option at its default, or NULL if memory runs out. Free it with options_free().
 * */
void *options_new(const struct option_table *table);
void options_free(const struct option_table *table, void *settings); /* accepts NULL */

/* Does the same for an embedded struct, which must be all zeros. Returns 0, or -ENOMEM, after which nothing
 * is left to free. */
int options_init(const struct option_table *table, void *settings);
void options_done(const struct option_table *table, void *settings);

/* Sets one option from text, as --set and the defaults do. Returns 0, -EINVAL with the fault saying what is
 * wrong and what is allowed, or -ENOMEM. On failure the old value stays. */
int option_set_text(const struct option *option, void *settings, const char *text, struct fault *fault);

/* Does the same for an OPTION_LIST whose items may hold commas. The items are copied. */
int option_set_list(const struct option *option, void *settings, const char *const *items, size_t count,
                    struct fault *fault);

/* Returns why the next doubtful item from number *index on is doubtful, or NULL if there is none. */
const char *option_doubt(const struct option *option, const void *settings, size_t *index,
                         const char **ret_item);

/* Copies the value of one option from `from` to `to`. Returns 0, or -ENOMEM, and then the old value stays. */
int option_copy(const struct option *option, void *to, const void *from);

/* Return true if both structs hold the same setting, or settings: a reload then need not restart anything. */
bool option_equal(const struct option *option, const void *a, const void *b);
bool options_equal(const struct option_table *table, const void *a, const void *b);

/* Writes what is allowed, in words: "100ms to 1h", "\"all\" or \"loss\""; "" if the type says it all. */
void option_allowed(const struct option *option, char text[OPTION_TEXT_MAX]);

/* Returns true if the option has its default. */
bool option_is_default(const struct option *option, const void *settings);

/* Appends the value of the option, as --set takes it. */
void option_text(const struct option *option, const void *settings, struct buffer *out);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Which devices are looked at: one filter serves every collector, a collector's own replaces it. Pure and
 * immutable once configured.
 */

#include <stdbool.h>

#include "config/option.h"

struct device_filter {
    struct string_list include;       /* globs on the device's name */
    struct string_list exclude;       /* globs on the device's name */
    struct string_list exclude_kinds; /* globs on IFLA_INFO_KIND, "physical", "loopback" */
};

extern const struct option_table device_filter_options; /* keys "include", "exclude", "exclude_kinds" */

/* The same three options inside a larger struct: `prefix` ("devices.") goes before the keys, `member` is the
 * struct device_filter in `settings`. With a prefix they are a collector's own, which need not be given. */
#define DEVICE_FILTER_OPTIONS(prefix, settings, member)                                                       \
    {.key = prefix "include",                                                                                 \
     .type = OPTION_LIST,                                                                                     \
     .offset = offsetof(settings, member.include),                                                            \
     .default_text = "*",                                                                                     \
     .inherited = sizeof(prefix) > 1,                                                                         \
     .help = "device names to look at (globs)"},                                                              \
        {.key = prefix "exclude",                                                                             \
         .type = OPTION_LIST,                                                                                 \
         .offset = offsetof(settings, member.exclude),                                                        \
         .default_text = "",                                                                                  \
         .inherited = sizeof(prefix) > 1,                                                                     \
         .help = "device names to leave out (globs)"},                                                        \
    {                                                                                                         \
        .key = prefix "exclude_kinds", .type = OPTION_LIST,                                                   \
        .offset = offsetof(settings, member.exclude_kinds), .default_text = "veth",                           \
        .inherited = sizeof(prefix) > 1,                                                                      \
        .help =                                                                                               \
            "link kinds to leave out (globs); none by default elsewhere than in the host's network namespace" \
    }

/* True where the device passes: name matches an include, no exclude; kind matches no exclude_kinds. */
bool device_filter_match(const struct device_filter *filter, const char *name, const char *kind);

/* True where a user gave one of the lists: a collector's own filter then replaces the global one. */
bool device_filter_is_set(const struct device_filter *filter);

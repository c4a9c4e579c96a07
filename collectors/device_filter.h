/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Decides which devices are shown. One filter serves every collector; a collector's own filter replaces it.
 * Pure, and immutable once configured.
 */

#include <stdbool.h>
#include <stddef.h>

#include "config/option.h"

struct device_filter {
    struct string_list include;       /* globs on the device's name */
    struct string_list exclude;       /* globs on the device's name */
    struct string_list exclude_kinds; /* globs on IFLA_INFO_KIND, "physical", "loopback" */
};

extern const struct option_table device_filter_options; /* the keys "include", "exclude", "exclude_kinds" */

/* Returns true if the device passes: name matches an include, no exclude; kind matches no exclude_kinds. */
bool device_filter_match(const struct device_filter *filter, const char *name, const char *kind);

/* Adds a note to the fault if the filter leaves no device of several, for a mistyped filter is silent
 * otherwise. */
void device_filter_note(size_t devices, size_t left, struct fault *fault);

/* Returns true if a user gave one of the lists: a collector's own filter then replaces the global one. */
bool device_filter_is_set(const struct device_filter *filter);

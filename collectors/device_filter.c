/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/device_filter.h"

/* See device_filter.h. Any thread. */

#include <fnmatch.h>

#include "base/cleanup.h"

/* The macro wants the filter inside a struct. */
struct alone {
    struct device_filter filter;
};

static const struct option options[] = {DEVICE_FILTER_OPTIONS("", struct alone, filter)};

const struct option_table device_filter_options = {
    .options = options,
    .count = ELEMENTS(options),
    .struct_size = sizeof(struct alone),
};

static bool matches(const struct string_list *globs, const char *text)
{
    for (size_t i = 0; i < globs->count; i++)
        if (fnmatch(globs->items[i], text, 0) == 0)
            return true;
    return false;
}

bool device_filter_match(const struct device_filter *filter, const char *name, const char *kind)
{
    return matches(&filter->include, name) && !matches(&filter->exclude, name) &&
           !matches(&filter->exclude_kinds, kind);
}

bool device_filter_is_set(const struct device_filter *filter)
{
    return filter->include.set || filter->exclude.set || filter->exclude_kinds.set;
}

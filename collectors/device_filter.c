/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/device_filter.h"

/* Decides which devices are shown, by name and kind. Pure; any thread. */

#include <fnmatch.h>

#include "config/glob.h"

static const struct option options[] = {
    {
        .key = "include",
        .type = OPTION_LIST,
        .doubt = glob_doubt,
        .offset = offsetof(struct device_filter, include),
        .default_text = "*",
        .help = "device names to look at (globs)",
    },
    {
        .key = "exclude",
        .type = OPTION_LIST,
        .doubt = glob_doubt,
        .offset = offsetof(struct device_filter, exclude),
        .default_text = "",
        .help = "device names to leave out (globs)",
    },
    {
        .key = "exclude_kinds",
        .type = OPTION_LIST,
        .doubt = glob_doubt,
        .offset = offsetof(struct device_filter, exclude_kinds),
        .default_text = "veth",
        .help = "link kinds to leave out (globs); none by default outside of the host's network "
                "namespace",
    },
};

const struct option_table device_filter_options = OPTION_TABLE(options, struct device_filter);

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

void device_filter_note(size_t devices, size_t left, struct fault *fault)
{
    if (devices && !left)
        fault_note(fault,
                   "without any device: the filter leaves none of %zu (include, exclude, exclude_kinds)",
                   devices);
}

bool device_filter_is_set(const struct device_filter *filter)
{
    return filter->include.set || filter->exclude.set || filter->exclude_kinds.set;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/collector.h"

/* What is the same for every collector. Its own thread opens and closes it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static const struct option common_options[COLLECTOR_OPTION_COUNT] = {
    [COLLECTOR_OPTION_ENABLED] =
        {
            .key = "enabled",
            .type = OPTION_BOOL,
            .offset = offsetof(struct collector_common, enabled),
            .help = "whether the collector runs",
        },
    [COLLECTOR_OPTION_INTERVAL] =
        {
            .key = "interval",
            .type = OPTION_DURATION,
            .offset = offsetof(struct collector_common, interval_ns),
            .min = NS_PER_SECOND / 10,
            .max = 3600 * NS_PER_SECOND,
            .help = "longest time between two collections; requests get new numbers at once",
        },
    [COLLECTOR_OPTION_MAX_AGE] =
        {
            .key = "max_age",
            .type = OPTION_DURATION,
            .offset = offsetof(struct collector_common, max_age_ns),
            .default_text = "30s",
            .min = NS_PER_SECOND,
            .max = 24 * 3600 * NS_PER_SECOND,
            .help = "age from which numbers are no longer served; never less than three intervals",
        },
};

void collector_options(const struct collector *collector, struct collector_options *ret_options)
{
    memcpy(ret_options->options, common_options, sizeof(common_options));
    ret_options->options[COLLECTOR_OPTION_ENABLED].default_text = collector->enabled ? "true" : "false";
    ret_options->options[COLLECTOR_OPTION_INTERVAL].default_text = collector->interval;
    ret_options->table = (struct option_table)OPTION_TABLE(ret_options->options, struct collector_common);
}

int collector_open(const struct collector *collector, const struct collector_context *context,
                   struct collector_state **ret_state, struct fault *fault)
{
    struct collector_state *state = calloc(1, collector->state_size);
    int error;

    if (!state)
        return fault_set(fault, -ENOMEM, "out of memory");
    error = collector->open(state, context, fault);
    if (error < 0) {
        (void)collector_close(collector, state);
        return error;
    }
    *ret_state = state;
    return 0;
}

struct collector_state *collector_close(const struct collector *collector, struct collector_state *state)
{
    if (state)
        collector->close(state);
    free(state);
    return NULL;
}

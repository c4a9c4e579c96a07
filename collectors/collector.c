/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/collector.h"

/* What is the same for every collector. Its own thread opens and closes it. */

#include <errno.h>
#include <stdlib.h>

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

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/run/handover_set.h"

/* Fills the hand-over of each collector at start. Main thread. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

struct handover *handover_set_new(void)
{
    return calloc(collector_count, sizeof(struct handover));
}

struct handover *handover_set_free(struct handover *handovers)
{
    for (size_t i = 0; handovers && i < collector_count; i++)
        handover_done(&handovers[i]);
    free(handovers);
    return NULL;
}

static void take_by_name(struct handover *handover, const char *name, struct systemd_fds *passed)
{
    for (size_t i = 0; i < passed->count; i++) {
        struct systemd_fd *item = &passed->items[i];

        if (item->fd < 0 || strcmp(item->name, name) != 0)
            continue;
        handover_put(handover, name, take_fd(&item->fd));
        return;
    }
}

void handover_set_take(struct handover *handovers, struct systemd_fds *passed)
{
    for (size_t i = 0; i < collector_count; i++)
        for (size_t k = 0; collectors[i]->handles && collectors[i]->handles[k]; k++)
            take_by_name(&handovers[i], collectors[i]->handles[k], passed);
}

void handover_set_open_one(struct handover *handover, const struct settings *settings, struct limits *limits,
                           size_t i)
{
    const struct collector_context context = settings_context(settings, i, limits, handover);

    if (collectors[i]->open_privileged && handover->count == 0)
        (void)collectors[i]->open_privileged(&context, handover, &handover->fault);
}

void handover_set_open(struct handover *handovers, const struct settings *settings, struct limits *limits)
{
    for (size_t i = 0; i < collector_count; i++)
        if (settings_collector(settings, i)->enabled)
            handover_set_open_one(&handovers[i], settings, limits, i);
}

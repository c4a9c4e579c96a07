/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch.h"

/* Holds the state of the live view. Main thread. */

int watch_init(struct watch *watch, const char *filter, struct fault *fault)
{
    *watch = (struct watch){};
    return filter_new(filter, &watch->filter, fault);
}

void watch_done(struct watch *watch)
{
    watch_sites_done(&watch->sites);
    watch->filter = filter_free(watch->filter);
}

size_t watch_selected(const struct watch *watch)
{
    for (size_t i = 0; i < watch->sites.shown_count; i++)
        if (watch->sites.shown[i]->site.id == watch->selected)
            return i;
    return 0;
}

/* Until the user selects a site, the first one is selected, whichever it is. */
void watch_arrange(struct watch *watch)
{
    watch_sites_arrange(&watch->sites, watch->order, watch->filter);
    for (size_t i = 0; i < watch->sites.shown_count; i++)
        if (watch->sites.shown[i]->site.id == watch->selected)
            return;
    watch->selected = 0;
    watch->open = false;
}

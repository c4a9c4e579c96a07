/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The state of the live view: its data, and what of it is shown. Main thread. */

#include "terminal/watch_sites.h"

enum { WATCH_TEXT_SIZE = 256 };

struct watch {
    struct watch_sites sites;
    struct filter *filter;
    enum watch_order order;
    bool paused;
    char host[RECORD_NAME_SIZE];
    char trouble[WATCH_TEXT_SIZE]; /* why the daemon does not answer; "" if it does */

    uint64_t selected; /* the id of a site; 0 if none is yet */
    size_t first;      /* the first site that is on the screen, of those that are shown */
    bool open;         /* the selected site fills the screen */
    size_t scrolled;   /* lines that it is scrolled by */

    bool asking;                  /* for a filter */
    char answer[WATCH_TEXT_SIZE]; /* the text typed so far */
    char message[WATCH_TEXT_SIZE];
};

/* Makes an empty view; "" is no filter. Returns 0, or a negative errno with the fault, as filter_new(). */
int watch_init(struct watch *watch, const char *filter, struct fault *fault);
void watch_done(struct watch *watch);

/* Sorts the sites, and selects another one if the selected one is gone. */
void watch_arrange(struct watch *watch);

/* Returns the place of the selected site among those that are shown, or 0 if none is. */
size_t watch_selected(const struct watch *watch);

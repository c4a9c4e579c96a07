/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * THE interface: what a collector is. A collector turns what the kernel says into one snapshot. It runs on a
 * thread of its own with blocking straight-line code; it knows no other collector, no reader, no log. All
 * functions are called by that one thread, in the order open, (event | collect)*, close.
 *
 * To add one: its own folder, one line in collectors.c, one subdir() in meson.build, its rows in the README
 * (docs/adding-a-collector.md does it).
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/table/snapshot.h"
#include "collectors/device_filter.h"
#include "collectors/handover.h"
#include "config/option.h"

/* The settings that every collector has. */
struct collector_common {
    bool enabled;
    uint64_t interval_ns;         /* between the starts of two collections */
    uint64_t max_age_ns;          /* an older snapshot is not served; at least three intervals are granted */
    struct device_filter devices; /* replaces the global filter where one of its lists is set */
};

/* Two structs that each collector defines for itself, in its own file: nobody else knows what is in them, so
 * that they can have the same names everywhere, and functions that take them need no casts. */
struct collector_settings; /* what its own options describe */
struct collector_state;    /* what it keeps while it is open */

/* What every collector is given at open; outlives its state. */
struct collector_context {
    const struct collector_settings *settings; /* NULL where it has no options of its own */
    const char *procfs;                        /* --path.procfs, "/proc" */
    const struct device_filter *devices;       /* the filter that holds for this collector */
    struct limits *limits;
    const atomic_bool *ending; /* set once nobody wants the numbers any more: what is long may be cut short,
                                  so that close() comes in time; NULL: never */
    struct handover *handover; /* what open_privileged() opened; only for collectors that have one */
};

struct collector {
    const char *name;    /* [a-z_]+: the flag --collector.NAME, the key collectors.NAME, the label */
    const char *summary; /* one line for --help, --list-collectors, the page */
    const char *needs;   /* capability, module or kernel it needs; "nothing" */
    bool listens;        /* it counts only while it is open: --once gives it time before it collects */

    /* Its keys, below collectors.NAME. Every collector has `enabled`, `interval` and `max_age`. */
    bool enabled; /* the default of that key */
    /* The default of that key, as a user writes it: "1s". It divides 15 s, by which most scrape: with 10 s a
     * scrape sees 10 s of traffic and 20 s in turns, and rates are off by a third. */
    const char *interval;
    bool filters_devices;        /* it looks at devices, and has the keys devices.* too */
    struct option_table options; /* what else it has, in its struct collector_settings; all zeros: nothing */

    size_t state_size; /* of its struct collector_state */

    /*
     * Optional, for a collector that reads what the service could not open, for want of privilege or because
     * its sandbox hides it: opens that, and puts the descriptors into the hand-over, under names of `handles`
     * (NULL-terminated, all collectors' apart). Called once, by netdrop-open or on the main thread before
     * there is any other and before every capability is given up: so it is not retried, must not hang, and
     * what open() can do without privilege does not belong here. On failure a negative errno with the fault,
     * and nothing is handed over. `switch_off`, optional too, undoes what it did for the whole system
     * (handover->started), with privilege, once everybody who read is gone.
     */
    const char *const *handles;
    int (*open_privileged)(const struct collector_context *context, struct handover *handover,
                           struct fault *fault);
    void (*switch_off)(void);

    /*
     * Opens everything the collector needs, into a state that is all zeros; may block, delays nobody. On
     * failure returns a negative errno and fills the fault (fault_unsupported() where the thing is absent or
     * not permitted); what it had opened until then is left to close(). Failures are retried with capped
     * back-off. On success a fault with error 0 may say in its text what was chosen, and why: the log tells
     * it once.
     */
    int (*open)(struct collector_state *state, const struct collector_context *context, struct fault *fault);

    /* Optional pair, for a collector that listens: the descriptor to poll for input between collections, and
     * what to do when it is readable. A failing event() closes and reopens the collector. */
    int (*event_fd)(struct collector_state *state);
    int (*event)(struct collector_state *state, struct fault *fault);

    /*
     * Fills the empty draft. 0, or a negative errno with the fault filled: the draft is then thrown away and
     * the last snapshot stays until it is too old. One device that vanished or says EOPNOTSUPP is skipped:
     * it fails nobody else. With fault->unsupported the collector is closed and reopened with back-off. On
     * success fault_note() may say what it does "without" for now (a file that may not be read), which the
     * log tells once and the page shows as long as collections say so.
     */
    int (*collect)(struct collector_state *state, struct snapshot *draft, struct fault *fault);

    /* Releases what the state holds, however little: all that an open() that failed had come to. The state
     * itself is the caller's. */
    void (*close)(struct collector_state *state);
};

/* Opens and closes a collector, with the memory of its state. On failure *ret_state is untouched, and nothing
 * is left open. Closing accepts NULL, and returns NULL. */
int collector_open(const struct collector *collector, const struct collector_context *context,
                   struct collector_state **ret_state, struct fault *fault);
struct collector_state *collector_close(const struct collector *collector, struct collector_state *state);

enum collector_option {
    COLLECTOR_OPTION_ENABLED,
    COLLECTOR_OPTION_INTERVAL,
    COLLECTOR_OPTION_MAX_AGE,
    COLLECTOR_OPTION_COUNT
};

/* The options that every collector has, with the defaults of one. They describe a struct collector_common,
 * but for its devices, which device_filter_options do. */
struct collector_options {
    struct option options[COLLECTOR_OPTION_COUNT];
    struct option_table table; /* points there: not to be moved */
};

void collector_options(const struct collector *collector, struct collector_options *ret_options);

/* The one table of them (collectors.c), in the order of the page. */
extern const struct collector *const collectors[];
extern const size_t collector_count;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The interface of a collector. A collector turns what the kernel says into one snapshot. It runs on a thread
 * of its own with blocking straight-line code, and knows no other collector, no reader and no log. That one
 * thread calls all functions, in the order open, (event | collect)*, close.
 *
 * To add one: its own folder, one line in collectors.c, one subdir() in meson.build, its section in
 * docs/metrics.md (docs/adding-a-collector.md does it).
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/table/snapshot.h"
#include "collectors/device_filter.h"
#include "collectors/handover.h"
#include "collectors/node_names.h"
#include "config/option.h"

/* The settings that every collector has. */
struct collector_common {
    bool enabled;
    uint64_t interval_ns;         /* the longest between the starts of two collections */
    uint64_t max_age_ns;          /* an older snapshot is not served; never less than three intervals */
    struct device_filter devices; /* replaces the global filter where one of its lists is set */
};

/* Two structs that each collector defines in its own file. Nobody else knows what is in them, so they can
 * have the same names everywhere, and functions that take them need no casts. */
struct collector_settings; /* what its own options describe */
struct collector_state;    /* what it keeps while it is open */

/* What every collector gets at open; it outlives the collector's state. */
struct collector_context {
    const struct collector_settings *settings; /* NULL where it has no options of its own */
    const char *procfs;                        /* --path.procfs, "/proc" */
    const struct device_filter *devices;       /* the filter that applies to this collector */
    struct limits *limits;
    bool node_exporter;        /* its names are wanted too: see struct collector, `node` */
    const atomic_bool *ending; /* set once nobody wants the numbers any more, so that long work can be cut
                                  short and close() comes in time; NULL if it is never set */
    struct handover *handover; /* from open_privileged() and the last instance; NULL if nothing */
};

struct collector {
    const char *name;    /* [a-z_]+: the flag --collector.NAME, the key collectors.NAME, the label */
    const char *summary; /* one line for --help, --list-collectors, the page */
    const char *needs;   /* capability, module or kernel that not every host has; NULL if nothing */
    bool listens;        /* it counts only while it is open, so --once gives it time before it collects */
    bool explains;       /* its counts explain those of others, so it is read after them */
    bool counts_losses;  /* the ledger is incomplete without it; only if it is on by default */
    bool shows_packets;  /* it can attach packets to its snapshots (packet_records.h) */
    /* Optional, where it shows packets: whether the page may have them, with prefixes for addresses. */
    bool (*shows_prefixes)(const struct collector_settings *settings);
    bool holds_rtnl; /* it holds the RTNL lock while it collects, and changes of network settings wait */

    /* Its keys, below collectors.NAME. Every collector has `enabled`, `interval` and `max_age`. */
    bool enabled; /* the default of that key */
    /* The default of that key, as a user writes it: "15s", because requests get fresh numbers anyway. It must
     * divide 15 s, a common scrape interval: with 10 s, scrapes that the collector is too slow for would see
     * 10 s and 20 s of traffic in turn, and rates would be off by a third. */
    const char *interval;
    bool filters_devices;        /* it looks at devices, and has the keys devices.* too */
    struct option_table options; /* what else it has, in its struct collector_settings; all zeros: nothing */

    /* Which of its numbers node_exporter has too: one entry for each of node_exporter's collectors, ending
     * in NULL. NULL if none. Collected only if somebody wants those names. */
    const struct node_names *const *node;

    size_t state_size; /* of its struct collector_state */

    /*
     * Optional, for a collector that reads what the service cannot open, for lack of privilege or because of
     * its sandbox. It opens that and puts the descriptors into the hand-over, under the names in `handles`
     * (NULL-terminated, unique among all collectors). It is called once, by netdrop-open or on the main
     * thread before there is any other and before all capabilities are given up: so it is not retried, must
     * not hang, and must not do what open() can do without privilege. Returns 0, or a negative errno with the
     * fault, and then hands nothing over. `switch_off`, also optional, undoes what it did for the whole
     * system (handover->started), with privilege, once all readers are gone.
     *
     * `kept_as`, also optional, is for descriptors that outlive the process (handover->keepable): it writes
     * what they were opened for. While that text stays the same, within one boot, a restarted exporter gets
     * the same descriptors. If the text is empty, they are opened anew.
     */
    const char *const *handles;
    int (*open_privileged)(const struct collector_context *context, struct handover *handover,
                           struct fault *fault);
    void (*kept_as)(const struct collector_context *context, char text[HANDOVER_KEPT_SIZE]);
    void (*switch_off)(void);

    /*
     * Opens everything the collector needs, into a state that is all zeros. May block, which delays nobody.
     * Returns 0, or a negative errno with the fault (fault_unsupported() if the source is absent or not
     * permitted); close() then releases what was opened so far. Failures are retried with capped back-off. On
     * success the text of a fault with error 0 may say what was chosen and why; the log shows it once.
     */
    int (*open)(struct collector_state *state, const struct collector_context *context, struct fault *fault);

    /* Optional pair, for a collector that listens: the descriptor to poll between collections, and what to do
     * when it is readable. If event() fails, the collector is closed and reopened. */
    int (*event_fd)(struct collector_state *state);
    int (*event)(struct collector_state *state, struct fault *fault);

    /*
     * Fills the empty draft, and adds the attachment if draft->attach says so. Returns 0, or a negative errno
     * with the fault: then the draft is discarded, and the last snapshot stays until it is too old. A device
     * that vanished or says EOPNOTSUPP is skipped and fails no other. With fault->unsupported the collector
     * is closed and reopened with back-off. On success fault_note() may say what it does "without" for now (a
     * file that may not be read); the log says so once, and the page as long as collections do.
     */
    int (*collect)(struct collector_state *state, struct snapshot *draft, struct fault *fault);

    /* Releases what the state holds, even after an open() that failed half-way. The state itself belongs to
     * the caller. */
    void (*close)(struct collector_state *state);
};

/* Returns what it needs, for people. */
static inline const char *collector_needs(const struct collector *collector)
{
    return collector->needs ? collector->needs : "nothing";
}

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

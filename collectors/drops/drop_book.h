/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The book of drops: the source, the sites, and what was read but still needs names. It outlives the settings
 * of an instance of the collector: each instance leaves it in the hand-over to the next one. So no counter
 * decreases at a reload, and no drop is missed or counted twice. One thread.
 */

#include "collectors/drops/drop_burst_table.h"
#include "collectors/drops/drop_cause_table.h"
#include "collectors/drops/drop_open.h"
#include "collectors/drops/drop_source.h"
#include "collectors/drops/drop_spaces.h"
#include "collectors/drops/drop_table.h"
#include "collectors/drops/drop_workloads.h"

/* Drops that were read but still need names. */
struct drop_pending {
    uint64_t location;
    uint64_t count;
    uint64_t segments;
    int ifindex;
    enum drop_netns netns;
    enum drop_protocol protocol;
    enum direction direction;
    unsigned circumstances;
    enum drop_owner owner;
    uint32_t space;
    char device[LINK_DEVICE_SIZE]; /* in that */
    char reason[DROP_REASON_SIZE];
};

struct drop_pending_workload {
    uint64_t cgroup;
    uint64_t location;
    uint64_t count;
    enum drop_netns netns;
    unsigned circumstances;
    char reason[DROP_REASON_SIZE];
};

struct drop_pending_burst {
    uint64_t location;
    int ifindex;
    unsigned circumstances;
    struct drop_bursts came;
    char reason[DROP_REASON_SIZE];
};

/* The bounds of the book. */
struct drop_bounds {
    size_t max_sites;
    size_t max_workloads;
    bool workload_detail;
};

struct drop_book {
    const struct drop_source *source;
    void *source_state; /* NULL if none was adopted yet */
    struct drop_table sites;
    struct drop_table before;       /* what the last instance had counted: to be merged into `sites` */
    struct drop_cause_table causes; /* of this process only, without what was kept */
    struct drop_pending *pending;
    size_t pending_count;
    size_t pending_capacity;
    struct drop_workloads workloads;
    struct drop_workloads udp; /* of full UDP receive buffers, where a tracepoint of their own counts them */
    struct drop_pending_workload *pending_workloads;
    size_t pending_workload_count;
    size_t pending_workload_capacity;
    struct drop_burst_table bursts;
    struct drop_pending_burst *pending_bursts;
    size_t pending_burst_count;
    size_t pending_burst_capacity;
    struct drop_spaces spaces; /* names of other namespaces, if labels show them */
    bool unkept;               /* there is something new since it was kept (drop_kept.h) */
};

/* Returns 0 or -ENOMEM. */
int drop_book_init(struct drop_book *book, const struct drop_bounds *bounds, struct limits *limits);

/* Adopts what was opened, and continues where the last instance left off. Takes over the descriptors that it
 * uses; the caller closes the rest. */
int drop_book_adopt(struct drop_book *book, struct handover *handover, struct drop_opened *opened,
                    const struct drop_options *options, struct fault *fault);

/* Skips everything that was counted until now. Returns 0 or a negative errno. */
int drop_book_pass_over(struct drop_book *book, struct fault *fault);

/* Leaves everything in the hand-over, for the next instance or for handover_done(). If nothing was adopted,
 * what was left there before stays. */
void drop_book_leave(struct drop_book *book, struct handover *handover);

/* Frees a struct drop_book that was left in a hand-over. Accepts NULL. */
void drop_book_free(void *left);

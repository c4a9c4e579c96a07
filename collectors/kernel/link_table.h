/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The links of this network namespace, from ifindex to name, kind, flags and attributes, kept current from
 * RTM_NEWLINK and RTM_DELLINK. A component, not a collector: each user embeds one, with sockets of its own.
 * One thread.
 *
 * A collector that joins numbers with links by ifindex works in rounds, because an ifindex may pass from one
 * device to another between the kernel's answer and the join:
 *
 *     link_table_update()         current before the round
 *     link_table_begin()
 *     ... the dump ...
 *     link_table_drain()          what happened since
 *     links->lost            an ifindex may be another's by now: the round is worth nothing
 *     link_table_join() each      NULL for an ifindex that was deleted or born since: left out this round
 *
 * link_table_round() does all but the last, for who drains on each event.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/kernel/link_parse.h"
#include "collectors/kernel/netlink.h"

struct link_table {
    struct netlink request; /* for the owner's rtnetlink requests too */
    struct netlink listener;
    struct nl_msg *dump; /* the request RTM_GETLINK; its answers hold the statistics too */
    struct limits *limits;

    struct link **items; /* ascending by ifindex */
    size_t count;
    size_t capacity;

    uint64_t generation; /* moves when a link comes or goes or a text of one changes; not for plain numbers */
    uint64_t round;      /* moves at link_table_begin() */
    uint64_t sweep;      /* moves when a resync begins */
    uint64_t synced_ns;  /* when the last resync succeeded; 0 if never */
    size_t removed;      /* links that went since link_table_begin() */
    bool lost;           /* notifications were lost since the last resync: what is here may be untrue */
    bool full;           /* DEVICES_MAX was reached: there are links that are not here */
    bool resync_due;     /* at the next link_table_update() */
    bool follow_peers;   /* set by the owner: in which namespace a link's other end is must be true */
};

/* Opens the sockets; the first link_table_update() fills it. The limits are borrowed. */
int link_table_open(struct link_table *links, struct limits *limits, struct fault *fault);
void link_table_close(struct link_table *links); /* accepts a zeroed struct */

/* Returns the descriptor that is readable when notifications wait. */
int link_table_fd(const struct link_table *links);

/* Takes in the notifications that wait. Lost ones (ENOBUFS) are no error: see `lost`; LIMIT_NOTIFICATIONS
 * counts and a resync is due. */
int link_table_drain(struct link_table *links, struct fault *fault);

/* Drains the socket, and dumps all links if that is due: at first, after a loss, and each minute. `now_ns` is
 * of CLOCK_BOOTTIME. */
int link_table_update(struct link_table *links, uint64_t now_ns, struct fault *fault);

void link_table_begin(struct link_table *links);

struct link *link_table_find(const struct link_table *links, int ifindex); /* NULL if unknown */

/* Does a round up to the join. `dump` asks the kernel, and is called again, a few times, if its answer is
 * worth nothing. Returns 0, -ENOBUFS if it still is then, or another negative errno. */
int link_table_round(struct link_table *links, int (*dump)(void *data, struct fault *fault), void *data,
                     struct fault *fault);

/*
 * Returns the link for a number of this round, or NULL if it is unknown or its ifindex came or went since
 * link_table_begin(). `hint` makes ascending lookups cheap: start it at 0. An ifindex that should be known
 * makes a resync due.
 */
struct link *link_table_join(struct link_table *links, int ifindex, size_t *hint);

/* Takes one message, a notification or part of a dump. No I/O: the rest of this file and the tests drive it.
 */
int link_table_take(struct link_table *links, const struct nlmsghdr *message);

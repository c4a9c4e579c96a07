/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads RTM_NEWQDISC messages about queueing disciplines. Pure: no system call, no allocation. Accepts older
 * and newer kernels: a number without its attribute is absent, not zero.
 */

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum { QDISC_HANDLE_SIZE = 12 }; /* "ffff:fff1" */

/* The numbers that every kind has (struct gnet_stats_basic, struct gnet_stats_queue), and one that some have.
 */
enum qdisc_value {
    QDISC_PACKETS,
    QDISC_BYTES,
    QDISC_DROPS,
    QDISC_OVERLIMITS,
    QDISC_REQUEUES,
    QDISC_BACKLOG_BYTES,
    QDISC_BACKLOG_PACKETS,
    QDISC_LIMIT, /* of kinds whose limit can be changed alone; packets, of bfifo bytes */
    QDISC_VALUE_COUNT
};

struct qdisc {
    int ifindex;
    uint32_t handle;
    uint32_t parent;
    char kind[IFNAMSIZ]; /* TCA_KIND, any bytes */
    uint32_t present;    /* bit i: values[i] was in the message */
    uint64_t values[QDISC_VALUE_COUNT];
};

/* Returns 0, -ENODATA if it is another message or of a device without queue, or -EBADMSG if it makes no
 * sense. */
int qdisc_parse(const struct nlmsghdr *message, struct qdisc *ret_qdisc);

/* Returns true if both are the same qdisc, whatever their numbers. */
bool qdisc_same(const struct qdisc *a, const struct qdisc *b);

/* Returns true if it hangs on the device itself and not below another qdisc. */
bool qdisc_is_root(const struct qdisc *qdisc);

/* Returns true if it hangs on a class of that one: not below another that is below it. */
bool qdisc_is_below(const struct qdisc *qdisc, const struct qdisc *parent);

/* Handles as tc prints them: "8001:", "1:10", ":2"; "" for the parent of the root of transmission. */
void qdisc_format_handle(uint32_t handle, char text[QDISC_HANDLE_SIZE]);
void qdisc_format_parent(uint32_t parent, char text[QDISC_HANDLE_SIZE]);

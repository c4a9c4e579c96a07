/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads the statistics of connection tracking, from /proc/net/stat/nf_conntrack (ct_cpu_seq_show() in the
 * kernel's net/netfilter/nf_conntrack_standalone.c), or from ctnetlink's messages (nf_conntrack_netlink.c).
 * Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/kernel/netlink_parse.h"

enum conntrack_field {
    CONNTRACK_ENTRIES,
    CONNTRACK_ENTRIES_LIMIT,
    CONNTRACK_DROP, /* from here on counters: the sum of the CPUs' modulo 2^32 */
    CONNTRACK_EARLY_DROP,
    CONNTRACK_INSERT_FAILED,
    CONNTRACK_INVALID,
    CONNTRACK_ERROR,
    CONNTRACK_CHAIN_TOO_LONG, /* Linux 5.15 */
    CONNTRACK_SHOWN_COUNT,

    /* For node_exporter's names. Two of them are 0 on newer kernels, which count them no more. */
    CONNTRACK_FOUND = CONNTRACK_SHOWN_COUNT,
    CONNTRACK_IGNORE,
    CONNTRACK_INSERT,
    CONNTRACK_SEARCH_RESTART,
    CONNTRACK_FIELD_COUNT
};

struct conntrack_reading {
    uint32_t values[CONNTRACK_FIELD_COUNT];
    bool has[CONNTRACK_FIELD_COUNT]; /* what the kernel doesn't tell is absent */
};

/* Reads a whole /proc/net/stat/nf_conntrack, which has all but the limit: a line of names, and a line of
 * hexadecimal numbers for each CPU. Returns 0, or -EBADMSG if it is something else, and then leaves
 * *ret_reading unchanged. */
int conntrack_parse_proc(const char *text, size_t size, struct conntrack_reading *ret_reading);

/* Takes in a message of ctnetlink: adds the counters of one CPU, or sets entries and limit. Returns 0, or
 * -EBADMSG if it is too short, and then leaves the reading unchanged. */
int conntrack_take_message(struct conntrack_reading *reading, const struct nlmsghdr *message);

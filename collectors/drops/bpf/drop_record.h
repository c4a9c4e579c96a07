/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The recorder's memory, which the BPF program writes and the daemon maps to read: packets that were dropped,
 * a few of each site. The first ones of a site stay, behind them is a ring for those since then. Sites that
 * drop no more give way to new ones.
 *
 * Who reads stops nobody who writes. A number that is odd while what it belongs to is being written tells
 * whether what was copied is whole: the same even number before and after. A record that is of another
 * generation than its site was written for the one that had the place before.
 */

#include <linux/types.h>

enum {
    DROP_RECORDS_FIRST = 4, /* of a site, kept */
    DROP_RECORDS_RING = 4,  /* and the last ones; both powers of two */
    DROP_RECORDS_PER_SITE = DROP_RECORDS_FIRST + DROP_RECORDS_RING,
    DROP_RECORD_DATA_SIZE = 128,
    DROP_RECORD_STACK_DEPTH = 24,
    DROP_RECORD_DEVICE_SIZE = 16,
};

/* How far apart the records of a site are that drops steadily, in windows of about four milliseconds. A test
 * has it 0, for which each drop is recorded. */
#ifndef DROP_RECORDS_PACE
#define DROP_RECORDS_PACE 64
#endif

/* For so many windows a site has dropped nothing before another may have its place. One that drops steadily
 * is looked at more often. */
enum { DROP_RECORDS_IDLE = 256 };

/* As drops are counted by, without what would only make more of them. */
struct drop_recorder_key {
    __u64 location;
    __u32 reason;
    __u32 netns;
    __u32 ifindex;
    __u32 circumstances; /* DROP_KEY_MEANINGS */
};

struct drop_recorder_site {
    __u32 generation;                     /* 0: never used; odd: being given to another key */
    __u32 seen;                           /* about when it dropped last: a window, as those of bursts */
    __u32 due;                            /* the window from which on a steady flow has its next record */
    __u32 taken;                          /* records since it has this key */
    struct drop_recorder_key key;         /* location 0: none */
    char device[DROP_RECORD_DEVICE_SIZE]; /* "": the key has none */
};

/* What `data` begins with: the names of tcpdump.org/linktypes.html. */
enum drop_record_link { DROP_RECORD_RAW, DROP_RECORD_ETHERNET };

struct drop_record {
    __u32 lock; /* odd: being written */
    __u32 generation;
    __u64 sequence;                       /* among all records, from 1 on */
    __u64 time_ns;                        /* CLOCK_BOOTTIME */
    __u64 cgroup;                         /* 0: not known */
    __u32 length;                         /* of the packet, from the first byte of `data` on */
    __u16 protocol;                       /* ethertype, in host byte order */
    __u8 link;                            /* enum drop_record_link */
    __u8 size;                            /* of `data` */
    char device[DROP_RECORD_DEVICE_SIZE]; /* "": not known */
    __u8 data[DROP_RECORD_DATA_SIZE];
};

/* Beside a record, where stacks are asked for: return addresses, the innermost first, then zeros. */
struct drop_record_stack {
    __u64 addresses[DROP_RECORD_STACK_DEPTH];
};

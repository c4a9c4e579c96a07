/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The recorder's memory, which the BPF program writes and the daemon maps to read: a few dropped packets of
 * each site. The first packets of a site stay; after them is a ring for later ones. Sites that no longer drop
 * are replaced by new ones.
 *
 * A reader never stops a writer. A number that is odd during a write tells whether a copy is complete: it
 * must be the same even number before and after the copy. A record whose generation differs from its site's
 * belongs to the site that had the place before.
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

/* The distance of the records of a site that drops steadily, in windows of about four milliseconds. A test
 * sets it to 0, so that every drop is recorded. */
#ifndef DROP_RECORDS_PACE
#define DROP_RECORDS_PACE 64
#endif

/* A site must not have dropped for so many windows before another may take its place. A site that drops
 * steadily is seen more often. */
enum { DROP_RECORDS_IDLE = 256 };

/* The key that drops are counted by, without what would only make more sites. */
struct drop_recorder_key {
    __u64 location;
    __u32 reason;
    __u32 netns;
    __u32 ifindex;
    __u32 circumstances; /* DROP_KEY_MEANINGS */
};

struct drop_recorder_site {
    __u32 generation;                     /* 0 if never used; odd while it is being given to another key */
    __u32 seen;                           /* the approximate window of its last drop */
    __u32 due;                            /* the first window of the next record of a steady flow */
    __u32 taken;                          /* records since it got this key */
    struct drop_recorder_key key;         /* location 0 if there is none */
    char device[DROP_RECORD_DEVICE_SIZE]; /* "" if the key has no device */
};

/* What `data` begins with: the names of tcpdump.org/linktypes.html. */
enum drop_record_link { DROP_RECORD_RAW, DROP_RECORD_ETHERNET };

struct drop_record {
    __u32 lock; /* odd: being written */
    __u32 generation;
    __u64 sequence;      /* among all records, from 1 on */
    __u64 time_ns;       /* CLOCK_BOOTTIME */
    __u64 cgroup;        /* 0 if not known */
    __u32 length;        /* of the packet, from the first byte of `data` on */
    __u16 protocol;      /* ethertype, in host byte order */
    __u8 link;           /* enum drop_record_link */
    __u8 size;           /* of `data` */
    __u16 vlan_protocol; /* ethertype of the tag that is not in `data`; 0 if there is none */
    __u16 vlan_tag;
    char device[DROP_RECORD_DEVICE_SIZE]; /* "": not known */
    __u8 data[DROP_RECORD_DATA_SIZE];
};

/* Stands beside a record if stacks are asked for: return addresses, the innermost first, then zeros. */
struct drop_record_stack {
    __u64 addresses[DROP_RECORD_STACK_DEPTH];
};

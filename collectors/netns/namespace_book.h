/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What network namespaces counted, by workload. The kernel's counters belong to a namespace and end with it.
 * Ours belong to a workload and only rise: each look adds what is new. Pure memory, one thread.
 *
 * Looks come in passes. In each pass every namespace is either sighted or absent. One that was absent in the
 * last whole pass is new, and everything that it counted is new too. Exceptions are those that the first
 * pass finds and those for which there was no room before: they may have counted long ago, so their past is
 * left out.
 *
 * A namespace that is not sighted is remembered as long as there is room, because one that `ip netns` made
 * has a process only now and then.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/limits.h"
#include "collectors/kernel/workload_table.h"
#include "collectors/netns/namespace_parse.h"

struct known_namespace {
    uint64_t inode; /* of its /proc/PID/net/snmp: of this one only as long as it is there */
    uint64_t mark;  /* of what was read last */
    uint64_t pass;  /* in which it was sighted last */
    bool old;       /* it may have been there before we looked */
    bool read;      /* the values are its; else nothing is known */

    /* Who is in there, by whom its files are read: the owner. Set by who looks (namespace_scan.c). */
    uint32_t pid;
    uint32_t former;        /* the owner of the pass before */
    uint64_t process_inode; /* by whose directory its mark was read; 0 if none was */
    unsigned rank;          /* of the owner, in this pass; 0 if there is none yet */
    struct workload owner;

    uint32_t workload; /* the owner's number */
    uint64_t values[NAMESPACE_PROTOCOL_COUNTERS];
    struct namespace_device *devices;
    size_t device_count;
    size_t device_capacity;
};

/* What the namespaces of a workload counted, including those that are gone. */
struct namespace_sums {
    bool shown;
    bool living;   /* as of the last look (mark_living()): one of them is there, or may be */
    uint64_t pass; /* in which one of them was read last */
    uint64_t values[NAMESPACE_COUNTERS];
};

struct namespace_book {
    struct known_namespace *items;
    size_t count;
    size_t capacity;
    size_t max; /* that are looked at in a pass */
    struct hash_index index;
    uint64_t pass;
    size_t sighted;   /* in this pass */
    size_t there;     /* in the last whole one */
    bool crowded;     /* in this pass, there was no room for some ... */
    bool was_crowded; /* ... in the one before, or that was the first: those not known may be old */

    struct workload_table workloads;
    struct namespace_sums *sums; /* by number; nobody's are of those whose owner is not known */
    size_t sums_count;
    size_t sums_capacity;
    uint64_t crowded_pass;               /* in which no workload was gone whose room could be had */
    struct namespace_sums other;         /* of workloads that had no room */
    uint64_t totals[NAMESPACE_COUNTERS]; /* of all, including those without a row by now */
    bool present[NAMESPACE_COUNTERS];    /* the kernel shows it */
    uint64_t generation;                 /* moves where a row comes or goes */
    struct limits *limits;               /* borrowed */
};

/* Makes an empty book for at most so many namespaces and workloads. Returns 0 or -ENOMEM. */
int namespace_book_new(size_t max_namespaces, size_t max_workloads, struct limits *limits,
                       struct namespace_book **ret_book);
struct namespace_book *namespace_book_free(struct namespace_book *book); /* accepts NULL, returns NULL */

void namespace_book_begin(struct namespace_book *book);

/* Notes that somebody is in the namespace with this inode. Returns 0, -ENOSPC if there is no room, which
 * LIMIT_NAMESPACES counts once a pass, or -ENOMEM. *ret_item is valid until the next call. */
int namespace_book_sight(struct namespace_book *book, uint64_t inode, struct known_namespace **ret_item);

/* Adds what a namespace that was sighted, and has an owner, has counted since it was read last. Returns 0, or
 * -ENOMEM, and then adds it the next time. */
int namespace_book_take(struct namespace_book *book, struct known_namespace *item,
                        const struct namespace_reading *reading);

/* Returns how many workloads do not make room for new ones. */
size_t namespace_book_staying(struct namespace_book *book);

/* Ends the pass: all that are there were sighted, and read. */
void namespace_book_end(struct namespace_book *book);

/* Abandons the pass: nobody will go on with it, and the next one takes its place. */
void namespace_book_abandon(struct namespace_book *book);

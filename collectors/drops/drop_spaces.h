/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Names of other network namespaces: the name below /run/netns, or that of the workload whose processes are
 * inside. The BPF program knows a namespace by a number that is never used again, so that a name, once it is
 * found, stays right, and drops that are counted when the namespace is gone still have it. Needs no
 * privilege, and keeps no namespace alive. One thread.
 *
 * Names have an inode, and an inode is used again at once. So a name is only taken for a namespace that
 * dropped when the name was there: one that was found before the last reading began.
 */

#include "collectors/drops/drop_source.h"
#include "collectors/drops/drop_table.h"
#include "collectors/kernel/procfile.h"
#include "collectors/kernel/workload.h"

struct drop_kept_reader;
struct drop_kept_writer;

enum {
    DROP_SPACES_MAX = 256,
    DROP_MOUNTS_MAX = 1024,
};

struct drop_space {
    uint32_t number;
    uint32_t inode;
    uint64_t dropped;             /* the round in which it last did */
    uint64_t dropped_ns;          /* and when that began */
    struct workload_claim claim;  /* of the workload that is in there */
    bool waits;                   /* for a name below /run/netns to be old enough */
    char name[DROP_SPACE_SIZE];   /* "" if not known */
    char tenant[DROP_SPACE_SIZE]; /* of the workload */
};

/* What is mounted below /run/netns. */
struct drop_mount {
    char name[DROP_SPACE_SIZE];
    uint32_t inode;
    uint64_t since; /* the round that found it */
};

struct drop_spaces {
    struct drop_space *items; /* DROP_SPACES_MAX of them; NULL if names are not asked for */
    size_t count;
    uint64_t round;
    uint64_t now_ns; /* CLOCK_BOOTTIME: when it began */
    struct drop_mount *mounts;
    size_t mount_count;
    size_t mount_capacity;
    struct procfile mountinfo;
    uint64_t mountinfo_hash; /* of what the mounts were taken from */
    struct limits *limits;   /* borrowed */
    uint64_t next_ns;        /* when to look for workloads again; CLOCK_BOOTTIME */
    uint64_t pause_ns;       /* and how long to wait then */
};

/* Returns 0 or -ENOMEM. */
int drop_spaces_init(struct drop_spaces *spaces, const char *procfs, struct limits *limits);
void drop_spaces_done(struct drop_spaces *spaces); /* accepts a zeroed struct */

/* Takes over the names that another one found. */
void drop_spaces_inherit(struct drop_spaces *spaces, struct drop_spaces *previous);
void drop_spaces_save(const struct drop_spaces *spaces, struct drop_kept_writer *writer);
int drop_spaces_restore(struct drop_spaces *spaces, struct drop_kept_reader *reader);

/* A round: begin before the maps are read, report each namespace that dropped since the last round, then
 * look for names. If nothing was mounted since the last round and all have names, a round costs one system
 * call. */
void drop_spaces_begin(struct drop_spaces *spaces);
void drop_spaces_dropped(struct drop_spaces *spaces, uint32_t number, uint32_t inode);
void drop_spaces_look(struct drop_spaces *spaces, const struct drop_source *source, const void *state);

/* Returns the name of a namespace, or "" if it is not known. */
const char *drop_spaces_name(const struct drop_spaces *spaces, uint32_t number);

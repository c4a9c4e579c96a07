/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Where drops are counted: one small interface for the BPF program and for the kernel's drop_monitor. A
 * source is opened by whoever has the privilege, which yields descriptors, and adopted by whoever counts,
 * from these descriptors alone, so that the two can be different processes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "base/limits.h"
#include "collectors/drops/bpf/drop_key.h"

enum { DROP_HANDLES_MAX = 5 };

enum drop_mode {
    DROP_MODE_ANY,
    DROP_MODE_SUMMARY, /* drop_monitor's */
    DROP_MODE_PACKET,
};

struct drop_options {
    enum drop_mode mode;
    size_t max_sites;
    struct limits *limits; /* borrowed, outlives the source */
    bool keep;             /* at opening: who opens is who reads, and may leave a process behind */
};

struct drop_handles {
    int fds[DROP_HANDLES_MAX]; /* as the source's `handles` name them, the rest -1 */
    bool started;              /* something was switched on that is to be switched off in the end */
    pid_t keeper;              /* the process that does that once all is closed; 0: nobody */
};

#define DROP_HANDLES_NONE                                                                                    \
    {                                                                                                        \
        .fds = { -1, -1, -1, -1, -1 }                                                                        \
    }

/* What came since the last read. The texts live for the length of the call. */
struct drop_count {
    uint64_t location;  /* behind the call in the function that dropped, or the function itself */
    const char *symbol; /* the kernel's own name of it ("%pS"), cut; NULL: it gives none */
    const char *reason; /* without prefix; "": not known */
    int ifindex;        /* in our own namespace; 0: not known */
    enum drop_netns netns;
    enum drop_protocol protocol;
    unsigned circumstances; /* bits of enum drop_key_circumstance */
    uint64_t count;
};

/* Who reads. */
struct drop_reader {
    /* A negative errno ends the reading; all of it will be given again, to be counted once. */
    int (*count)(const struct drop_count *count, void *data);
    bool (*link_exists)(int ifindex, void *data);
    void *data;
};

/* Events lost, exactly so many. */
enum drop_lost {
    DROP_LOST_QUEUE,     /* the queue of packet mode was full */
    DROP_LOST_MAP_FULL,  /* no room for another key */
    DROP_LOST_RECURSION, /* an interrupt dropped while the BPF program ran on its CPU */
    DROP_LOST_COUNT
};

/* Incidents of unknown size. */
enum drop_overflow {
    DROP_OVERFLOW_SOCKET,         /* our receive buffer was full */
    DROP_OVERFLOW_SUMMARY_WINDOW, /* a CPU met as many sites as fit into one message */
    DROP_OVERFLOW_STOPPED,        /* somebody else had stopped the monitor */
    DROP_OVERFLOW_COUNT
};

enum drop_active { DROP_ACTIVE_NO, DROP_ACTIVE_YES, DROP_ACTIVE_UNKNOWN };

struct drop_status {
    const char *mode; /* the label value */
    enum drop_active active;
    uint64_t lost[DROP_LOST_COUNT]; /* since it was adopted first */
    uint64_t overflows[DROP_OVERFLOW_COUNT];
};

struct drop_source {
    const char *name; /* the label value */
    const char *const
        *handles; /* NULL-terminated names of the descriptors; without the first there are none */
    bool devices; /* it tells ifindexes of our own namespace */

    /* Needs privilege. fault_unsupported() names what is missing and the remedy. */
    int (*open)(const struct drop_options *options, struct drop_handles *ret_handles, struct fault *fault);

    /* Needs none. Takes the descriptors over on success. `previous` is the state that read before, or NULL:
     * what it had not given yet, and what came since, is this one's; it stays the caller's, to be closed. */
    int (*adopt)(const struct drop_options *options, const struct drop_handles *handles, void *previous,
                 void **ret_state, struct fault *fault);

    /* NULL: nothing to listen to. */
    int (*event_fd)(const void *state);
    int (*event)(void *state, struct fault *fault);

    /* Gives the reader everything that came since the last read. */
    int (*read)(void *state, const struct drop_reader *reader, struct fault *fault);

    /* The kernel's own name ("%pS") of a location, whole. False: there is none. NULL: there never is. */
    bool (*symbol)(const void *state, uint64_t location, char text[DROP_SYMBOL_TEXT_SIZE]);
    void (*status)(const void *state, struct drop_status *ret_status);
    void (*close)(void *state);
};

extern const struct drop_source drop_source_bpf;     /* drop_bpf.c; where it is built without, drop_nobpf.c */
extern const struct drop_source drop_source_netlink; /* drop_netlink.c */

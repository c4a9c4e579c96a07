/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The interface of a source of drops: the BPF program, or the kernel's drop_monitor. A source is opened with
 * privilege, which gives descriptors, and adopted by the reader from these descriptors alone, so that the two
 * can be different processes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/table/meaning.h"
#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/drop_recorder.h"
#include "collectors/drops/drop_table.h"

struct drop_kept_reader;
struct drop_kept_writer;

enum { DROP_HANDLES_MAX = 20 };

enum drop_mode {
    DROP_MODE_ANY,
    DROP_MODE_SUMMARY, /* drop_monitor's */
    DROP_MODE_PACKET,
};

struct drop_options {
    enum drop_mode mode;
    size_t max_sites;
    bool workloads;        /* bpf asks for the owners of packets */
    bool spaces;           /* and tells other namespaces apart */
    size_t record_sites;   /* packets are recorded of so many sites; 0 if of none */
    bool record_stacks;    /* and who called whom (bpf) */
    struct limits *limits; /* borrowed, outlives the source */
    bool keep;             /* for open(): this process also reads, and may leave a child behind */
};

struct drop_handles {
    int fds[DROP_HANDLES_MAX]; /* as the source's `handles` name them, the rest -1 */
    bool started;              /* something was switched on that must be switched off at the end */
    pid_t keeper;              /* the process that does that once all is closed; 0 if nobody */
};

#define DROP_HANDLES_NONE                                                                                    \
    {                                                                                                        \
        .fds = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 }            \
    }

static inline void drop_handles_close(struct drop_handles *handles)
{
    for (size_t i = 0; i < DROP_HANDLES_MAX; i++)
        closep(&handles->fds[i]);
}

/* A count since the last read. Its texts are valid only during the call. */
struct drop_count {
    uint64_t location;  /* behind the call in the function that dropped, or the function itself */
    const char *symbol; /* the kernel's own name of it ("%pS"), cut; NULL if it gives none */
    const char *reason; /* without prefix; "" if not known */
    int ifindex;        /* in our own namespace; 0 if not known */
    enum drop_netns netns;
    enum drop_protocol protocol;
    unsigned circumstances; /* bits of enum drop_key_circumstance */
    enum direction direction;
    uint64_t count;
    enum drop_owner owner;
    uint64_t segments;  /* packets that these were, with segmentation offload more; 0 if not known */
    uint32_t space;     /* the number of another namespace; 0 if it has none */
    uint32_t inode;     /* of that; 0 if not known */
    const char *device; /* there; NULL if not known */
};

/* Drops of a control group since the last read: those of DROP_OWNER_KNOWN, which a struct drop_count has as
 * well. */
struct drop_workload_count {
    uint64_t cgroup;
    uint64_t location; /* 0 for the tracepoint of full UDP receive buffers, which is no drop site */
    const char *reason;
    enum drop_netns netns;
    unsigned circumstances;
    uint64_t count;
};

/* Bursts of a site: how many reached each size since the last read. */
struct drop_burst_count {
    uint64_t location;
    const char *reason;
    int ifindex;
    unsigned circumstances;
    struct drop_bursts came;
};

/* The callbacks of a reader. */
struct drop_reader {
    /* A negative errno ends the reading; then all of it is given again, and must count only once. */
    int (*count)(const struct drop_count *count, void *data);
    int (*workload)(const struct drop_workload_count *count, void *data);
    int (*burst)(const struct drop_burst_count *count, void *data);
    bool (*link_exists)(int ifindex, void *data);
    void *data;
};

/* Why events were lost. Their number is exact. */
enum drop_lost {
    DROP_LOST_QUEUE,     /* the queue of packet mode was full */
    DROP_LOST_MAP_FULL,  /* no room for another key */
    DROP_LOST_RECURSION, /* an interrupt dropped while both BPF programs ran on its CPU */
    DROP_LOST_COUNT
};

/* What lost an unknown number of events. Only how often it happened is known. */
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
    uint64_t window_ns; /* that drops of a burst are within; 0 if bursts are not counted */
    bool segments;      /* counts come with them */
    bool workloads;     /* it asks for owners */
    bool udp_apart;     /* and for those of full UDP receive buffers with a tracepoint of its own */
    uint64_t unknown;   /* of `lost`: drops that no workload has either */
    uint64_t udp_unknown;
    uint64_t since_ns;       /* CLOCK_BOOTTIME at which counting began; 0: when it was first adopted */
    uint64_t map_bytes;      /* memory that the kernel counts in; 0 if not known */
    bool records;            /* it records packets */
    uint64_t recorded_sites; /* now */
    uint64_t recorded;       /* packets, since it counts */
    uint64_t unrecorded;     /* packets that should have been recorded and had no room */
};

struct drop_source {
    const char *name; /* the label value */
    const char *const
        *handles; /* NULL-terminated names of the descriptors; without the first there are none */
    bool devices; /* it tells ifindexes of our own namespace */

    /* Needs privilege. fault_unsupported() names what is missing and the remedy. */
    int (*open)(const struct drop_options *options, struct drop_handles *ret_handles, struct fault *fault);

    /* Writes a text that describes what open() would open. Within one boot, another process may continue
     * with the descriptors if it writes the same text. Leaves the text as it is if nothing is kept. NULL if
     * nothing ever is. */
    void (*kept_as)(const struct drop_options *options, char *text, size_t size);

    /* Takes the descriptors over on success. Needs no privilege. `previous` is the state that read before,
     * or NULL. The new state continues with what that one had not given yet; the caller still closes the old
     * one. */
    int (*adopt)(const struct drop_options *options, const struct drop_handles *handles, void *previous,
                 void **ret_state, struct fault *fault);

    /* Returns a descriptor to poll, as that of a collector. NULL if there is nothing to listen to. */
    int (*event_fd)(const void *state);
    int (*event)(void *state, struct fault *fault);

    /* Gives the reader everything that came since the last read. Returns 0, 1 if something was taken out of
     * where it is counted, or a negative errno. */
    int (*read)(void *state, const struct drop_reader *reader, struct fault *fault);

    /* Writes the kernel's own name ("%pS") of a location, whole. Returns false if it has none. NULL if it
     * never has. */
    bool (*symbol)(const void *state, uint64_t location, char text[DROP_SYMBOL_TEXT_SIZE]);

    /* Writes the path of a control group. Returns false if it is not known. NULL if none ever is. */
    bool (*cgroup)(const void *state, uint64_t cgroup, char path[DROP_CGROUP_PATH_SIZE]);
    /* Calls `each` with the control group of each process in a numbered namespace. NULL if the source does
     * not know. */
    void (*tenants)(const void *state, int (*each)(uint32_t space, uint64_t cgroup, void *data), void *data);

    /* Lends the memory in which packets are recorded, with a count of 0 if nothing is recorded. Returns 0 or
     * a negative errno. NULL if nothing ever is. */
    int (*recorder)(const void *state, struct drop_recorder *ret_recorder);
    void (*recorder_done)(struct drop_recorder *recorder); /* gives it back; NULL if that takes nothing */

    /* Writes the text of a reason by its number in that memory. */
    void (*reason)(void *state, uint32_t reason, char text[DROP_REASON_SIZE]);
    /* Calls `each` with how many packets a key has dropped since counting began, recorded or not. A key may
     * come several times, with a part each time. */
    void (*totals)(const void *state,
                   void (*each)(const struct drop_recorder_key *key, uint64_t count, void *data), void *data);

    void (*status)(const void *state, struct drop_status *ret_status);

    /* For another process that continues with the same descriptors: save() writes how much was given
     * already, and restore() makes a state of it for `previous` of adopt(). restore() returns 0 or -ENOMEM;
     * the reader knows whether the data is damaged. NULL if nothing is kept. */
    void (*save)(const void *state, struct drop_kept_writer *writer);
    int (*restore)(struct drop_kept_reader *reader, void **ret_state);
    void (*close)(void *state);
};

extern const struct drop_source drop_source_bpf;     /* drop_bpf.c; where it is built without, drop_nobpf.c */
extern const struct drop_source drop_source_netlink; /* drop_netlink.c */

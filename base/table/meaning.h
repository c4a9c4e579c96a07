/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a number means to people: a metric carries it (struct metric), written down beside it by the collector
 * that counts. Page, log and status line read it from there, so that none of them knows a metric by its name.
 * Pure data and its lookup; any thread. All texts and tables have static storage.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/table/row_set.h"

/* What the number is for. Bits, so that a reader can ask for several. The trends keep a history of those that
 * have one. */
enum purpose {
    PURPOSE_NONE = 0,         /* the end of a table of meanings */
    PURPOSE_TRAFFIC = 1 << 0, /* packets that went through */
    PURPOSE_LOSS = 1 << 1,    /* packets lost that somebody waits for: the NIC's, the kernel's, the link's */
    PURPOSE_OTHER = 1 << 2, /* packets dropped as configured, that nobody misses, or for an unknown reason */
};

/* Where on its way a packet was lost; received from the first to transport, sent the other way round. */
enum stage {
    STAGE_NONE,      /* nothing was lost: traffic */
    STAGE_NIC,       /* the device, before the driver has the packet or after */
    STAGE_DRIVER,    /* rings, XDP */
    STAGE_INGRESS,   /* backlog, tc, taps, bridge */
    STAGE_NETWORK,   /* IP, connection tracking, firewall */
    STAGE_TRANSPORT, /* UDP, TCP, their sockets */
    STAGE_EGRESS,    /* queueing disciplines */
    STAGE_UNKNOWN,   /* it may be any: the metric does not tell */
};

enum direction {
    DIRECTION_NONE, /* both, or it is not known; a label may tell */
    DIRECTION_RECEIVE,
    DIRECTION_TRANSMIT,
};

/* What a loss is to the one who runs the host. Names of the classes are values of labels. */
enum loss_class {
    LOSS_CAPACITY, /* a queue, a buffer or memory was full: more arrived than could be taken */
    LOSS_ERROR,    /* damaged, misaddressed, unexpected: somebody does something wrong */
    LOSS_POLICY,   /* somebody configured that it be dropped */
    LOSS_BENIGN,   /* nothing was lost that anybody waits for */
    LOSS_UNKNOWN,  /* the kernel does not say, or we do not know it yet */
    LOSS_CLASS_COUNT
};

/*
 * Where layers overlap, each counts the same packet in its own words: of two numbers that lose alike, the one
 * of the later layer tells more, within a layer that of the greater detail.
 */
enum layer {
    LAYER_HOST,     /* all of the host: backlogs, connection tracking */
    LAYER_PROTOCOL, /* a protocol, or a port of it */
    LAYER_DEVICE,   /* an interface, in the words that all drivers share */
    LAYER_NIC,      /* an interface, in words closer to the driver's own */
    LAYER_QUEUE,    /* one queue of it */
    LAYER_SITE,     /* the function of the kernel that dropped, and why */
};

/* A page of docs/runbook that says what to do. */
struct remedy {
    const char *page;   /* docs/runbook/PAGE.md */
    const char *advice; /* one sentence, without its end */
};

/* Of a table with labels the rows that have this one. */
struct label_value {
    const char *label; /* NULL: all rows */
    const char *value;
};

/* The limit that a loss ran into, as metrics tell it: "256 of 4,096 receive ring entries". It is that of the
 * subject where their rows have the label "device", else that of all, in the table's only row. */
struct meaning_limit {
    const char *now;         /* the metric of what is used, or set */
    const char *most;        /* that of what it can be at most; NULL: `now` is the limit */
    const char *unit;        /* of both, as it stands behind the number */
    struct label_value only; /* which of the subject's rows, where it has several */
};

enum { MEANING_LABELS = 2 };

/*
 * One meaning of a metric. Texts of `subject` and `cause` are templates: {label} stands for the row's label,
 * blanks at the ends are cut.
 */
struct meaning {
    struct label_value when[MEANING_LABELS]; /* only rows that have all of these */
    enum purpose purpose;                    /* the trends' choice of what to keep, and their readers' */
    enum stage stage;                        /* of all but traffic */
    enum direction direction;                /* the page tells received from sent by it */
    enum loss_class loss_class;              /* of all but traffic */
    const char *subject;                     /* what loses: "{device}", "udp" */
    const char *cause;                       /* how: "receive missed", "{reason} in {function}" */
    const char *sentence;                    /* what happened, without its end; NULL: the cause says it all */
    const struct remedy *remedy;             /* NULL: none is known, or the row tells it */
    const struct meaning_limit *limit;       /* NULL: none, or none that can be read */
    enum layer layer;
    unsigned detail; /* see enum layer */
    bool from_zero;  /* a row comes with its first packet, and counts from 0: all that it counts is new */

    /* NULL, or puts in what this row's labels say beyond it (the page and the log ask). Pure; what it puts in
     * has static storage. */
    void (*refine)(const struct row_set *rows, size_t row, struct meaning *meaning);
};

/* Of a table of meanings the first that fits the row; NULL: none does. The table ends with one without a
 * purpose; one whose `when` is empty fits all rows, and needs none behind it. */
const struct meaning *meaning_of_row(const struct meaning *meanings, const struct row_set *rows, size_t row);

/* The meaning with all that the row says. */
struct meaning meaning_refined(const struct meaning *meaning, const struct row_set *rows, size_t row);

/* True where the subject is a network device. */
bool meaning_of_device(const struct meaning *meaning);

/* True where it tells more than the other: see enum layer. */
bool meaning_tells_more(const struct meaning *meaning, const struct meaning *other);

/* Fills a template in, cut where it is too long. */
void meaning_text(const char *pattern, const struct row_set *rows, size_t row, char *buffer, size_t size);

/* True where the row has the label with that value. */
bool label_value_holds(const struct label_value *wanted, const struct row_set *rows, size_t row);

/* The label value: "capacity", ... */
const char *loss_class_name(enum loss_class loss_class);

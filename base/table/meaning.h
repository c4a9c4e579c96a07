/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a number means to people. The collector that counts writes it beside the metric (struct metric); page,
 * log and status line read it there, so that none of them knows a metric by its name. Constant data and its
 * lookup; any thread. All texts and tables have static storage.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/table/row_set.h"

/* What the number is for. Bits, so that a reader can ask for several. The trends keep a history of each
 * metric that has a purpose. */
enum purpose {
    PURPOSE_NONE = 0,         /* the end of a table of meanings */
    PURPOSE_TRAFFIC = 1 << 0, /* packets that went through */
    PURPOSE_LOSS = 1 << 1,    /* lost packets that somebody waits for */
    PURPOSE_OTHER = 1 << 2,   /* packets dropped as configured, harmlessly, or for an unknown reason */
};

/* Where on its way a packet was lost. A received packet goes from the first to TRANSPORT, a sent one the
 * other way. */
enum stage {
    STAGE_NONE,      /* nothing was lost: traffic */
    STAGE_NIC,       /* the device, before the driver has the packet or after */
    STAGE_DRIVER,    /* rings, XDP */
    STAGE_INGRESS,   /* backlog, tc, taps, bridge */
    STAGE_NETWORK,   /* IP, connection tracking, firewall */
    STAGE_TRANSPORT, /* UDP, TCP, their sockets */
    STAGE_EGRESS,    /* queueing disciplines */
    STAGE_UNKNOWN,   /* may be any: the metric does not say */
    STAGE_COUNT
};

enum direction {
    DIRECTION_NONE, /* both, or not known; a label may say which */
    DIRECTION_RECEIVE,
    DIRECTION_FORWARD,
    DIRECTION_TRANSMIT, /* sent here */
    DIRECTION_COUNT
};

/* What a loss is to the operator. The names of the classes are label values. */
enum loss_class {
    LOSS_CAPACITY, /* a queue, a buffer or memory was full */
    LOSS_ERROR,    /* damaged, misaddressed or unexpected packets: something is wrong somewhere */
    LOSS_POLICY,   /* dropped because of configuration */
    LOSS_BENIGN,   /* nothing was lost that anybody waits for */
    LOSS_COPY,     /* a copy: the packet itself went on, or is counted elsewhere */
    LOSS_UNKNOWN,  /* the kernel does not say, or this version does not know it */
    LOSS_CLASS_COUNT
};

/* A page of docs/runbook that says what to do. */
struct remedy {
    const char *page;   /* docs/runbook/PAGE.md */
    const char *advice; /* one sentence without a full stop */
};

/* Selects the rows that have this label value. */
struct label_value {
    const char *label; /* NULL selects all rows */
    const char *value;
};

/* The limit that a loss ran into, as metrics show it: "256 of 4,096 receive ring entries". If the rows have
 * the label "device", it is the limit of the subject; otherwise the one in the only row of the table. */
struct meaning_limit {
    const char *now;         /* the metric of the value in use */
    const char *most;        /* the metric of the largest possible value; NULL if `now` is the limit */
    const char *unit;        /* of both, as it follows the number */
    struct label_value only; /* which row of the subject, if it has several */
};

enum { MEANING_LABELS = 2 };

/*
 * One meaning of a metric. `subject` and `cause` are templates: {label} stands for the value of the row's
 * label, and blanks at the ends are removed.
 */
struct meaning {
    struct label_value when[MEANING_LABELS]; /* only rows that have all of these label values */
    enum purpose purpose;                    /* what the trends keep, and what their readers ask for */
    enum stage stage;                        /* where it is lost; for traffic, the stage that counts it */
    enum direction direction;                /* tells received from sent packets */
    enum loss_class loss_class;              /* for all but traffic */
    const char *subject;                     /* what loses: "{device}", "udp" */
    const char *cause;                       /* how: "receive missed", "{reason} in {function}" */
    const char *sentence;              /* one sentence without a full stop; NULL if the cause says it all */
    const struct remedy *remedy;       /* NULL if none is known, or `refine` finds it */
    const struct meaning_limit *limit; /* NULL if there is none that can be read */
    bool with_lost;                    /* for traffic: includes what is lost at its stage */

    /* NULL, or a function that adds what the labels of the row say (for the page and the log). Pure; what it
     * adds has static storage. */
    void (*refine)(const struct row_set *rows, size_t row, struct meaning *meaning);
};

/* Returns the first meaning of a table that fits the row, or NULL if none does. The table ends with one
 * without a purpose; after one with an empty `when`, which fits all rows, no end is needed. */
const struct meaning *meaning_of_row(const struct meaning *meanings, const struct row_set *rows, size_t row);

/* Returns the meaning with all that the row adds to it. */
struct meaning meaning_refined(const struct meaning *meaning, const struct row_set *rows, size_t row);

/* Returns true if the subject is a network device. */
bool meaning_of_device(const struct meaning *meaning);

/* Fills in a template. The result is cut if it does not fit. */
void meaning_text(const char *pattern, const struct row_set *rows, size_t row, char *buffer, size_t size);

/* Returns true if the row has the label with that value. */
bool label_value_holds(const struct label_value *wanted, const struct row_set *rows, size_t row);

/* Return the label values: "nic", "receive", "capacity", ...; "" for NONE. */
const char *stage_name(enum stage stage);
const char *direction_name(enum direction direction);
const char *loss_class_name(enum loss_class loss_class);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How a counter of loss relates to the drop sites that see the same packets. A collector writes the rule
 * beside each counter, and the ledger (daemon/ledger) follows it. One lost packet moves up to six counters.
 * The ledger reports the drop site, and a counter adds only what no drop site explains. Constant data and its
 * lookup; any thread. All texts and tables have static storage.
 */

#include "base/table/meaning.h"

enum ledger_mode {
    LEDGER_NONE, /* the end of a table of rules */
    LEDGER_REST, /* what drop sites do not explain is a row of its own, of cause "unexplained" */
    LEDGER_ROW,  /* drop sites see this loss seldom or never: what they do not explain is a row of the rule's
                    cause and class */
    LEDGER_DETAIL,  /* the same packets as in another counter, by another label */
    LEDGER_TOLD,    /* the sender's system call failed, so the sender knows: no packet was made or lost */
    LEDGER_SYMPTOM, /* shows a loss elsewhere, or the reaction to one */
    LEDGER_MODE_COUNT
};

/* Which of the host's drops of a cause are in the counter. */
enum ledger_join {
    JOIN_DEVICE,     /* those of the row's device, in our own namespace */
    JOIN_PEER,       /* those of the veth device at its other end */
    JOIN_NETNS,      /* of our own namespace */
    JOIN_IP_VERSION, /* of our own namespace, of the row's ip_version */
    JOIN_HOST,       /* all */
};

/* Drops of this cause (drop_meaning.h) also move the counter. */
struct ledger_edge {
    const char *cause;
    enum ledger_join join;
};

enum { LEDGER_EDGES_MAX = 16 };

struct ledger_rule {
    struct label_value when; /* only rows with this label value; all rows if it is empty */
    enum ledger_mode mode;
    struct ledger_edge by[LEDGER_EDGES_MAX]; /* ends with an empty one. REST, ROW: the causes that may move
                                                the counter. One too many hides a loss that nothing else
                                                reports; one too few counts a packet twice. DETAIL: the causes
                                                that also move it, to show which counters saw a loss */
    enum stage stage;                        /* REST, ROW: the stage of the row that it makes */
    enum direction direction;                /* NONE: the row's label "direction" says it, if there is one */
    enum loss_class loss_class;              /* ROW; an unexplained loss is of class unknown */
    const char *cause;                       /* ROW: a template as in struct meaning */
    const char *unless; /* REST, ROW: a metric that says the same or more. If it has a row of the same device
                           (or both have none), this counter is DETAIL */
    const char *same; /* REST, ROW: a column of the same table. If it has the same number in the row, and not
                         0, the driver shows one counter under two names, and this one is DETAIL */
    const char *source; /* which function of the kernel moves it, and what happens to the packet, as read in
                           Linux 6.1, 6.12 and 6.18; for the documents */
};

/* Returns the first rule of a table that fits the row, or NULL if none does. */
const struct ledger_rule *ledger_rule_of_row(const struct ledger_rule *rules, const struct row_set *rows,
                                             size_t row);

/* Returns "rest", "row", "detail", "told" or "symptom". */
const char *ledger_mode_name(enum ledger_mode mode);

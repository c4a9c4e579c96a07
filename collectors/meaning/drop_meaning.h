/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a drop means: a class out of five, by the reason that the kernel gives and the function that dropped,
 * one sentence for people, and what to do about it. Pure data and its lookup; any thread. The table in
 * docs/runbook/drop-reasons.md is made from it.
 */

#include <stddef.h>

enum drop_class {
    DROP_CLASS_CAPACITY, /* a queue, a buffer or memory was full: more arrived than could be taken */
    DROP_CLASS_ERROR,    /* damaged, misaddressed, unexpected: somebody does something wrong */
    DROP_CLASS_POLICY,   /* somebody configured that it be dropped */
    DROP_CLASS_BENIGN,   /* nothing was lost that anybody waits for */
    DROP_CLASS_UNKNOWN,  /* the kernel does not say, or we do not know it yet */
    DROP_CLASS_COUNT
};

/* What to do: a page of docs/runbook each. */
enum drop_remedy {
    DROP_REMEDY_NOTHING,
    DROP_REMEDY_NOBODY_LISTENS,
    DROP_REMEDY_SOCKET_BUFFER,
    DROP_REMEDY_MEMORY,
    DROP_REMEDY_DAMAGED,
    DROP_REMEDY_DEVICE,
    DROP_REMEDY_TAP_QUEUE,
    DROP_REMEDY_BACKLOG,
    DROP_REMEDY_FIREWALL,
    DROP_REMEDY_ROUTES,
    DROP_REMEDY_BRIDGE,
    DROP_REMEDY_TUNNEL,
    DROP_REMEDY_IP_HEADER,
    DROP_REMEDY_PATH_MTU,
    DROP_REMEDY_FRAGMENTS,
    DROP_REMEDY_NEIGHBOUR,
    DROP_REMEDY_TRANSMIT_QUEUE,
    DROP_REMEDY_TCP_SEGMENTS,
    DROP_REMEDY_TCP_RECEIVE_QUEUE,
    DROP_REMEDY_ACCEPT_QUEUE,
    DROP_REMEDY_OPEN_VSWITCH,
    DROP_REMEDY_COUNT
};

struct drop_remedy_text {
    const char *page;   /* docs/runbook/PAGE.md */
    const char *advice; /* one sentence, without its end */
};

extern const struct drop_remedy_text drop_remedies[DROP_REMEDY_COUNT];

/* One entry. An entry with both texts holds before one with the reason alone, that before the function. */
struct drop_meaning {
    const char *reason;   /* without SKB_DROP_REASON_; NULL: any */
    const char *function; /* NULL: any */
    enum drop_class loss_class;
    enum drop_remedy remedy;
    const char *sentence; /* what happened, and why */
};

extern const struct drop_meaning drop_meanings[];
extern const size_t drop_meaning_count;

/* The entry that holds; NULL: none, the class is unknown. */
const struct drop_meaning *drop_meaning_find(const char *reason, const char *function);
enum drop_class drop_class_of(const char *reason, const char *function);

/* The label value: "capacity", ... */
const char *drop_class_name(enum drop_class loss_class);

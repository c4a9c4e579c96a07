/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * An incident: one cause of loss at one subject, from its onset to its end, as page, report, log and status
 * line tell it. Texts are harmless (base/harmless.h), those of the facts only where they say so: none of them
 * holds what moves a terminal's cursor. Plain data, copied; any thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/table/meaning.h"
#include "daemon/incident/facts.h"
#include "daemon/ledger/ledger_rows.h"

enum colour {
    COLOUR_GREEN, /* of an incident: a neutral line */
    COLOUR_AMBER,
    COLOUR_RED,
    COLOUR_COUNT
};

/* How a loss is spread over its time. */
enum spread { SPREAD_UNKNOWN, SPREAD_STEADY, SPREAD_UNSTEADY, SPREAD_BURSTS };

struct incident {
    uint64_t id; /* the same for the same cause at the same subject */
    enum colour colour;
    enum stage stage;
    enum direction direction;
    enum loss_class loss_class;
    char cause[LEDGER_NAME_SIZE];    /* the value of the ledger's label */
    char device[LEDGER_DEVICE_SIZE]; /* "": none of our own namespace, or several */
    bool several;                    /* the subject is several devices */
    char subject[128];               /* what loses: "statsd.service, UDP port 8125" */
    char words[160];                 /* why: "the receive buffer is full" */
    double rate;                     /* packets a second, now */
    uint64_t past;                   /* packets within the last five minutes */
    uint64_t recent;                 /* the same of the last minute, or what was asked for */
    uint64_t count;                  /* packets since it began */
    uint64_t since_ns;               /* CLOCK_BOOTTIME */
    uint64_t moved_ns;               /* the same, when it lost something last */
    double share;                    /* of what reached the stage, 0 to 1; NAN: nothing counts that */
    char share_of[80];               /* "the UDP received", "what eth0 received" */
    enum spread spread;
    double burst; /* packets in a burst, for SPREAD_BURSTS */
    struct {
        uint64_t now;
        uint64_t most;    /* 0 if `now` is the limit */
        const char *unit; /* NULL if no limit is known, or can be read */
    } limit;
    const char *sentence;        /* what happened, without a full stop; NULL if the words say it all */
    const struct remedy *remedy; /* NULL if none is known */
    struct facts facts;          /* what its words and commands are made of */
};

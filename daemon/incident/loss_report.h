/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * All that is to be said now of what this host loses: what page, text, JSON, log and status line are made
 * of. A copy of a moment; whoever has it may keep it. Texts are harmless.
 */

#include <stddef.h>
#include <stdint.h>

#include "daemon/incident/incident.h"

enum {
    LOSS_REPORT_INCIDENTS_MAX = 32,
    LOSS_REPORT_LINES_MAX = 12,
    LOSS_REPORT_LINE_SIZE = 240,
};

/* Lines of text. */
struct loss_lines {
    char items[LOSS_REPORT_LINES_MAX][LOSS_REPORT_LINE_SIZE];
    size_t count;
};

/* What is lost, or refused, at a stage in a direction. */
struct loss_way {
    double lost; /* packets a second, now */
    double refused;
    uint64_t lost_past; /* packets within the last five minutes */
    uint64_t refused_past;
};

struct packet_records;

struct loss_report {
    uint64_t now_ns;  /* CLOCK_BOOTTIME */
    uint64_t seen_ns; /* for how long was looked, before the newest reading; 0 if nothing was read yet */
    enum colour colour;
    char headline[320];      /* one sentence, without its end */
    size_t more;             /* incidents that are no neutral lines, beside the first */
    char looked[160];        /* where was looked: "9 of 9 collectors, drop sites of all network namespaces" */
    struct loss_lines blind; /* what should be looked at and is not, though nobody chose so */
    struct loss_lines neutral; /* what was chosen, is usual, or nobody waits for */
    struct loss_way ways[STAGE_COUNT][DIRECTION_COUNT];
    size_t count;    /* of incidents */
    size_t urgent;   /* how many of these are not green */
    size_t left_out; /* for which there was no room */
    /* The packets that text and JSON show with each incident; borrowed. NULL, as it is at first: none, for
     * whoever asks may not see any. */
    const struct packet_records *packets;
    /* The incident of the headline is first, green ones are last. Those from `count` on are not initialized.
     */
    struct incident incidents[LOSS_REPORT_INCIDENTS_MAX];
};

/* Adds a line, as printf() does; one that has no room is left out. */
void loss_report_line(struct loss_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Everything that is reported at one moment about losses of this host: page, text, JSON, log and status line
 * are made of it. It is a copy that its owner may keep. Its texts are harmless.
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
    uint64_t now_ns; /* CLOCK_BOOTTIME */
    uint64_t
        seen_ns; /* how long losses have been watched, up to the newest reading; 0 if nothing was read yet */
    enum colour colour;
    char headline[320];      /* one sentence without a full stop */
    size_t more;             /* further incidents that are no neutral lines */
    char looked[160];        /* what is watched: "9 of 9 collectors, drop sites of all network namespaces" */
    struct loss_lines blind; /* what is not watched, although nobody chose that */
    struct loss_lines neutral; /* what was chosen, is usual, or nobody waits for */
    struct loss_way ways[STAGE_COUNT][DIRECTION_COUNT];
    size_t count;    /* of incidents */
    size_t urgent;   /* how many of these are not green */
    size_t left_out; /* incidents for which there was no room */
    /* The packets that text and JSON show with each incident; borrowed. NULL at first: the reader may not
     * see any. */
    const struct packet_records *packets;
    /* The incident of the headline is first, green ones are last. Those from `count` on are not initialized.
     */
    struct incident incidents[LOSS_REPORT_INCIDENTS_MAX];
};

/* Adds a line like printf(). Leaves it out if there is no room. */
void loss_report_line(struct loss_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

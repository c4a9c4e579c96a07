/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The dropped packets in the daemon's answer to /records. All texts are made harmless here, where they come
 * in, so that nothing behind this parser has to think of terminals. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/packet/packet.h"

enum {
    RECORD_NAME_SIZE = 128,
    RECORD_WORD_SIZE = 64,
    RECORD_UNIT_SIZE = 256,
    RECORD_DATA_MAX = 256,
};

/* A place in the kernel where packets are dropped, for one reason, by one device. */
struct record_site {
    uint64_t id;
    uint64_t packets; /* since the daemon holds the site */
    char function[RECORD_NAME_SIZE];
    char offset[RECORD_WORD_SIZE];
    char reason[RECORD_WORD_SIZE];
    char cause[RECORD_WORD_SIZE];
    char drop_class[RECORD_WORD_SIZE];
    char device[RECORD_WORD_SIZE];
    char netns[RECORD_NAME_SIZE]; /* "self", "other", a name; "": unknown */
};

/* One packet. What is not known is "" or NULL. */
struct record {
    uint64_t sequence;
    uint64_t site;
    uint64_t time_ns; /* CLOCK_REALTIME */
    unsigned link_type;
    unsigned protocol; /* an ethertype */
    size_t length;     /* of the whole packet */
    size_t size;       /* of `data`, at most `length` */
    char device[RECORD_WORD_SIZE];
    char netns[RECORD_NAME_SIZE];
    char unit[RECORD_UNIT_SIZE];
    char container_id[RECORD_NAME_SIZE];
    char pod_uid[RECORD_WORD_SIZE];
    char *stack; /* a function a line, the innermost first */
    uint8_t data[RECORD_DATA_MAX];
};

struct records {
    uint64_t now_ns; /* CLOCK_REALTIME of the answer */
    uint64_t sequence;
    char source[RECORD_WORD_SIZE];
    char host[RECORD_NAME_SIZE];
    struct record_site *sites;
    size_t site_count, site_capacity;
    struct record *items; /* by sequence */
    size_t count, capacity;
};

/* Parses the document. Ignores unknown members, and records of other link types. Returns 0, -EPROTO if it is
 * no such document, or -ENOMEM. */
int records_parse(const char *text, size_t size, struct records **ret_records, struct fault *fault);
struct records *records_free(struct records *records); /* accepts NULL, returns NULL */

DEFINE_CLEANUP(struct records *, records_free)

/* Returns the site, or NULL if the daemon has forgotten it. */
const struct record_site *records_site(const struct records *records, uint64_t id);

/* Returns the same bytes as a packet, which borrows them. */
struct packet record_packet(const struct record *record);

/* Writes the owner of the packet in one word: the unit, else the container (as much of its ID as its tools
 * show), else the pod; "-" if none is known. */
void record_workload(const struct record *record, char text[RECORD_UNIT_SIZE]);

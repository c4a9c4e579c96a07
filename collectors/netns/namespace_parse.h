/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads the counters of a network namespace out of the files of /proc/PID/net. Pure; one thread.
 *
 * Namespaces of one kernel name the same numbers: whoever has seen the head of a block before knows what is
 * in it, and looks nothing up.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/netns/namespace_counters.h"
#include "collectors/protocols/snmp_parse.h"

/* Devices of one namespace; what comes behind them in dev is left out. */
enum { NAMESPACE_DEVICES_MAX = 4096 };

struct namespace_device {
    char name[IFNAMSIZ]; /* any bytes; filled up with zeros */
    uint64_t values[NAMESPACE_DEVICE_COUNTERS];
};

/* What was read of a namespace. */
struct namespace_reading {
    /* The number of the kernel's own netlink socket there. Sockets have numbers one after another, so that no
     * other namespace had it before or will have it soon, as st_ino below /proc/PID/net has; 0 if not known.
     */
    uint64_t mark;
    bool present[NAMESPACE_PROTOCOL_COUNTERS]; /* the kernel shows it */
    uint64_t values[NAMESPACE_PROTOCOL_COUNTERS];
    struct namespace_device *devices; /* in the kernel's order; memory is kept */
    size_t device_count;
    size_t device_capacity;
    uint64_t malformed; /* blocks and lines that make no sense, and were left out */
};

/* The blocks of snmp and netstat that have counters of ours, as they were seen last. Zeroed at first. */
enum { NAMESPACE_HEADS_MAX = 8, NAMESPACE_FIELDS_MAX = 512 };

struct namespace_head {
    enum namespace_file file;
    char *text;
    size_t size;
    size_t field_count;                    /* up to the last one that is a counter of ours */
    uint8_t numbers[NAMESPACE_FIELDS_MAX]; /* of the field: which counter; UINT8_MAX if none */
};

struct namespace_heads {
    struct namespace_head items[NAMESPACE_HEADS_MAX];
    size_t count;
};

void namespace_heads_done(struct namespace_heads *heads);

/* Forgets what was read, and keeps the memory. */
void namespace_reading_clear(struct namespace_reading *reading);
void namespace_reading_done(struct namespace_reading *reading);

/* Adds the counters of snmp or netstat, or of snmp6, to the reading. Returns 0 or -ENOMEM. */
int namespace_parse_pairs(struct namespace_heads *heads, enum namespace_file file, struct snmp_text text,
                          struct namespace_reading *reading);
void namespace_parse_lines(struct snmp_text text, struct namespace_reading *reading);

/* Adds the devices of dev. Returns 0, -ENOMEM, or -ENOSPC if there are more than NAMESPACE_DEVICES_MAX. */
int namespace_parse_devices(struct snmp_text text, struct namespace_reading *reading);

/* Finds the mark in /proc/PID/net/netlink; 0 if there is none. */
uint64_t namespace_parse_mark(struct snmp_text text);

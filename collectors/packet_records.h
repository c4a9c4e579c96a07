/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Dropped packets, as a collector shows them beside its numbers: a few of each place where packets are
 * dropped, as much of each as may be shown. They are attached to the snapshot (snapshot_attach()) while
 * somebody asks for them. Once it is published they are immutable, and any thread may read them through a
 * reference to the snapshot.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/packet/packet.h"
#include "base/table/snapshot.h"

enum {
    PACKET_FUNCTION_SIZE = 128,
    PACKET_REASON_SIZE = 64,
    PACKET_DEVICE_SIZE = 16,
    PACKET_NETNS_SIZE = 128,
    PACKET_UNIT_SIZE = 256,
    PACKET_CONTAINER_SIZE = 65,
    PACKET_POD_SIZE = 37,
    PACKET_DATA_SIZE = 128,
};

#define PACKET_OWNER_NONE UINT32_MAX
#define PACKET_STACK_NONE SIZE_MAX

/* Texts are as the labels of metrics have them. */
struct packet_site {
    uint64_t number; /* its own as long as packets of it are held */
    char function[PACKET_FUNCTION_SIZE];
    uint32_t offset; /* of the call that dropped, in the function */
    char reason[PACKET_REASON_SIZE];
    const char *cause;
    const char *loss_class;
    char device[PACKET_DEVICE_SIZE];
    char netns[PACKET_NETNS_SIZE];
    uint64_t packets; /* that were dropped there, recorded or not */
};

/* Whose packets they are. */
struct packet_owner {
    char unit[PACKET_UNIT_SIZE];
    char container_id[PACKET_CONTAINER_SIZE];
    char pod_uid[PACKET_POD_SIZE];
};

struct packet_record {
    uint64_t sequence; /* among all records, from 1 on */
    uint64_t time_ns;  /* CLOCK_REALTIME */
    uint32_t site;     /* index */
    uint32_t owner;    /* index, or PACKET_OWNER_NONE */
    size_t stack;      /* where in `stacks` its text begins, a line a function; or PACKET_STACK_NONE */
    uint32_t length;   /* of the packet, from the first byte of `data` on */
    uint16_t protocol; /* ethertype, in host byte order */
    uint8_t link_type; /* enum packet_link_type */
    uint8_t size;      /* of `data` */
    char device[PACKET_DEVICE_SIZE];
    uint8_t data[PACKET_DATA_SIZE]; /* its headers, and only as much more as the settings allow */
};

struct packet_records {
    struct attachment attachment; /* first */
    const char *source;           /* static: "bpf", "drop_monitor" */
    int error;                    /* negative errno if they could not be read; 0 */
    struct packet_site *sites;
    size_t site_count, site_capacity;
    struct packet_owner *owners;
    size_t owner_count, owner_capacity;
    struct packet_record *records; /* ascending by sequence */
    size_t record_count, record_capacity;
    struct buffer stacks; /* NUL-terminated texts */
};

/* Returns one reference, or NULL if memory runs out. */
struct packet_records *packet_records_new(const char *source);
struct packet_records *packet_records_unref(struct packet_records *records); /* accepts NULL, returns NULL */

/* Empties it and keeps its memory. Returns false, and changes nothing, if somebody else holds a reference. */
bool packet_records_reset(struct packet_records *records);

/* Attaches the error that kept packets from being read. Returns 0 or -ENOMEM. */
int packet_records_attach_error(struct snapshot *draft, const char *source, int error);

/* Returns the packets that are attached to a snapshot, or NULL if there are none. The snapshot must be one
 * of a collector that shows packets. */
const struct packet_records *packet_records_of(const struct snapshot *snapshot);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Loss by cause, on one vocabulary across drivers: which of a driver's private statistics mean that packets
 * were lost, and why. The entries of one driver are disjoint, no packet counts in two of them, so that they
 * may be added up: where one counter includes another, at most one of the two is here; where it is not
 * known, neither. A driver without entries has no such rows. Pure.
 */

#include <stddef.h>

enum nic_direction {
    NIC_RECEIVE,
    NIC_TRANSMIT,
    NIC_EITHER, /* one counter for both */
    NIC_DIRECTION_COUNT
};

enum nic_cause {
    NIC_LOST_NO_BUFFER,    /* no descriptor or memory in the host: rings too small, CPUs too busy */
    NIC_LOST_MISSED,       /* the NIC's own buffer was full */
    NIC_LOST_CRC,          /* damaged on the wire: checksum, alignment, code violation */
    NIC_LOST_LENGTH,       /* too short, too long, or not as long as it says */
    NIC_LOST_FILTERED,     /* by steering, a check of who sends what, or an XDP program */
    NIC_LOST_LINK_DOWN,    /* the link or the interface was down */
    NIC_LOST_COLLISION,    /* half duplex: gave up after collisions */
    NIC_LOST_BUSY,         /* the transmit ring was full */
    NIC_LOST_PORT_DISCARD, /* the port gave up what was to be sent, without an error of the packet: its buffer
                              was full, or the link did not take it */
    NIC_LOST_CONNTRACK_ALLOWANCE, /* the cloud tracks no more connections for this machine */
    NIC_LOST_LINKLOCAL_ALLOWANCE, /* more packets to the cloud's own services (DNS, metadata, time) than it
                                     takes */
    NIC_LOST_FAULT,               /* hardware, DMA or descriptor errors */
    NIC_LOST_DROPPED,             /* the driver does not tell its reasons apart */
    NIC_LOST_COUNT
};

struct nic_loss {
    const char *driver;    /* as ETHTOOL_GDRVINFO says it */
    const char *statistic; /* as ethtool_name_split() gives it */
    enum nic_direction direction;
    enum nic_cause cause;
    const char *source; /* what justifies the entry: "FILE:LINE" below drivers/net of Linux 6.1; of
                         * another version, that stands before it: "6.12 FILE:LINE" */
};

/* Returns the entries one after another, from 0 on, and NULL behind the last. */
const struct nic_loss *nic_loss_at(size_t index);

/* Returns the entry for a statistic of a driver, or NULL if there is none. */
const struct nic_loss *nic_loss_find(const char *driver, const char *statistic);

/* Return the label values: "receive", "no_buffer", ... */
const char *nic_direction_name(enum nic_direction direction);
const char *nic_cause_name(enum nic_cause cause);

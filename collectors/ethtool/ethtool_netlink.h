/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Asks ethtool over generic netlink, where one dump answers for all devices: ring sizes, speed, and (if
 * wanted) the standard statistics: eth-phy, eth-mac, eth-ctrl, rmon (but its histogram of packet sizes),
 * pause and FEC. Runs on the ethtool collector's thread; ethtool_readings_parse() is pure.
 *
 * A dump ends at the first device that fails with anything but EOPNOTSUPP (net/ethtool/netlink.c,
 * ethnl_default_dumpit): the devices behind it are then missing, and the caller asks them one by one.
 */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "collectors/kernel/netlink.h"

enum ethtool_group {
    ETHTOOL_GROUP_RINGS, /* items: see enum ethtool_ring_item */
    ETHTOOL_GROUP_SPEED, /* item 0, in Mbit/s */
    ETHTOOL_GROUP_PHY,   /* from here on: items of the standard statistics */
    ETHTOOL_GROUP_MAC,
    ETHTOOL_GROUP_CTRL,
    ETHTOOL_GROUP_RMON,
    ETHTOOL_GROUP_PAUSE,
    ETHTOOL_GROUP_FEC,
    ETHTOOL_GROUP_COUNT
};

enum ethtool_ring_item {
    ETHTOOL_RING_RECEIVE,
    ETHTOOL_RING_RECEIVE_LIMIT,
    ETHTOOL_RING_TRANSMIT,
    ETHTOOL_RING_TRANSMIT_LIMIT,
};

enum { ETHTOOL_READINGS_MAX = 1 << 20 };

/* One number of one device. */
struct ethtool_reading {
    int ifindex;
    uint16_t group;
    uint16_t item;
    uint64_t value;
};

/* A growing list of them, in the kernel's order; its memory is kept. */
struct ethtool_readings {
    struct ethtool_reading *items;
    size_t count;
    size_t capacity;
};

void ethtool_readings_done(struct ethtool_readings *readings);
/* Returns 0 or -ENOMEM. */
int ethtool_readings_add(struct ethtool_readings *readings, struct ethtool_reading reading);

/* Adds what one answer of family "ethtool" says; passes others over. Returns 0, -ENOMEM, or -EBADMSG if it
 * makes no sense. */
int ethtool_readings_parse(struct ethtool_readings *readings, const struct nlmsghdr *message);

/* Return the label values of a standard statistic as `ethtool -S --groups` names them, or NULL if it is
 * unknown or has none. */
const char *ethtool_group_name(unsigned group);
const char *ethtool_item_name(unsigned group, unsigned item);

/* What can be asked for. */
enum ethtool_request {
    ETHTOOL_REQUEST_RINGS,
    ETHTOOL_REQUEST_SPEED,
    ETHTOOL_REQUEST_STATS, /* from here on: the standard statistics */
    ETHTOOL_REQUEST_PAUSE,
    ETHTOOL_REQUEST_FEC,
    ETHTOOL_REQUEST_COUNT
};

struct ethtool_netlink {
    struct netlink netlink;
    uint16_t family;                                /* 0 if this kernel has none (before 5.6) */
    struct nl_msg *requests[ETHTOOL_REQUEST_COUNT]; /* made once */
};

int ethtool_netlink_open(struct ethtool_netlink *ethtool, struct limits *limits, struct fault *fault);
void ethtool_netlink_close(struct ethtool_netlink *ethtool); /* accepts a zeroed struct */

/* Adds the readings of all devices. Returns 0 or a negative errno, which is -EOPNOTSUPP if this kernel does
 * not know the request. After a failure the readings of some devices may be missing. */
int ethtool_netlink_dump(struct ethtool_netlink *ethtool, enum ethtool_request request,
                         struct ethtool_readings *readings);

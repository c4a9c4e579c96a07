/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What of node_exporter's netclass and ethtool the driver says: speed and duplex of a link, as sysfs has
 * them, and the driver itself. One ioctl a device that is up. The collector's own thread.
 */

#include "base/table/snapshot.h"
#include "collectors/ethtool/ethtool_device.h"
#include "collectors/node_names.h"

extern const struct node_names *const ethtool_node[];

struct ethtool_link_state; /* of a device, what its row of texts is made of */

/* All zeros: not wanted. */
struct ethtool_node {
    struct column_set *speed_columns, *info_columns, *driver_columns;
    struct row_set *devices, *info, *drivers;
    struct ethtool_link_state *states; /* of each device, in the order of the devices */
    size_t count;
    size_t capacity;
    int64_t *speeds; /* in bytes a second, by device; INT64_MIN: it has none */
};

int ethtool_node_open(struct ethtool_node *node); /* returns 0 or -ENOMEM */
void ethtool_node_close(struct ethtool_node *node);

/* Asks, and adds the tables. `changed` says that there are other devices or drivers than before. Returns 0 or
 * -ENOMEM. */
int ethtool_node_fill(struct ethtool_node *node, const struct ethtool_devices *devices,
                      const struct link_table *links, struct ethtool_ioctl *ioctl, bool changed,
                      struct snapshot *draft);

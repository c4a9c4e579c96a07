/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The devices that the ethtool collector looks at, and what it keeps of each: driver, names of the
 * statistics, and where the value of each goes. Runs on the ethtool collector's thread.
 */

#include <linux/ethtool.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "collectors/device_filter.h"
#include "collectors/ethtool/ethtool_ioctl.h"
#include "collectors/ethtool/ethtool_select.h"
#include "collectors/handover.h"
#include "collectors/kernel/link_table.h"

/* The value at `source` of the driver's list is added to a row of a table. Moves to one row are neighbours.
 */
struct ethtool_move {
    struct sum_part *part; /* in `selected`; NULL if the row is no sum */
    uint32_t source;       /* ETHTOOL_GONE: of a statistic that the driver has no more */
    uint32_t table;
    uint32_t row;
    uint32_t run; /* how many moves to this row there are, from the first of them */
};

#define ETHTOOL_GONE UINT32_MAX

struct ethtool_device {
    int ifindex;
    uint64_t born; /* of the link: another one under the same ifindex is another device */
    char name[IFNAMSIZ];
    char label[LINK_DEVICE_SIZE];
    char kind[LINK_KIND_SIZE];

    bool wants_statistics; /* not those of a virtual device, where they are not asked for */
    bool load_due;         /* the strings are to be read before the next values */
    bool had_strings;      /* at some time */
    bool has_info;
    struct ethtool_drvinfo info;

    uint32_t count; /* of the driver's strings; 0 if it has no statistics, or they could not be read */
    uint64_t hash;  /* of the strings */
    struct ethtool_selected selected;

    struct ethtool_move *moves;
    size_t move_count;
    size_t move_capacity;
};

struct ethtool_devices {
    struct ethtool_device **items; /* ascending by ifindex */
    size_t count;
    struct ethtool_devices *before; /* those of the last instance, until the first update; or NULL */
    uint64_t generation;            /* of the links that they were made from */
    size_t turn;                    /* whose strings are compared next */
};

/* Takes over what changed about the links. Devices that stay keep what is known of them. Sets *ret_changed if
 * a device came, went or was renamed. Returns 0 or -ENOMEM. */
int ethtool_devices_update(struct ethtool_devices *devices, const struct link_table *links,
                           const struct device_filter *filter, bool virtual_devices, bool *ret_changed);
void ethtool_devices_done(struct ethtool_devices *devices);

/* Leave what sums have counted to the next instance of the collector, and take over what the last one left: a
 * device goes on with it if it is there again under the same index and name. Without a hand-over (NULL)
 * nothing is left. */
void ethtool_devices_leave(struct ethtool_devices *devices, struct handover *handover);
void ethtool_devices_take(struct ethtool_devices *devices, struct handover *handover);

/* Returns true if the link is still what the device was made from. The ioctls know devices by name only. */
bool ethtool_device_is(const struct ethtool_device *device, const struct link *link);

/* Returns the device, or NULL if there is none. `hint` makes lookups in ascending order cheap: start it at
 * 0. */
const struct ethtool_device *ethtool_devices_find(const struct ethtool_devices *devices, int ifindex,
                                                  size_t *hint);

/* Marks the next few devices for a comparison of their strings: a driver may give equally many other ones. */
void ethtool_devices_turn(struct ethtool_devices *devices);

/* Reads driver and strings if that is due. A device that is gone or has none is no error. Sets *ret_changed
 * if they differ from what was known. Returns 0 or -ENOMEM. */
int ethtool_device_load(struct ethtool_device *device, struct ethtool_ioctl *ethtool,
                        const struct ethtool_selection *selection, struct limits *limits, bool *ret_changed);

int ethtool_device_move(struct ethtool_device *device, struct ethtool_move move); /* Returns 0 or -ENOMEM. */

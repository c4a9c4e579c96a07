/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The ethtool ioctls that the collector needs; none needs a capability. They also work on an AF_UNIX socket,
 * so that AF_INET can be denied. Each takes the RTNL lock in the kernel and may sleep as long as a driver
 * likes, so only the ethtool collector's thread calls them.
 *
 * The kernel writes as many items as the driver has at that moment, whatever room was made after an earlier
 * question (net/ethtool/ioctl.c, ethtool_get_stats; since 6.19 it refuses instead). So the one answer buffer
 * has room for more than is ever accepted and ends at an unmapped page: a longer answer is -EFAULT.
 */

#include <stddef.h>
#include <stdint.h>

#include <linux/ethtool.h>

enum { ETHTOOL_STRINGS_MAX = 32768 }; /* strings of one device; more is -E2BIG */

struct ethtool_ioctl {
    int fd;
    char *buffer; /* the last answer of strings or stats */
    size_t buffer_size;
};

/* 0 or -errno. ethtool_ioctl_close() accepts a zeroed or half-opened one. */
int ethtool_ioctl_open(struct ethtool_ioctl *ethtool);
void ethtool_ioctl_close(struct ethtool_ioctl *ethtool);

/* All of these return 0, -EOPNOTSUPP if the driver has no such thing, -ENODEV if the device is gone, or
 * another negative errno. */
int ethtool_ioctl_driver(struct ethtool_ioctl *ethtool, const char *device, struct ethtool_drvinfo *ret_info);
int ethtool_ioctl_rings(struct ethtool_ioctl *ethtool, const char *device,
                        struct ethtool_ringparam *ret_rings);

/* Reads the speed in Mbit/s. Returns -ENODATA, too, if the driver does not know it. */
int ethtool_ioctl_speed(struct ethtool_ioctl *ethtool, const char *device, uint32_t *ret_speed);

/* Reads the speed in Mbit/s, if it is known, and the duplex mode, as /sys/class/net/DEVICE has them. */
int ethtool_ioctl_settings(struct ethtool_ioctl *ethtool, const char *device,
                           struct ethtool_cmd *ret_settings);

/* Reads how many statistics the driver has now. Returns -E2BIG, too, if there are more than
 * ETHTOOL_STRINGS_MAX. */
int ethtool_ioctl_count(struct ethtool_ioctl *ethtool, const char *device, uint32_t *ret_count);

/* Read the strings of `count` statistics, of ETH_GSTRING_LEN bytes each, and their values. They are valid
 * until the next call. Return -ESTALE, too, if the driver has another number of them by now: ask for the
 * count again. */
int ethtool_ioctl_strings(struct ethtool_ioctl *ethtool, const char *device, uint32_t count,
                          const char **ret_strings);
int ethtool_ioctl_stats(struct ethtool_ioctl *ethtool, const char *device, uint32_t count,
                        const uint64_t **ret_values);

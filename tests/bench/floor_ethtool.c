/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of an ethtool collection: one ETHTOOL_GSTATS for each device that has statistics, and nothing
 * done with the numbers.
 *
 *     floor_ethtool COUNT
 */

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "tests/bench/median.h"

struct device {
    char name[IFNAMSIZ];
    struct ethtool_stats *statistics;
};

struct devices {
    int fd;
    size_t count;
    struct device *devices;
};

static int ethtool(int fd, const struct device *device, void *command)
{
    struct ifreq request = {.ifr_data = command};

    memcpy(request.ifr_name, device->name, sizeof(request.ifr_name));
    return ioctl(fd, SIOCETHTOOL, &request);
}

static void add(struct devices *devices, const char *name)
{
    struct device *device = &devices->devices[devices->count];
    struct {
        struct ethtool_sset_info info;
        __u32 count;
    } set = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_STATS}};

    (void)snprintf(device->name, sizeof(device->name), "%s", name);
    if (ethtool(devices->fd, device, &set) < 0 || !set.info.sset_mask || !set.count)
        return;
    device->statistics = calloc(1, sizeof(*device->statistics) + set.count * sizeof(__u64));
    if (!device->statistics)
        fail("calloc");
    device->statistics->cmd = ETHTOOL_GSTATS;
    device->statistics->n_stats = set.count;
    devices->count++;
}

static void read_all(void *data)
{
    const struct devices *devices = data;

    for (size_t i = 0; i < devices->count; i++)
        if (ethtool(devices->fd, &devices->devices[i], devices->devices[i].statistics) < 0)
            fail(devices->devices[i].name);
}

int main(int argc, char *argv[])
{
    struct if_nameindex *names = if_nameindex();
    struct devices devices = {.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    size_t count = 0;

    if (!names || devices.fd < 0 || argc != 2)
        fail("floor_ethtool COUNT");
    while (names[count].if_index)
        count++;
    devices.devices = calloc(count, sizeof(*devices.devices));
    if (!devices.devices)
        fail("calloc");
    for (size_t i = 0; i < count; i++)
        add(&devices, names[i].if_name);
    printf("%llu\n", (unsigned long long)median_cpu_ns(read_all, &devices, (unsigned)atoi(argv[1])));
    return 0;
}

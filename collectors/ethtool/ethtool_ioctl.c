/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_ioctl.h"

/* The ethtool ioctls, with one kept buffer for the answers. Called by the ethtool collector's thread only. */

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/sockios.h>

static int call(struct ethtool_ioctl *ethtool, const char *device, void *command)
{
    struct ifreq request = {.ifr_data = command};
    size_t length = strnlen(device, sizeof(request.ifr_name));

    if (length == sizeof(request.ifr_name))
        return -ENODEV;
    memcpy(request.ifr_name, device, length);
    return ioctl(ethtool->fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

/* Any socket works. Reading links needs netlink anyway, and a sandbox may forbid AF_UNIX. */
static int any_socket(void)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) : fd;
}

int ethtool_ioctl_open(struct ethtool_ioctl *ethtool)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t size = sizeof(struct ethtool_gstrings) + ETHTOOL_STRINGS_MAX * ETH_GSTRING_LEN;
    char *memory;
    int fd = -1;

    /* Untouched pages cost nothing. The last page stays unmapped, as a guard. */
    size = (size + page - 1) / page * page;
    memory = mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -errno;
    if (mprotect(memory, size, PROT_READ | PROT_WRITE) < 0 || (fd = any_socket()) < 0) {
        int error = -errno;

        munmap(memory, size + page);
        return error;
    }
    *ethtool = (struct ethtool_ioctl){.fd = fd, .buffer = memory, .buffer_size = size + page};
    return 0;
}

void ethtool_ioctl_close(struct ethtool_ioctl *ethtool)
{
    if (!ethtool->buffer)
        return;
    munmap(ethtool->buffer, ethtool->buffer_size);
    close(ethtool->fd);
    *ethtool = (struct ethtool_ioctl){};
}

int ethtool_ioctl_driver(struct ethtool_ioctl *ethtool, const char *device, struct ethtool_drvinfo *ret_info)
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    int error = call(ethtool, device, &info);

    if (error < 0)
        return error;
    info.driver[sizeof(info.driver) - 1] = '\0';
    info.version[sizeof(info.version) - 1] = '\0';
    info.fw_version[sizeof(info.fw_version) - 1] = '\0';
    info.bus_info[sizeof(info.bus_info) - 1] = '\0';
    *ret_info = info;
    return 0;
}

int ethtool_ioctl_rings(struct ethtool_ioctl *ethtool, const char *device,
                        struct ethtool_ringparam *ret_rings)
{
    struct ethtool_ringparam rings = {.cmd = ETHTOOL_GRINGPARAM};
    int error = call(ethtool, device, &rings);

    if (error < 0)
        return error;
    *ret_rings = rings;
    return 0;
}

int ethtool_ioctl_settings(struct ethtool_ioctl *ethtool, const char *device,
                           struct ethtool_cmd *ret_settings)
{
    struct ethtool_cmd command = {.cmd = ETHTOOL_GSET};
    int error = call(ethtool, device, &command);

    if (error == 0)
        *ret_settings = command;
    return error;
}

int ethtool_ioctl_speed(struct ethtool_ioctl *ethtool, const char *device, uint32_t *ret_speed)
{
    struct ethtool_cmd command;
    int error = ethtool_ioctl_settings(ethtool, device, &command);
    uint32_t speed;

    if (error < 0)
        return error;
    speed = ethtool_cmd_speed(&command);
    /* Some drivers cut SPEED_UNKNOWN to 16 bits. */
    if (speed == 0 || speed == UINT16_MAX || speed == UINT32_MAX)
        return -ENODATA;
    *ret_speed = speed;
    return 0;
}

int ethtool_ioctl_count(struct ethtool_ioctl *ethtool, const char *device, uint32_t *ret_count)
{
    struct ethtool_sset_info *info = (struct ethtool_sset_info *)(void *)ethtool->buffer;
    int error;

    *info = (struct ethtool_sset_info){.cmd = ETHTOOL_GSSET_INFO, .sset_mask = UINT64_C(1) << ETH_SS_STATS};
    error = call(ethtool, device, info);
    if (error < 0)
        return error;
    /* If the driver lacks the set, the kernel clears its bit (ethtool_get_sset_info()). */
    if (info->sset_mask == 0 || info->data[0] == 0)
        return -EOPNOTSUPP;
    if (info->data[0] > ETHTOOL_STRINGS_MAX)
        return -E2BIG;
    *ret_count = info->data[0];
    return 0;
}

int ethtool_ioctl_strings(struct ethtool_ioctl *ethtool, const char *device, uint32_t count,
                          const char **ret_strings)
{
    struct ethtool_gstrings *strings = (struct ethtool_gstrings *)(void *)ethtool->buffer;
    int error;

    *strings = (struct ethtool_gstrings){.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_STATS, .len = count};
    error = call(ethtool, device, strings);
    if (error < 0)
        return error == -EFAULT ? -ESTALE : error;
    if (strings->len != count)
        return -ESTALE;
    *ret_strings = (const char *)strings->data;
    return 0;
}

int ethtool_ioctl_stats(struct ethtool_ioctl *ethtool, const char *device, uint32_t count,
                        const uint64_t **ret_values)
{
    struct ethtool_stats *stats = (struct ethtool_stats *)(void *)ethtool->buffer;
    int error;

    *stats = (struct ethtool_stats){.cmd = ETHTOOL_GSTATS, .n_stats = count};
    error = call(ethtool, device, stats);
    if (error < 0)
        return error == -EFAULT ? -ESTALE : error;
    if (stats->n_stats != count)
        return -ESTALE;
    *ret_values = (const uint64_t *)(const void *)stats->data;
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up driver behind the ethtool ioctls of one device, for LD_PRELOAD. ETHTOOL_SHIM_DEVICE names the
 * device, ETHTOOL_SHIM_DIRECTORY a directory that the test changes while the daemon runs:
 *
 *     strings   the statistics, one a line, any bytes; the value of line i (from 0) is 10 * i + 1
 *     values    where it is there, their values, one a line
 *     error     where it is there, the errno of every call, or "none": the driver has no statistics
 *     lie       where it is there, the count says one less than the driver then has
 *     block     while it is there, ETHTOOL_GSTATS does not return
 *     clock     where it is there, each value is the milliseconds since the machine's start, and
 * ETHTOOL_GSTATS returns so many milliseconds later as the file says
 *
 * ETHTOOL_SHIM_SINK may be the number of a descriptor that ETHTOOL_GSTATS writes to, and so may sleep in.
 * Like net/ethtool/ioctl.c, it writes as much as it has, whatever room the caller made.
 */

#include <dlfcn.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static FILE *open_file(const char *name)
{
    char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s", getenv("ETHTOOL_SHIM_DIRECTORY"), name);
    return fopen(path, "r");
}

static bool file_exists(const char *name)
{
    FILE *file = open_file(name);

    if (file)
        fclose(file);
    return file != NULL;
}

/* Counts the lines, and writes them where they are wanted: 32 bytes each, cut without a terminator. */
static unsigned read_strings(unsigned char *strings)
{
    FILE *file = open_file("strings");
    size_t capacity = 0;
    unsigned count = 0;
    char *line = NULL;
    ssize_t length;

    while (file && (length = getline(&line, &capacity, file)) > 0) {
        length -= line[length - 1] == '\n';
        if (strings) {
            unsigned char *at = strings + (size_t)count * ETH_GSTRING_LEN;

            memset(at, 0, ETH_GSTRING_LEN);
            memcpy(at, line, length < ETH_GSTRING_LEN ? (size_t)length : ETH_GSTRING_LEN);
        }
        count++;
    }
    free(line);
    if (file)
        fclose(file);
    return count;
}

static void read_values(unsigned long long *values, unsigned count)
{
    FILE *file = open_file("values");

    for (unsigned i = 0; file && i < count && fscanf(file, "%llu", &values[i]) == 1; i++)
        ;
    if (file)
        fclose(file);
}

/* A counter that grows by a thousand a second, exactly: what rates are made of it tells how even its readings
 * are. */
static void count_time(struct ethtool_stats *stats)
{
    FILE *file = open_file("clock");
    unsigned delay = 0;
    struct timespec now;

    if (!file)
        return;
    (void)!fscanf(file, "%u", &delay);
    fclose(file);
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned i = 0; i < stats->n_stats; i++)
        stats->data[i] = (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000;
    usleep(delay * 1000);
}

/* The errno, EOPNOTSUPP for "none", 0 where there is no such file. */
static int read_error(void)
{
    FILE *file = open_file("error");
    int number = EOPNOTSUPP;

    if (!file)
        return 0;
    (void)!fscanf(file, "%d", &number);
    fclose(file);
    return number;
}

static int get_stats(struct ethtool_stats *stats)
{
    const char *sink = getenv("ETHTOOL_SHIM_SINK");

    if (sink)
        (void)!write(atoi(sink), "x", 1);
    while (file_exists("block"))
        usleep(10 * 1000);
    stats->n_stats = read_strings(NULL);
    for (unsigned i = 0; i < stats->n_stats; i++)
        stats->data[i] = 10 * i + 1;
    read_values(stats->data, stats->n_stats);
    count_time(stats);
    return 0;
}

static int answer(void *command)
{
    struct ethtool_drvinfo *info = command;
    struct ethtool_sset_info *set = command;
    struct ethtool_gstrings *strings = command;

    errno = read_error();
    if (errno != 0)
        return -1;
    switch (*(__u32 *)command) {
    case ETHTOOL_GDRVINFO:
        (void)snprintf(info->driver, sizeof(info->driver), "made_up");
        return 0;
    case ETHTOOL_GSSET_INFO:
        set->data[0] = read_strings(NULL) - file_exists("lie");
        return 0;
    case ETHTOOL_GSTRINGS:
        strings->len = read_strings(strings->data);
        return 0;
    case ETHTOOL_GSTATS:
        return get_stats(command);
    default:
        errno = EOPNOTSUPP;
        return -1;
    }
}

int ioctl(int fd, unsigned long request, ...)
{
    int (*next)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    const char *device = getenv("ETHTOOL_SHIM_DEVICE");
    struct ifreq *interface;
    va_list arguments;
    void *argument;

    va_start(arguments, request);
    argument = va_arg(arguments, void *);
    va_end(arguments);
    interface = argument;
    if (request == SIOCETHTOOL && device && strncmp(interface->ifr_name, device, IFNAMSIZ) == 0)
        return answer(interface->ifr_data);
    return next(fd, request, argument);
}

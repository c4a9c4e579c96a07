/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads rtnetlink's messages about links. Pure: no system call, no allocation. Accepts older kernels (shorter
 * structs, missing attributes: such cells are absent, not zero) and newer ones (more of either).
 */

#include <linux/netlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    LINK_STATISTIC_COUNT = 25,      /* fields of rtnl_link_stats64 in Linux 6.1 to 6.18 */
    LINK_DEVICE_SIZE = 3 * 16 + 16, /* every byte of a name replaced, "~", the ifindex */
    LINK_KIND_SIZE = 64,
    LINK_ALIAS_SIZE = 256,      /* IFALIASZ */
    LINK_ADDRESS_SIZE = 3 * 32, /* MAX_ADDR_LEN bytes as "aa:bb:..." */
    LINK_BUS_SIZE = 64,
};

/* The numbers of a link that are no statistics. */
enum link_number {
    LINK_CARRIER_CHANGES,
    LINK_CARRIER_UP_CHANGES,
    LINK_CARRIER_DOWN_CHANGES,
    LINK_UP,
    LINK_ADMIN_UP,
    LINK_CARRIER,
    LINK_MTU,
    LINK_TRANSMIT_QUEUE_LIMIT,
    LINK_SHOWN_COUNT,

    /* As /sys/class/net tells them (net/core/net-sysfs.c), for node_exporter's names. */
    LINK_OPERATIONAL = LINK_SHOWN_COUNT, /* operstate is "up", and not "unknown" */
    LINK_OPERSTATE,                      /* IF_OPER_UP, ... */
    LINK_CARRIER_WHERE_UP,               /* absent where it is administratively down, as the next one */
    LINK_DORMANT,
    LINK_FLAGS, /* without those that follow from the state */
    LINK_INDEX,
    LINK_OTHER, /* its own index where it is on no other */
    LINK_MODE,
    LINK_GROUP,
    LINK_TYPE, /* ARPHRD_ETHER, ... */
    LINK_NUMBER_COUNT
};

/* The texts of a link at their longest: where link_parse() puts them. */
struct link_texts {
    char device[LINK_DEVICE_SIZE];
    char kind[LINK_KIND_SIZE];
    char alias[LINK_ALIAS_SIZE];
    char address[LINK_ADDRESS_SIZE];
    char broadcast[LINK_ADDRESS_SIZE];
    char bus[LINK_BUS_SIZE];
};

struct link {
    int ifindex;
    int netns_id;     /* IFLA_LINK_NETNSID: our number of the namespace of its other end; -1 if it is here */
    int other;        /* IFLA_LINK: ifindex of the link below it, or of its other end; 0 if none */
    int master;       /* ifindex of the bond, bridge, ... it belongs to; 0 if none */
    uint32_t present; /* bit i: numbers[i] was in the message */
    uint32_t numbers[LINK_NUMBER_COUNT];
    char name[IFNAMSIZ]; /* as the kernel has it: any bytes but white space and '/' */
    const char *device;  /* the name for labels: valid UTF-8, and no other link has it */
    const char *kind;    /* IFLA_INFO_KIND; without one "loopback" or "physical" */
    const char *alias;
    const char *address; /* hexadecimal with colons, whatever the link's type */
    const char *broadcast;
    const char *bus; /* name of the parent device, "0000:03:00.0"; "" before Linux 5.14 */

    /* Of the one who keeps the link, not of the message; see link_table.h. */
    uint64_t born;
    uint64_t seen;
    uint32_t row;
    bool owner_asked; /* whose its other end is; forgotten where netns_id changes */
};

struct link_statistics {
    int ifindex;
    uint32_t count;                        /* how many of the values the kernel has */
    uint64_t values[LINK_STATISTIC_COUNT]; /* in the order of struct rtnl_link_stats64 */
};

/*
 * Reads RTM_NEWLINK or RTM_DELLINK. Returns 0, -ENODATA if the message does not speak of the link as such, or
 * -EBADMSG if it makes no sense. Fields for which the message has no attribute are empty, and the keeper's
 * are zero. The link's texts are those in `texts`, which holds anything after a failure.
 */
int link_parse(const struct nlmsghdr *message, struct link_texts *texts, struct link *ret_link);

/* Reads RTM_NEWSTATS (IFLA_STATS_LINK_64) or RTM_NEWLINK (IFLA_STATS64). Returns 0, or -ENODATA if it has no
 * statistics. */
int link_parse_statistics(const struct nlmsghdr *message, struct link_statistics *ret_statistics);

/* Makes the name for labels. A name that is valid UTF-8 without U+FFFD stays as it is. In any other, each
 * invalid byte becomes U+FFFD, and "~" and the ifindex are appended. */
void link_device_name(const char *name, int ifindex, char device[LINK_DEVICE_SIZE]);

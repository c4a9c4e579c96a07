/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/link_parse.h"

/* Parses rtnetlink's messages about links. Pure; any thread. */

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "collectors/kernel/netlink_parse.h"

static_assert(sizeof(struct rtnl_link_stats64) >= LINK_STATISTIC_COUNT * sizeof(uint64_t),
              "uapi headers older than Linux 6.0");

/*
 * Why two links never share a result: the kernel keeps names unique. A result is either the name itself,
 * without U+FFFD, or a repaired name, which has U+FFFD; so equal results are of the same sort. Two plain
 * results are two names. Repaired results end in "~" and the ifindex, and nothing follows the last "~".
 */
void link_device_name(const char *name, int ifindex, char device[LINK_DEVICE_SIZE])
{
    const size_t replacement = strlen(UTF8_REPLACEMENT);
    size_t left = strnlen(name, IFNAMSIZ - 1);
    bool replaced = false;
    char *at = device;

    while (left > 0) {
        size_t size = utf8_sequence(name, left);
        const char *from = size ? name : UTF8_REPLACEMENT;
        size_t from_size = size ? size : replacement;

        replaced = replaced || (from_size == replacement && memcmp(from, UTF8_REPLACEMENT, replacement) == 0);
        at = mempcpy(at, from, from_size);
        name += size ? size : 1;
        left -= size ? size : 1;
    }
    *at = '\0';
    if (replaced)
        (void)snprintf(at, LINK_DEVICE_SIZE - (size_t)(at - device), "~%d", ifindex);
}

static void format_address(const struct nlattr *attribute, char address[LINK_ADDRESS_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *bytes = attribute ? nla_data(attribute) : NULL;
    size_t count = attribute ? (size_t)nla_len(attribute) : 0;
    char *at = address;

    for (size_t i = 0; i < count && i < LINK_ADDRESS_SIZE / 3; i++) {
        if (i > 0)
            *at++ = ':';
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 0xf];
    }
    *at = '\0';
}

static void link_set(struct link *link, enum link_number number, uint32_t value)
{
    link->numbers[number] = value;
    link->present |= UINT32_C(1) << number;
}

/* sysfs shows dev->flags. In messages the kernel replaces some flags (net/core/dev.c, netif_get_flags()):
 * promiscuity as users set it, others as the state says. */
static uint32_t sysfs_flags(unsigned flags, struct nlattr *const *attributes)
{
    uint32_t promiscuity, allmulti;

    flags &= ~(unsigned)(IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT);
    if (netlink_u32(attributes[IFLA_PROMISCUITY], &promiscuity) && promiscuity)
        flags |= IFF_PROMISC;
    if (netlink_u32(attributes[IFLA_ALLMULTI], &allmulti) && allmulti)
        flags |= IFF_ALLMULTI;
    return flags;
}

static void set_byte(struct link *link, enum link_number number, const struct nlattr *attribute)
{
    if (attribute && nla_len(attribute) >= 1)
        link_set(link, number, nla_get_u8(attribute));
}

static void parse_sysfs_numbers(struct link *link, const struct ifinfomsg *header,
                                struct nlattr *const *attributes)
{
    uint32_t value;

    set_byte(link, LINK_OPERSTATE, attributes[IFLA_OPERSTATE]);
    if (link->present >> LINK_OPERSTATE & 1)
        link_set(link, LINK_OPERATIONAL, link->numbers[LINK_OPERSTATE] == IF_OPER_UP);
    if (header->ifi_flags & IFF_UP) {
        set_byte(link, LINK_CARRIER_WHERE_UP, attributes[IFLA_CARRIER]);
        link_set(link, LINK_DORMANT, (header->ifi_flags & IFF_DORMANT) != 0);
    }
    link_set(link, LINK_FLAGS, sysfs_flags(header->ifi_flags, attributes));
    link_set(link, LINK_INDEX, (uint32_t)header->ifi_index);
    /* rtnl_fill_ifinfo() omits it if it equals ifindex. */
    link_set(link, LINK_OTHER,
             netlink_u32(attributes[IFLA_LINK], &value) ? value : (uint32_t)header->ifi_index);
    set_byte(link, LINK_MODE, attributes[IFLA_LINKMODE]);
    if (netlink_u32(attributes[IFLA_GROUP], &value))
        link_set(link, LINK_GROUP, value);
    link_set(link, LINK_TYPE, header->ifi_type);
}

static void parse_numbers(struct link *link, const struct ifinfomsg *header, struct nlattr *const *attributes)
{
    static const struct {
        enum link_number number;
        int attribute;
    } numbers[] = {
        {LINK_CARRIER_CHANGES, IFLA_CARRIER_CHANGES},
        {LINK_CARRIER_UP_CHANGES, IFLA_CARRIER_UP_COUNT},
        {LINK_CARRIER_DOWN_CHANGES, IFLA_CARRIER_DOWN_COUNT},
        {LINK_MTU, IFLA_MTU},
        {LINK_TRANSMIT_QUEUE_LIMIT, IFLA_TXQLEN},
    };
    const struct nlattr *carrier = attributes[IFLA_CARRIER];
    unsigned flags = header->ifi_flags;
    uint32_t value;

    for (size_t i = 0; i < ELEMENTS(numbers); i++)
        if (netlink_u32(attributes[numbers[i].attribute], &value))
            link_set(link, numbers[i].number, value);
    if (carrier && nla_len(carrier) >= 1)
        link_set(link, LINK_CARRIER, nla_get_u8(carrier) != 0);
    link_set(link, LINK_ADMIN_UP, (flags & IFF_UP) != 0);
    /* The kernel derives IFF_RUNNING from the operational state, and counts "unknown" (lo, tunnels) as
     * running: net/core/dev.c, netif_get_flags(). */
    link_set(link, LINK_UP, (flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING));
    parse_sysfs_numbers(link, header, attributes);
}

static void parse_kind(char kind[LINK_KIND_SIZE], unsigned flags, const struct nlattr *information)
{
    const struct nlattr *attribute =
        information ? nla_find(nla_data(information), nla_len(information), IFLA_INFO_KIND) : NULL;

    netlink_string(attribute, kind, LINK_KIND_SIZE);
    if (!kind[0])
        strcpy(kind, flags & IFF_LOOPBACK ? "loopback" : "physical");
}

/*
 * Refuses messages that come as RTM_NEWLINK or RTM_DELLINK, but do not concern the link's life: family
 * AF_BRIDGE, which is about a port, so that a deletion means that it left the bridge
 * (net/bridge/br_netlink.c, br_ifinfo_notify()); and messages without IFLA_MTU, which have nothing but a
 * name, such as wireless events (net/wireless/wext-core.c).
 */
static int parse_header(const struct nlmsghdr *message, const struct ifinfomsg **ret_header)
{
    const struct ifinfomsg *header;

    if (!nlmsg_valid_hdr(message, sizeof(*header)))
        return -EBADMSG;
    header = nlmsg_data(message);
    if (header->ifi_family != AF_UNSPEC)
        return -ENODATA;
    *ret_header = header;
    return 0;
}

static int parse_attributes(const struct nlmsghdr *message, struct nlattr **attributes)
{
    const struct ifinfomsg *header;
    int error = parse_header(message, &header);

    if (error < 0)
        return error;
    if (header->ifi_index <= 0)
        return -EBADMSG;
    (void)nla_parse(attributes, IFLA_MAX, nlmsg_attrdata(message, sizeof(*header)),
                    nlmsg_attrlen(message, sizeof(*header)),
                    NULL); /* without a policy, parsing refuses nothing */
    return 0;
}

static void parse_texts(struct link_texts *texts, struct nlattr *const *attributes)
{
    netlink_string(attributes[IFLA_IFALIAS], texts->alias, sizeof(texts->alias));
    format_address(attributes[IFLA_ADDRESS], texts->address);
    format_address(attributes[IFLA_BROADCAST], texts->broadcast);
    netlink_string(attributes[IFLA_PARENT_DEV_NAME], texts->bus, sizeof(texts->bus));
}

int link_parse(const struct nlmsghdr *message, struct link_texts *texts, struct link *ret_link)
{
    struct nlattr *attributes[IFLA_MAX + 1];
    const struct ifinfomsg *header;
    struct link link = {
        .netns_id = -1,
        .device = texts->device,
        .kind = texts->kind,
        .alias = texts->alias,
        .address = texts->address,
        .broadcast = texts->broadcast,
        .bus = texts->bus,
    };
    uint32_t master, other, netns_id;
    int error;

    error = parse_attributes(message, attributes);
    if (error < 0)
        return error;
    if (!attributes[IFLA_MTU] && message->nlmsg_type == RTM_NEWLINK)
        return -ENODATA;
    header = nlmsg_data(message);
    link.ifindex = header->ifi_index;
    netlink_string(attributes[IFLA_IFNAME], link.name, sizeof(link.name));
    if (!link.name[0])
        return -EBADMSG;
    link_device_name(link.name, link.ifindex, texts->device);
    parse_numbers(&link, header, attributes);
    parse_kind(texts->kind, header->ifi_flags, attributes[IFLA_LINKINFO]);
    if (netlink_u32(attributes[IFLA_MASTER], &master))
        link.master = (int)master;
    if (netlink_u32(attributes[IFLA_LINK], &other))
        link.other = (int)other;
    if (netlink_u32(attributes[IFLA_LINK_NETNSID], &netns_id) && netns_id <= INT_MAX)
        link.netns_id = (int)netns_id;
    parse_texts(texts, attributes);
    *ret_link = link;
    return 0;
}

static int parse_newstats(const struct nlmsghdr *message, int *ret_ifindex,
                          const struct nlattr **ret_attribute)
{
    const struct if_stats_msg *header;

    if (!nlmsg_valid_hdr(message, sizeof(*header)))
        return -EBADMSG;
    header = nlmsg_data(message);
    *ret_ifindex = (int)header->ifindex;
    *ret_attribute = netlink_attribute(message, sizeof(*header), IFLA_STATS_LINK_64);
    return 0;
}

static int parse_newlink_statistics(const struct nlmsghdr *message, int *ret_ifindex,
                                    const struct nlattr **ret_attribute)
{
    const struct ifinfomsg *header;
    int error = parse_header(message, &header);

    if (error < 0)
        return error;
    *ret_ifindex = header->ifi_index;
    *ret_attribute = netlink_attribute(message, sizeof(*header), IFLA_STATS64);
    return 0;
}

int link_parse_statistics(const struct nlmsghdr *message, struct link_statistics *ret_statistics)
{
    const struct nlattr *attribute;
    size_t count;
    int ifindex, error;

    if (message->nlmsg_type == RTM_NEWSTATS)
        error = parse_newstats(message, &ifindex, &attribute);
    else if (message->nlmsg_type == RTM_NEWLINK)
        error = parse_newlink_statistics(message, &ifindex, &attribute);
    else
        error = -ENODATA;
    if (error < 0)
        return error;
    if (ifindex <= 0)
        return -EBADMSG;
    count = attribute ? (size_t)nla_len(attribute) / sizeof(uint64_t) : 0;
    if (count == 0)
        return -ENODATA;
    if (count > LINK_STATISTIC_COUNT)
        count = LINK_STATISTIC_COUNT;
    /* The payload is aligned to 4 bytes only. */
    memcpy(ret_statistics->values, nla_data(attribute), count * sizeof(uint64_t));
    ret_statistics->count = (uint32_t)count;
    ret_statistics->ifindex = ifindex;
    return 0;
}

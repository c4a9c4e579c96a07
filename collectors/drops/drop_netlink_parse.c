/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_netlink_parse.h"

/* Parses the messages of drop_monitor. Pure; the collector's thread. */

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/net_dropmon.h>
#include <string.h>

#include "collectors/kernel/netlink_parse.h"

/* The size of a packed struct net_dm_drop_point; memcpy() reads it. */
enum { POINT_SIZE = sizeof(uint64_t) + sizeof(uint32_t) };

int drop_netlink_command(const struct nlmsghdr *message, uint16_t family)
{
    if (message->nlmsg_type != family)
        return -ENODATA;
    if (nlmsg_datalen(message) < (int)GENL_HDRLEN)
        return -EBADMSG;
    return ((const struct genlmsghdr *)nlmsg_data(message))->cmd;
}

static const struct nlattr *attribute(const struct nlmsghdr *message, int type)
{
    if (nlmsg_datalen(message) < (int)GENL_HDRLEN)
        return NULL;
    return netlink_attribute(message, GENL_HDRLEN, type);
}

static const struct nlattr *nested(const struct nlattr *outer, int type)
{
    return outer ? nla_find(nla_data(outer), nla_len(outer), type) : NULL;
}

static bool number_u64(const struct nlattr *from, uint64_t *ret_value)
{
    if (!from || nla_len(from) < (int)sizeof(*ret_value))
        return false;
    memcpy(ret_value, nla_data(from), sizeof(*ret_value));
    return true;
}

/* The only attribute has type 0, NLA_UNSPEC (reset_per_cpu_data, net/core/drop_monitor.c). Its payload is a
 * struct net_dm_alert_msg, longer than the entries that it has. */
int drop_netlink_parse_summary(const struct nlmsghdr *message,
                               void (*each)(uint64_t location, uint32_t count, void *data), void *data)
{
    const struct nlattr *points = attribute(message, NLA_UNSPEC);
    const char *at = points ? nla_data(points) : NULL;
    uint32_t entries;

    if (!netlink_u32(points, &entries) || entries > ((size_t)nla_len(points) - sizeof(entries)) / POINT_SIZE)
        return -EBADMSG;
    at += sizeof(entries);
    for (uint32_t i = 0; i < entries; i++, at += POINT_SIZE) {
        uint64_t location;
        uint32_t count;

        memcpy(&location, at, sizeof(location));
        memcpy(&count, at + sizeof(location), sizeof(count));
        each(location, count, data);
    }
    return (int)entries;
}

int drop_netlink_parse_packet(const struct nlmsghdr *message, struct drop_packet *ret_packet)
{
    const struct nlattr *protocol = attribute(message, NET_DM_ATTR_PROTO);
    struct drop_packet packet = {};

    if (!number_u64(attribute(message, NET_DM_ATTR_PC), &packet.location))
        return -EBADMSG;
    netlink_string(attribute(message, NET_DM_ATTR_SYMBOL), packet.symbol, sizeof(packet.symbol));
    netlink_string(attribute(message, NET_DM_ATTR_REASON), packet.reason, sizeof(packet.reason));
    if (protocol && nla_len(protocol) >= (int)sizeof(uint16_t))
        packet.protocol = drop_protocol_of(nla_get_u16(protocol));
    *ret_packet = packet;
    return 0;
}

int drop_netlink_parse_payload(const struct nlmsghdr *message, struct drop_payload *ret_payload)
{
    const struct nlattr *data = attribute(message, NET_DM_ATTR_PAYLOAD);
    const struct nlattr *protocol = attribute(message, NET_DM_ATTR_PROTO);
    struct drop_payload payload = {};

    if (!data)
        return -EBADMSG;
    payload.data = nla_data(data);
    payload.size = (size_t)nla_len(data);
    if (!netlink_u32(attribute(message, NET_DM_ATTR_ORIG_LEN), &payload.length) ||
        payload.length < payload.size)
        return -EBADMSG;
    (void)number_u64(attribute(message, NET_DM_ATTR_TIMESTAMP), &payload.time_ns);
    if (protocol && nla_len(protocol) >= (int)sizeof(uint16_t))
        payload.protocol = nla_get_u16(protocol);
    *ret_payload = payload;
    return 0;
}

int drop_netlink_parse_config(const struct nlmsghdr *message, struct drop_monitor_config *ret_config)
{
    const struct nlattr *mode = attribute(message, NET_DM_ATTR_ALERT_MODE);
    struct drop_monitor_config config = {};

    if (!mode || nla_len(mode) < 1 ||
        !netlink_u32(attribute(message, NET_DM_ATTR_QUEUE_LEN), &config.queue_length))
        return -EBADMSG;
    config.packet_mode = nla_get_u8(mode) == NET_DM_ALERT_MODE_PACKET;
    *ret_config = config;
    return 0;
}

int drop_netlink_parse_stats(const struct nlmsghdr *message, uint64_t *ret_dropped)
{
    const struct nlattr *dropped = nested(attribute(message, NET_DM_ATTR_STATS), NET_DM_ATTR_STATS_DROPPED);

    return number_u64(dropped, ret_dropped) ? 0 : -EBADMSG;
}

/* The family has only one multicast group, "events". */
int drop_netlink_parse_family(const struct nlmsghdr *message, uint16_t *ret_family, uint32_t *ret_group)
{
    const struct nlattr *id = attribute(message, CTRL_ATTR_FAMILY_ID);
    const struct nlattr *groups = attribute(message, CTRL_ATTR_MCAST_GROUPS);
    const struct nlattr *first = nested(groups, 1);

    if (!id || nla_len(id) < (int)sizeof(*ret_family) ||
        !netlink_u32(nested(first, CTRL_ATTR_MCAST_GRP_ID), ret_group))
        return -EBADMSG;
    *ret_family = nla_get_u16(id);
    return 0;
}

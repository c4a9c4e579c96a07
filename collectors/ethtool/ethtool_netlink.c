/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_netlink.h"

/*
 * Sends the requests of ethtool over generic netlink. The ethtool collector's thread.
 */

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>

#include <netlink/genl/genl.h>

static int family_message(const struct nlmsghdr *message, void *data)
{
    struct ethtool_netlink *ethtool = data;
    const struct nlattr *id;

    if (nlmsg_datalen(message) < (int)sizeof(struct genlmsghdr))
        return -EBADMSG;
    id = netlink_attribute(message, sizeof(struct genlmsghdr), CTRL_ATTR_FAMILY_ID);
    if (!id || nla_len(id) < (int)sizeof(ethtool->family))
        return -EBADMSG;
    ethtool->family = nla_get_u16(id);
    return 0;
}

static int family_find(struct ethtool_netlink *ethtool, struct fault *fault)
{
    static const struct netlink_reader reader = {.what = "family \"ethtool\"", .message = family_message};
    _cleanup_(nlmsg_freep) struct nl_msg *message = NULL;
    int error = netlink_generic_new(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, &message);

    if (error < 0 || nla_put_string(message, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME) < 0)
        return fault_set(fault, -ENOMEM, "family \"ethtool\": out of memory");
    error = netlink_request(&ethtool->netlink, message, &reader, ethtool, fault);
    return error == -ENOENT ? 0 : error;
}

/* Begins the request with its header. Requests for statistics have a pad attribute before it. */
static int put_header(struct nl_msg *message, int attribute, uint32_t flags)
{
    struct nlattr *nest = nla_nest_start(message, attribute | NLA_F_NESTED);

    if (!nest || (flags && nla_put_u32(message, ETHTOOL_A_HEADER_FLAGS, flags) < 0))
        return -ENOMEM;
    /* nla_nest_end() would remove an empty nest. */
    nla_nest_end_keep_empty(message, nest);
    return 0;
}

/* Asks for all four groups of Linux 5.13. A newer kernel has more bits: they stay 0. */
static int put_groups(struct nl_msg *message)
{
    const uint32_t bits = 1U << ETHTOOL_STATS_ETH_PHY | 1U << ETHTOOL_STATS_ETH_MAC |
                          1U << ETHTOOL_STATS_ETH_CTRL | 1U << ETHTOOL_STATS_RMON;
    struct nlattr *nest = nla_nest_start(message, ETHTOOL_A_STATS_GROUPS | NLA_F_NESTED);

    if (!nest || nla_put_flag(message, ETHTOOL_A_BITSET_NOMASK) < 0 ||
        nla_put_u32(message, ETHTOOL_A_BITSET_SIZE, ETHTOOL_STATS_RMON + 1) < 0 ||
        nla_put_u32(message, ETHTOOL_A_BITSET_VALUE, bits) < 0)
        return -ENOMEM;
    nla_nest_end(message, nest);
    return 0;
}

static int request_new(uint16_t family, enum ethtool_request request, struct nl_msg **ret_message)
{
    static const struct {
        uint8_t command;
        uint8_t header;
        uint32_t flags;
    } shapes[ETHTOOL_REQUEST_COUNT] = {
        [ETHTOOL_REQUEST_RINGS] = {ETHTOOL_MSG_RINGS_GET, ETHTOOL_A_RINGS_HEADER, 0},
        [ETHTOOL_REQUEST_SPEED] = {ETHTOOL_MSG_LINKMODES_GET, ETHTOOL_A_LINKMODES_HEADER,
                                   ETHTOOL_FLAG_COMPACT_BITSETS},
        [ETHTOOL_REQUEST_STATS] = {ETHTOOL_MSG_STATS_GET, ETHTOOL_A_STATS_HEADER, 0},
        [ETHTOOL_REQUEST_PAUSE] = {ETHTOOL_MSG_PAUSE_GET, ETHTOOL_A_PAUSE_HEADER, ETHTOOL_FLAG_STATS},
        [ETHTOOL_REQUEST_FEC] = {ETHTOOL_MSG_FEC_GET, ETHTOOL_A_FEC_HEADER,
                                 ETHTOOL_FLAG_STATS | ETHTOOL_FLAG_COMPACT_BITSETS},
    };
    _cleanup_(nlmsg_freep) struct nl_msg *message = NULL;
    int error = netlink_generic_new(family, shapes[request].command, ETHTOOL_GENL_VERSION, &message);

    if (error == 0)
        error = put_header(message, shapes[request].header, shapes[request].flags);
    if (error == 0 && request == ETHTOOL_REQUEST_STATS)
        error = put_groups(message);
    if (error == 0)
        *ret_message = take_ptr(message);
    return error;
}

int ethtool_netlink_open(struct ethtool_netlink *ethtool, struct limits *limits, struct fault *fault)
{
    int error;

    *ethtool = (struct ethtool_netlink){};
    error = netlink_open(NETLINK_GENERIC, limits, &ethtool->netlink, fault);
    if (error < 0)
        return error;
    error = family_find(ethtool, fault);
    for (unsigned i = 0; i < ETHTOOL_REQUEST_COUNT && error == 0; i++) {
        error = request_new(ethtool->family, i, &ethtool->requests[i]);
        if (error < 0)
            fault_set(fault, error, "ethtool requests: out of memory");
    }
    if (error < 0)
        ethtool_netlink_close(ethtool);
    return error;
}

void ethtool_netlink_close(struct ethtool_netlink *ethtool)
{
    netlink_close(&ethtool->netlink);
    for (unsigned i = 0; i < ETHTOOL_REQUEST_COUNT; i++)
        nlmsg_freep(&ethtool->requests[i]);
    *ethtool = (struct ethtool_netlink){};
}

/* One dump. If it is repeated, what the failed attempt added is removed; earlier readings stay. */
struct dump {
    struct ethtool_readings *readings;
    size_t start;
};

static void dump_begin(void *data)
{
    struct dump *dump = data;

    dump->readings->count = dump->start;
}

static int dump_message(const struct nlmsghdr *message, void *data)
{
    struct dump *dump = data;

    return ethtool_readings_parse(dump->readings, message);
}

int ethtool_netlink_dump(struct ethtool_netlink *ethtool, enum ethtool_request request,
                         struct ethtool_readings *readings)
{
    static const struct netlink_reader reader = {
        .what = "ethtool dump", .begin = dump_begin, .message = dump_message};
    struct dump dump = {.readings = readings, .start = readings->count};

    if (ethtool->family == 0)
        return -EOPNOTSUPP;
    return netlink_dump(&ethtool->netlink, ethtool->requests[request], &reader, &dump, NULL);
}

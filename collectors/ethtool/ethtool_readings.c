/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_netlink.h"

/* Turns the answers of ethtool netlink into readings. Pure, but for the memory of the list. */

#include <errno.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "base/array.h"

enum { TABLE_SIZE = 64 }; /* attributes of a nest that are looked at; a newer kernel may have more */

static const char *const phy_items[] = {[ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR] = "SymbolErrorDuringCarrier"};

static const char *const mac_items[] = {
    [ETHTOOL_A_STATS_ETH_MAC_2_TX_PKT] = "FramesTransmittedOK",
    [ETHTOOL_A_STATS_ETH_MAC_3_SINGLE_COL] = "SingleCollisionFrames",
    [ETHTOOL_A_STATS_ETH_MAC_4_MULTI_COL] = "MultipleCollisionFrames",
    [ETHTOOL_A_STATS_ETH_MAC_5_RX_PKT] = "FramesReceivedOK",
    [ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR] = "FrameCheckSequenceErrors",
    [ETHTOOL_A_STATS_ETH_MAC_7_ALIGN_ERR] = "AlignmentErrors",
    [ETHTOOL_A_STATS_ETH_MAC_8_TX_BYTES] = "OctetsTransmittedOK",
    [ETHTOOL_A_STATS_ETH_MAC_9_TX_DEFER] = "FramesWithDeferredXmissions",
    [ETHTOOL_A_STATS_ETH_MAC_10_LATE_COL] = "LateCollisions",
    [ETHTOOL_A_STATS_ETH_MAC_11_XS_COL] = "FramesAbortedDueToXSColls",
    [ETHTOOL_A_STATS_ETH_MAC_12_TX_INT_ERR] = "FramesLostDueToIntMACXmitError",
    [ETHTOOL_A_STATS_ETH_MAC_13_CS_ERR] = "CarrierSenseErrors",
    [ETHTOOL_A_STATS_ETH_MAC_14_RX_BYTES] = "OctetsReceivedOK",
    [ETHTOOL_A_STATS_ETH_MAC_15_RX_INT_ERR] = "FramesLostDueToIntMACRcvError",
    [ETHTOOL_A_STATS_ETH_MAC_18_TX_MCAST] = "MulticastFramesXmittedOK",
    [ETHTOOL_A_STATS_ETH_MAC_19_TX_BCAST] = "BroadcastFramesXmittedOK",
    [ETHTOOL_A_STATS_ETH_MAC_20_XS_DEFER] = "FramesWithExcessiveDeferral",
    [ETHTOOL_A_STATS_ETH_MAC_21_RX_MCAST] = "MulticastFramesReceivedOK",
    [ETHTOOL_A_STATS_ETH_MAC_22_RX_BCAST] = "BroadcastFramesReceivedOK",
    [ETHTOOL_A_STATS_ETH_MAC_23_IR_LEN_ERR] = "InRangeLengthErrors",
    [ETHTOOL_A_STATS_ETH_MAC_24_OOR_LEN] = "OutOfRangeLengthField",
    [ETHTOOL_A_STATS_ETH_MAC_25_TOO_LONG_ERR] = "FrameTooLongErrors",
};

static const char *const ctrl_items[] = {
    [ETHTOOL_A_STATS_ETH_CTRL_3_TX] = "MACControlFramesTransmitted",
    [ETHTOOL_A_STATS_ETH_CTRL_4_RX] = "MACControlFramesReceived",
    [ETHTOOL_A_STATS_ETH_CTRL_5_RX_UNSUP] = "UnsupportedOpcodesReceived",
};

static const char *const rmon_items[] = {
    [ETHTOOL_A_STATS_RMON_UNDERSIZE] = "etherStatsUndersizePkts",
    [ETHTOOL_A_STATS_RMON_OVERSIZE] = "etherStatsOversizePkts",
    [ETHTOOL_A_STATS_RMON_FRAG] = "etherStatsFragments",
    [ETHTOOL_A_STATS_RMON_JABBER] = "etherStatsJabbers",
};

static const char *const pause_items[] = {
    [ETHTOOL_A_PAUSE_STAT_TX_FRAMES] = "tx_pause_frames",
    [ETHTOOL_A_PAUSE_STAT_RX_FRAMES] = "rx_pause_frames",
};

static const char *const fec_items[] = {
    [ETHTOOL_A_FEC_STAT_CORRECTED] = "corrected_blocks",
    [ETHTOOL_A_FEC_STAT_UNCORR] = "uncorrectable_blocks",
    [ETHTOOL_A_FEC_STAT_CORR_BITS] = "corrected_bits",
};

static const struct group {
    const char *name;
    const char *const *items;
    size_t count;
} groups[ETHTOOL_GROUP_COUNT] = {
    [ETHTOOL_GROUP_PHY] = {"eth-phy", phy_items, ELEMENTS(phy_items)},
    [ETHTOOL_GROUP_MAC] = {"eth-mac", mac_items, ELEMENTS(mac_items)},
    [ETHTOOL_GROUP_CTRL] = {"eth-ctrl", ctrl_items, ELEMENTS(ctrl_items)},
    [ETHTOOL_GROUP_RMON] = {"rmon", rmon_items, ELEMENTS(rmon_items)},
    [ETHTOOL_GROUP_PAUSE] = {"pause", pause_items, ELEMENTS(pause_items)},
    [ETHTOOL_GROUP_FEC] = {"fec", fec_items, ELEMENTS(fec_items)},
};

const char *ethtool_group_name(unsigned group)
{
    return group < ETHTOOL_GROUP_COUNT ? groups[group].name : NULL;
}

const char *ethtool_item_name(unsigned group, unsigned item)
{
    return group < ETHTOOL_GROUP_COUNT && item < groups[group].count ? groups[group].items[item] : NULL;
}

void ethtool_readings_done(struct ethtool_readings *readings)
{
    free(readings->items);
    *readings = (struct ethtool_readings){};
}

int ethtool_readings_add(struct ethtool_readings *readings, struct ethtool_reading reading)
{
    int error = readings->count < ETHTOOL_READINGS_MAX
                    ? array_grow(readings->items, readings->count, readings->capacity)
                    : -ENOMEM;

    if (error < 0)
        return error;
    readings->items[readings->count++] = reading;
    return 0;
}

/* Indexes the attributes of a stream by type. Of equal types the last counts. Skips types beyond the size,
 * and a broken tail. */
static void index_attributes(const struct nlattr **table, const struct nlattr *head, int size)
{
    const struct nlattr *attribute;
    int left;

    memset(table, 0, TABLE_SIZE * sizeof(*table));
    nla_for_each_attr(attribute, head, size, left)
    {
        if (nla_type(attribute) < TABLE_SIZE)
            table[nla_type(attribute)] = attribute;
    }
}

static void index_nest(const struct nlattr **table, const struct nlattr *nest)
{
    index_attributes(table, nla_data(nest), nla_len(nest));
}

/* Adds every attribute of the nest that is a known item and long enough for a u64. The first value of an
 * array is its total. */
static int add_items(struct ethtool_readings *readings, int ifindex, unsigned group,
                     const struct nlattr *nest)
{
    const struct nlattr *attribute;
    int left;

    if (!nest)
        return 0;
    nla_for_each_attr(attribute, nla_data(nest), nla_len(nest), left)
    {
        struct ethtool_reading reading = {
            .ifindex = ifindex, .group = (uint16_t)group, .item = (uint16_t)nla_type(attribute)};
        int error;

        if (!ethtool_item_name(group, reading.item) || nla_len(attribute) < (int)sizeof(reading.value))
            continue;
        memcpy(&reading.value, nla_data(attribute), sizeof(reading.value));
        error = ethtool_readings_add(readings, reading);
        if (error < 0)
            return error;
    }
    return 0;
}

static int parse_group(struct ethtool_readings *readings, int ifindex, const struct nlattr *nest)
{
    static const enum ethtool_group by_id[] = {[ETHTOOL_STATS_ETH_PHY] = ETHTOOL_GROUP_PHY,
                                               [ETHTOOL_STATS_ETH_MAC] = ETHTOOL_GROUP_MAC,
                                               [ETHTOOL_STATS_ETH_CTRL] = ETHTOOL_GROUP_CTRL,
                                               [ETHTOOL_STATS_RMON] = ETHTOOL_GROUP_RMON};
    const struct nlattr *table[TABLE_SIZE], *attribute;
    uint32_t id;
    int left, error = 0;

    index_nest(table, nest);
    if (!netlink_u32(table[ETHTOOL_A_STATS_GRP_ID], &id) || id >= ELEMENTS(by_id))
        return 0;
    nla_for_each_attr(attribute, nla_data(nest), nla_len(nest), left)
    {
        if (nla_type(attribute) == ETHTOOL_A_STATS_GRP_STAT && error == 0)
            error = add_items(readings, ifindex, by_id[id], attribute);
    }
    return error;
}

static int parse_stats(struct ethtool_readings *readings, int ifindex, const struct nlattr *head, int size)
{
    const struct nlattr *attribute;
    int left, error = 0;

    nla_for_each_attr(attribute, head, size, left)
    {
        if (nla_type(attribute) == ETHTOOL_A_STATS_GRP && error == 0)
            error = parse_group(readings, ifindex, attribute);
    }
    return error;
}

static int parse_rings(struct ethtool_readings *readings, int ifindex, const struct nlattr **table)
{
    static const uint16_t attributes[] = {[ETHTOOL_RING_RECEIVE] = ETHTOOL_A_RINGS_RX,
                                          [ETHTOOL_RING_RECEIVE_LIMIT] = ETHTOOL_A_RINGS_RX_MAX,
                                          [ETHTOOL_RING_TRANSMIT] = ETHTOOL_A_RINGS_TX,
                                          [ETHTOOL_RING_TRANSMIT_LIMIT] = ETHTOOL_A_RINGS_TX_MAX};

    for (uint16_t i = 0; i < ELEMENTS(attributes); i++) {
        uint32_t value;
        int error;

        if (!netlink_u32(table[attributes[i]], &value))
            continue;
        error = ethtool_readings_add(
            readings, (struct ethtool_reading){
                          .ifindex = ifindex, .group = ETHTOOL_GROUP_RINGS, .item = i, .value = value});
        if (error < 0)
            return error;
    }
    return 0;
}

static int parse_speed(struct ethtool_readings *readings, int ifindex, const struct nlattr **table)
{
    uint32_t speed;

    /* SPEED_UNKNOWN is -1; drivers that do not know say 0, too. */
    if (!netlink_u32(table[ETHTOOL_A_LINKMODES_SPEED], &speed) || speed == UINT32_MAX || speed == 0)
        return 0;
    return ethtool_readings_add(
        readings, (struct ethtool_reading){.ifindex = ifindex, .group = ETHTOOL_GROUP_SPEED, .value = speed});
}

/* Finds which device the answer is about. The header is the first attribute; answers with statistics have a
 * pad attribute before it. */
static bool parse_header(unsigned command, const struct nlattr **table, int *ret_ifindex)
{
    const struct nlattr *nest = table[command == ETHTOOL_MSG_STATS_GET_REPLY ? ETHTOOL_A_STATS_HEADER : 1];
    const struct nlattr *header[TABLE_SIZE];
    uint32_t ifindex;

    _Static_assert(ETHTOOL_A_RINGS_HEADER == 1 && ETHTOOL_A_LINKMODES_HEADER == 1, "uapi");
    _Static_assert(ETHTOOL_A_PAUSE_HEADER == 1 && ETHTOOL_A_FEC_HEADER == 1, "uapi");
    if (!nest)
        return false;
    index_nest(header, nest);
    if (!netlink_u32(header[ETHTOOL_A_HEADER_DEV_INDEX], &ifindex) || ifindex == 0 || ifindex > INT32_MAX)
        return false;
    *ret_ifindex = (int)ifindex;
    return true;
}

int ethtool_readings_parse(struct ethtool_readings *readings, const struct nlmsghdr *message)
{
    const struct nlattr *table[TABLE_SIZE], *head;
    struct genlmsghdr generic;
    int size, ifindex;

    if (nlmsg_datalen(message) < (int)sizeof(generic))
        return -EBADMSG;
    memcpy(&generic, nlmsg_data(message), sizeof(generic));
    head = nlmsg_attrdata(message, sizeof(generic));
    size = nlmsg_attrlen(message, sizeof(generic));
    index_attributes(table, head, size);
    if (!parse_header(generic.cmd, table, &ifindex))
        return -EBADMSG;
    switch (generic.cmd) {
    case ETHTOOL_MSG_RINGS_GET_REPLY:
        return parse_rings(readings, ifindex, table);
    case ETHTOOL_MSG_LINKMODES_GET_REPLY:
        return parse_speed(readings, ifindex, table);
    case ETHTOOL_MSG_STATS_GET_REPLY:
        return parse_stats(readings, ifindex, head, size);
    case ETHTOOL_MSG_PAUSE_GET_REPLY:
        return add_items(readings, ifindex, ETHTOOL_GROUP_PAUSE, table[ETHTOOL_A_PAUSE_STATS]);
    case ETHTOOL_MSG_FEC_GET_REPLY:
        return add_items(readings, ifindex, ETHTOOL_GROUP_FEC, table[ETHTOOL_A_FEC_STATS]);
    default:
        return 0;
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads the messages of the generic netlink family NET_DM. Pure: no system call, no allocation, any thread.
 * Unknown attributes are ignored; every length is checked, including the one inside the payload of a summary.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "collectors/drops/bpf/drop_key.h"
#include "collectors/drops/drop_table.h"

enum {
    DROP_SYMBOL_SIZE = 48,     /* the kernel cuts at 39 characters (NET_DM_MAX_SYMBOL_LEN) */
    DROP_SUMMARY_ENTRIES = 64, /* as many sites fit into a summary (dm_hit_limit, net/core/drop_monitor.c) */
};

/* One dropped packet (NET_DM_CMD_PACKET_ALERT). */
struct drop_packet {
    uint64_t location;
    char symbol[DROP_SYMBOL_SIZE]; /* "%pS"; "" if none */
    char reason[DROP_REASON_SIZE]; /* "" if before Linux 5.18 */
    enum drop_protocol protocol;
};

/* What the same message has of the packet itself. */
struct drop_payload {
    uint64_t time_ns;    /* CLOCK_REALTIME; 0 if not told */
    uint32_t length;     /* of the packet, from the first byte of `data` on */
    uint16_t protocol;   /* ethertype, in host byte order; 0 if not known */
    const uint8_t *data; /* in the message */
    size_t size;
};

/* What NET_DM_CMD_CONFIG_NEW says. */
struct drop_monitor_config {
    bool packet_mode;
    uint32_t queue_length;
};

/* Returns the command of a message of this family, -ENODATA if it is of another family, or -EBADMSG if it is
 * cut. */
int drop_netlink_command(const struct nlmsghdr *message, uint16_t family);

/* Calls `each` for every site of a summary (NET_DM_CMD_ALERT). Returns how many entries it has, or -EBADMSG,
 * and then did not call `each` at all. */
int drop_netlink_parse_summary(const struct nlmsghdr *message,
                               void (*each)(uint64_t location, uint32_t count, void *data), void *data);

/* Return 0, or -EBADMSG if what they read is missing or cut, and then change nothing. */
int drop_netlink_parse_packet(const struct nlmsghdr *message, struct drop_packet *ret_packet);
int drop_netlink_parse_payload(const struct nlmsghdr *message, struct drop_payload *ret_payload);
int drop_netlink_parse_config(const struct nlmsghdr *message, struct drop_monitor_config *ret_config);
int drop_netlink_parse_stats(const struct nlmsghdr *message, uint64_t *ret_dropped);

/* Reads the number of the family and that of its multicast group from CTRL_CMD_NEWFAMILY. Returns as above.
 */
int drop_netlink_parse_family(const struct nlmsghdr *message, uint16_t *ret_family, uint32_t *ret_group);

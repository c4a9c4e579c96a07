/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A NET_DM message of arbitrary bytes through each of its parsers, and its events through the counting:
 * nothing is read outside it, and every event that is accepted is counted once. */

#include <linux/net_dropmon.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/drops/drop_counts.h"
#include "collectors/kernel/netlink_parse.h"
#include "tests/fuzz/fuzz.h"

struct fuzz {
    struct drop_counts counts;
    const void *message;
    size_t size;
    uint64_t added;
    unsigned sites;
};

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void take_point(uint64_t location, uint32_t count, void *data)
{
    struct fuzz *fuzz = data;

    fuzz->sites++;
    expect(memmem(fuzz->message, fuzz->size, &location, sizeof(location)) != NULL);
    if (drop_counts_add(&fuzz->counts, &(struct drop_packet){.location = location}, count) == 0)
        fuzz->added += count;
}

static void take_summary(struct fuzz *fuzz, const struct nlmsghdr *message)
{
    int entries;

    fuzz->sites = 0;
    entries = drop_netlink_parse_summary(message, take_point, fuzz);
    expect(entries < 0 ? fuzz->sites == 0 : fuzz->sites == (unsigned)entries);
    expect(fuzz->sites * 12 <= message->nlmsg_len);
}

static void take_packet(struct fuzz *fuzz, const struct nlmsghdr *message)
{
    struct drop_payload payload;
    struct drop_packet packet;

    if (drop_netlink_parse_payload(message, &payload) == 0)
        expect(payload.size <= payload.length && payload.data >= (const uint8_t *)message &&
               payload.data + payload.size <= (const uint8_t *)message + message->nlmsg_len);
    if (drop_netlink_parse_packet(message, &packet) < 0)
        return;
    expect(memchr(packet.symbol, '\0', sizeof(packet.symbol)) &&
           memchr(packet.reason, '\0', sizeof(packet.reason)));
    expect(packet.protocol < DROP_PROTOCOL_COUNT);
    if (drop_counts_add(&fuzz->counts, &packet, 1) == 0)
        fuzz->added++;
}

static int take(const struct nlmsghdr *message, void *data)
{
    struct fuzz *fuzz = data;
    struct drop_monitor_config config;
    uint64_t dropped;
    uint16_t family;
    uint32_t group;

    fuzz->message = message;
    fuzz->size = message->nlmsg_len;
    (void)drop_netlink_command(message, message->nlmsg_type);
    (void)drop_netlink_parse_config(message, &config);
    (void)drop_netlink_parse_stats(message, &dropped);
    (void)drop_netlink_parse_family(message, &family, &group);
    take_summary(fuzz, message);
    take_packet(fuzz, message);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz fuzz = {};
    uint64_t counted = 0;

    (void)netlink_walk(data, size, take, &fuzz);
    drop_counts_merge(&fuzz.counts);
    for (size_t i = 0; i < fuzz.counts.count; i++)
        counted += fuzz.counts.items[i].count;
    expect(counted == fuzz.added);
    drop_counts_done(&fuzz.counts);
    return 0;
}

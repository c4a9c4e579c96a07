/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/cooked.h"

/* Makes up headers for packets that have none. Pure; any thread. */

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <string.h>

enum { DEVICE_TYPE = 2, PROTOCOL = 14 };

static void put_u16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

/* The protocol is 0 if the kernel did not know it yet. */
static bool is_ip(const struct packet *packet)
{
    return !packet->protocol || packet->protocol == ETH_P_IP || packet->protocol == ETH_P_IPV6;
}

struct packet cooked_packet(const struct packet *packet, struct cooked *room)
{
    struct packet cooked = *packet;

    if (packet->link_type != PACKET_RAW || is_ip(packet) || packet->size > RECORD_DATA_MAX)
        return cooked;
    *room = (struct cooked){};
    put_u16(room->data + DEVICE_TYPE, ARPHRD_NONE);
    put_u16(room->data + PROTOCOL, packet->protocol);
    memcpy(room->data + COOKED_HEADER, packet->data, packet->size);
    cooked.data = room->data;
    cooked.size += COOKED_HEADER;
    cooked.length += COOKED_HEADER;
    cooked.link_type = COOKED;
    return cooked;
}

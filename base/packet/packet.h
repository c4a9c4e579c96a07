/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The bytes of a packet, as far as they were kept, and the header that they begin with. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of pcap files. */
enum packet_link_type {
    PACKET_ETHERNET = 1,
    PACKET_RAW = 101, /* begins with the network header */
};

struct packet {
    const uint8_t *data;
    size_t size;
    size_t length; /* of the whole packet; not less than `size` */
    unsigned link_type;
    unsigned protocol; /* ethertype of what follows the link header, or of all if there is none */
    bool prefixes;     /* only the network of an address is told (packet_address.h) */
};

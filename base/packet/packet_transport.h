/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The part of a packet's line that follows the addresses: the transport header. Pure. */

#include <stdbool.h>

#include "base/buffer.h"
#include "base/packet/packet_bytes.h"

struct packet_transport {
    unsigned protocol; /* the number of IANA */
    bool fragment;
    bool more_fragments;
    size_t fragment_offset; /* in bytes; if it is not 0, there is no transport header */
    struct packet_bytes bytes;
};

/* Reads the ports. Returns false if the protocol has none or they were not kept. */
bool packet_ports(const struct packet_transport *transport, unsigned *ret_from, unsigned *ret_to);

/* Appends "UDP len 214". */
void packet_transport_words(const struct packet_transport *transport, struct buffer *out);

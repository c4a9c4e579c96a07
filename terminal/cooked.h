/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Packets without a header of the link that are not IP. A link type without a header is for IP alone, so that
 * nobody would know what they are: they get a header that is made up and says their protocol
 * (LINKTYPE_LINUX_SLL). Pure.
 */

#include "terminal/records.h"

enum {
    COOKED = 113, /* the link type in files; libpcap's number is the same */
    COOKED_HEADER = 16,
};

struct cooked {
    uint8_t data[COOKED_HEADER + RECORD_DATA_MAX];
};

/* Returns the packet, or, if it needs such a header, with that in `room`. */
struct packet cooked_packet(const struct packet *packet, struct cooked *room);

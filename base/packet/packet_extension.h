/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The extension headers between IPv6's header and the transport header. Pure. */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_PROTOCOL_HIP = 139, PACKET_PROTOCOL_SHIM6 = 140 };

/* Returns the length of an extension header, of which it reads two bytes: the next protocol and the length.
 * Returns 0 if the protocol is not an extension header, or the last one (IPPROTO_NONE). */
static inline size_t packet_extension_size(unsigned protocol, const uint8_t *header)
{
    switch (protocol) {
    case IPPROTO_HOPOPTS:
    case IPPROTO_ROUTING:
    case IPPROTO_DSTOPTS:
    case IPPROTO_MH:
    case PACKET_PROTOCOL_HIP:
    case PACKET_PROTOCOL_SHIM6:
        return ((size_t)header[1] + 1) * 8;
    case IPPROTO_FRAGMENT:
        return 8;
    case IPPROTO_AH:
        return ((size_t)header[1] + 2) * 4;
    default:
        return 0;
    }
}

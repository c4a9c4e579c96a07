/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Where the headers of a packet end, and what people wrote to each other begins: what lies behind is cut off
 * before anything of a packet leaves the process. Bytes in, a number out; no system call, any thread.
 *
 * A byte is a header's only where what is before it says so. So of what is not known nothing is kept: behind
 * an unknown ethertype or protocol, behind a later fragment's IP header, behind the first header that makes
 * no sense. Of a tunnel its own header is kept, and nothing of what it carries; of an ICMP error nothing of
 * the packet that it is about.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_view {
    const uint8_t *data;
    size_t size;
    bool ethernet;     /* begins with the link's header, which says what follows; else: */
    uint16_t protocol; /* the ethertype of what it begins with */
};

/* At most packet->size. A header of which only the begin is there is kept so far. */
size_t packet_headers_size(const struct packet_view *packet);

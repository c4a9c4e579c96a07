/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds where the headers of a packet end and its content begins. The content is cut off before anything of
 * a packet leaves the process. Bytes in, a number out; no system call, any thread.
 *
 * A byte belongs to a header only if what comes before it says so. So nothing unknown is kept: nothing
 * behind an unknown ethertype or protocol, behind the IP header of a later fragment, or behind the first
 * header that makes no sense. Of a tunnel, its own header is kept and nothing that it carries; of an ICMP
 * error, nothing of the packet that it reports.
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

/* Returns the size of all headers, at most packet->size. A header that was cut counts as far as it is there.
 */
size_t packet_headers_size(const struct packet_view *packet);

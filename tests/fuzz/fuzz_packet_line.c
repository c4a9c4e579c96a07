/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet of arbitrary bytes: the first says its link type, whether addresses are told whole, and how much
 * was cut off, the next two its protocol. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/harmless.h"
#include "base/packet/packet_line.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD = 3, CUT = 40 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(buffer_done) struct buffer out = {};
    _cleanup_(freep) uint8_t *copy = NULL;
    struct packet packet;

    if (size < HEAD)
        return 0;
    /* Of just this size, so that a byte behind it is noticed. */
    copy = malloc(size > HEAD ? size - HEAD : 1);
    check(copy != NULL);
    memcpy(copy, data + HEAD, size - HEAD);
    packet = (struct packet){
        .data = copy,
        .size = size - HEAD,
        .length = size - HEAD + (size_t)(data[0] >> 2) * CUT,
        .link_type = data[0] & 1 ? PACKET_RAW : PACKET_ETHERNET,
        .protocol = (unsigned)data[1] << 8 | data[2],
    };
    packet.prefixes = data[0] & 2;
    packet_line(&packet, &out);
    buffer_append(&out, "", 1);
    check(!out.error && strlen(out.data) == out.size - 1 && harmless(out.data));
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet of arbitrary bytes, behind one that says whether it begins with Ethernet and two of its ethertype.
 * Nothing is read behind its end, and what is cut never keeps what would not have been kept. */

#include <stdlib.h>
#include <string.h>

#include "collectors/drops/packet_headers.h"
#include "tests/fuzz/fuzz.h"

enum { BEFORE = 3, CUTS = 160 };

static size_t headers(const uint8_t *data, size_t size, const uint8_t before[BEFORE])
{
    uint8_t *exact = malloc(size ? size : 1);
    struct packet_view packet = {.data = exact,
                                 .size = size,
                                 .ethernet = before[0] & 1,
                                 .protocol = (uint16_t)(before[1] << 8 | before[2])};
    size_t kept;

    if (!exact)
        abort();
    memcpy(exact, data, size);
    kept = packet_headers_size(&packet);
    free(exact);
    if (kept > size)
        abort();
    return kept;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t kept;

    if (size < BEFORE)
        return 0;
    kept = headers(data + BEFORE, size - BEFORE, data);
    for (size_t cut = 0; cut < size - BEFORE && cut < CUTS; cut++)
        if (headers(data + BEFORE, cut, data) > kept)
            abort();
    return 0;
}

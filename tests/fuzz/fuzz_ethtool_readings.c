/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One answer of the genetlink family "ethtool": every reading is of a device, and has a place on the page. */

#include <stdlib.h>
#include <string.h>

#include "collectors/ethtool/ethtool_netlink.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ethtool_readings readings = {};
    struct nlmsghdr *message = malloc(sizeof(*message) + size);

    if (!message)
        return 0;
    *message = (struct nlmsghdr){.nlmsg_len = (uint32_t)(sizeof(*message) + size), .nlmsg_type = 32};
    memcpy(message + 1, data, size);
    (void)ethtool_readings_parse(&readings, message);
    for (size_t i = 0; i < readings.count; i++) {
        const struct ethtool_reading *reading = &readings.items[i];

        if (reading->ifindex <= 0 || reading->group >= ETHTOOL_GROUP_COUNT)
            abort();
        if (reading->group >= ETHTOOL_GROUP_PHY && !ethtool_item_name(reading->group, reading->item))
            abort();
        if (reading->group == ETHTOOL_GROUP_RINGS && reading->item > ETHTOOL_RING_TRANSMIT_LIMIT)
            abort();
    }
    ethtool_readings_done(&readings);
    free(message);
    return 0;
}

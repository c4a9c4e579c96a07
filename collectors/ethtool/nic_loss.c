/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/nic_loss.h"

/* Finds the cause of loss that a driver's statistic counts. The ethtool collector's thread. */

#include <string.h>

#include "base/cleanup.h"
#include "collectors/ethtool/nic_loss_private.h"

const struct nic_loss *nic_loss_at(size_t index)
{
    static const struct nic_losses *const parts[] = {&nic_losses_intel, &nic_losses_vendors,
                                                     &nic_losses_virtual};

    for (size_t i = 0; i < ELEMENTS(parts); i++) {
        if (index < parts[i]->count)
            return &parts[i]->items[index];
        index -= parts[i]->count;
    }
    return NULL;
}

const struct nic_loss *nic_loss_find(const char *driver, const char *statistic)
{
    const struct nic_loss *loss;

    for (size_t i = 0; (loss = nic_loss_at(i)); i++) {
        if (strcmp(loss->driver, driver) == 0 && strcmp(loss->statistic, statistic) == 0)
            return loss;
    }
    return NULL;
}

const char *nic_direction_name(enum nic_direction direction)
{
    static const char *const names[NIC_DIRECTION_COUNT] = {
        [NIC_RECEIVE] = "receive", [NIC_TRANSMIT] = "transmit", [NIC_EITHER] = "either"};

    return names[direction];
}

const char *nic_cause_name(enum nic_cause cause)
{
    static const char *const names[NIC_LOST_COUNT] = {
        [NIC_LOST_NO_BUFFER] = "no_buffer",
        [NIC_LOST_MISSED] = "missed",
        [NIC_LOST_CRC] = "crc",
        [NIC_LOST_LENGTH] = "length",
        [NIC_LOST_FILTERED] = "filtered",
        [NIC_LOST_LINK_DOWN] = "link_down",
        [NIC_LOST_COLLISION] = "collision",
        [NIC_LOST_BUSY] = "busy",
        [NIC_LOST_PORT_DISCARD] = "port_discard",
        [NIC_LOST_CONNTRACK_ALLOWANCE] = "conntrack_allowance",
        [NIC_LOST_LINKLOCAL_ALLOWANCE] = "linklocal_allowance",
        [NIC_LOST_FAULT] = "fault",
        [NIC_LOST_DROPPED] = "dropped",
    };

    return names[cause];
}

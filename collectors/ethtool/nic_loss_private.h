/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The parts of the dictionary of nic_loss.h: nobody but nic_loss.c reads them. */

#include "collectors/ethtool/nic_loss.h"

struct nic_losses {
    const struct nic_loss *items;
    size_t count;
};

extern const struct nic_losses nic_losses_intel;
extern const struct nic_losses nic_losses_vendors;
extern const struct nic_losses nic_losses_virtual;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What it means that a NIC lost packets, by the causes of nic_loss.h. Pure data. */

#include "base/table/meaning.h"

extern const struct meaning nic_meanings[];

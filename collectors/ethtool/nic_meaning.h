/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What it means that a NIC lost packets, by the causes of nic_loss.h. Constant data. */

#include "base/table/ledger_rule.h"

extern const struct meaning nic_meanings[];
extern const struct ledger_rule nic_ledger[];

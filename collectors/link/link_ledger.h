/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Says how the losses of a link relate to the drop sites, which see most of them: by the kind of the link.
 * Constant data. */

#include "base/table/ledger_rule.h"

/* The rules are those of the fields of rtnl_link_stats64. */
extern const struct ledger_rule link_receive_dropped_ledger[];
extern const struct ledger_rule link_transmit_dropped_ledger[];
extern const struct ledger_rule link_receive_errors_ledger[];
extern const struct ledger_rule link_transmit_errors_ledger[];
extern const struct ledger_rule link_receive_missed_ledger[];
extern const struct ledger_rule link_receive_fifo_ledger[];
extern const struct ledger_rule link_receive_error_kind_ledger[];
extern const struct ledger_rule link_transmit_error_kind_ledger[];
extern const struct ledger_rule link_over_errors_ledger[];
extern const struct ledger_rule link_unwanted_ledger[];
extern const struct ledger_rule link_collisions_ledger[];

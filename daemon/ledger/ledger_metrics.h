/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The metric families of the ledger. Constant data; any thread. */

#include "base/table/table.h"

enum ledger_family {
    LEDGER_FAMILY_LOST,
    LEDGER_FAMILY_STAGES,
    LEDGER_FAMILY_REFUSED,
    LEDGER_FAMILY_COMPLETE,
    LEDGER_FAMILY_COUNT
};

extern const struct metric ledger_metrics[LEDGER_FAMILY_COUNT];

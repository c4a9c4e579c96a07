/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The columns of netdrop_kernel_drop*: names, help, and what a site's drops mean. Constant data. */

#include "base/table/table.h"
#include "collectors/drops/drop_rows.h"

enum {
    DROP_COLUMN_SITES,
    DROP_COLUMN_ACTIVE,
    DROP_COLUMN_MAP_BYTES,
    DROP_COLUMN_RECORDED_SITES,
    DROP_COLUMN_RECORDED,
    DROP_COLUMN_UNRECORDED,
    DROP_SOURCE_COLUMNS
}; /* of DROP_ROWS_SOURCE; others have one */

struct drop_metrics {
    const struct metric *metrics;
    size_t count;
};

extern const struct drop_metrics drop_metrics[DROP_ROWS_COUNT];

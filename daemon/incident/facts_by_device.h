/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the incidents of a device, so that a row is compared only with incidents that it may belong to. Pure
 * memory; one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/table/row_set.h"
#include "daemon/incident/loss_report.h"

struct facts;

enum { FACTS_SLOTS = 4 * LOSS_REPORT_INCIDENTS_MAX };

struct facts_by_device {
    struct facts *items[LOSS_REPORT_INCIDENTS_MAX]; /* borrowed */
    size_t several;                                 /* the first so many are on several devices */
    size_t count;
    uint8_t slots[FACTS_SLOTS]; /* by hash of the device: the index of its first item, plus 1; 0 if free */
};

/* Sorts the facts of incidents, at most LOSS_REPORT_INCIDENTS_MAX. */
void facts_by_device_init(struct facts_by_device *sorted, struct facts *facts, size_t count);

/* Returns the next incident that a row of the device may belong to: it is on that device, or on several. Any
 * incident if `device` is NULL. `*at` is 0 before the first. Returns NULL at the end. */
struct facts *facts_by_device_next(struct facts_by_device *sorted, const char *device, size_t *at);

/* Copies the device of a row. Returns it, or NULL if the row has no such label. */
const char *facts_row_device(const struct row_set *rows, size_t row, char device[LEDGER_DEVICE_SIZE]);

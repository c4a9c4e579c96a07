/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds whose packets were lost. Workloads are counted only by class, unless configured otherwise, so the
 * owner of a loss is found by comparing counts, and named only if no other answer is possible. Any thread.
 */

#include <stddef.h>

#include "base/table/meaning.h"
#include "daemon/trend/trend.h"

struct facts;

/* Writes "statsd.service" or "container 0123456789ab", as the labels of a row have it, or "" if these name
 * nobody. */
void owner_name(const struct row_set *rows, size_t row, char *name, size_t size);

/* Gives losses their owners, once their drop sites have been counted. */
void owners_find(struct facts *facts, size_t count, struct trend *trend);

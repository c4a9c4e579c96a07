/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds whose packets were lost. Workloads are counted only by class, unless configured otherwise, so the
 * owner of a loss is found by comparing counts, and named only if no other answer is possible. Any thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/table/meaning.h"
#include "daemon/trend/trend.h"

enum { OWNERS_MAX = 64, OWNER_NAME_SIZE = 256 };

struct facts;

struct owner {
    char name[OWNER_NAME_SIZE];
    char class_name[16];
    double count;
};

/* The workloads that lost something within the last minutes. */
struct owners {
    struct owner items[OWNERS_MAX];
    size_t count;
    bool more; /* there were, so that nothing can be concluded */
};

/* "statsd.service", "container 0123456789ab", as a row's labels have it; "" where these say nobody. */
void owner_name(const struct row_set *rows, size_t row, char *name, size_t size);

/* Adds a row of drops by workload. */
void owners_add(struct owners *owners, const struct trend_counter *counter);

/* Gives losses their owners. */
void owners_assign(const struct owners *owners, struct facts *facts, size_t count);

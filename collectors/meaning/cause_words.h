/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The causes of the ledger's rows in words for people, by the value of the label "cause". Constant data and
 * its lookup; any thread. All texts have static storage.
 */

#include "collectors/meaning/drop_cause.h"

/* Returns the cause of drop sites that has this name, or NULL if only counters know it. */
const struct cause_meaning *cause_find(const char *name);

/* Returns words that follow what loses: "the queue is full". For class policy, what refuses the packets: "a
 * firewall rule". For class benign, what they are. */
const char *cause_words(const struct cause_meaning *cause);

/* Returns the same for a cause that only counters know, or NULL if the name is unknown. */
const char *counter_cause_words(const char *name);

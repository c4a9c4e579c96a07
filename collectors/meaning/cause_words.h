/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The causes of the ledger's rows in words for people, by the value of the label "cause". Constant data and
 * its lookup; any thread. All texts have static storage.
 */

#include "collectors/meaning/drop_cause.h"

/* The cause of drop sites of this name; NULL: only counters know it. */
const struct cause_meaning *cause_find(const char *name);

/* Behind what loses: "eth0: the queue is full". Of class policy what refuses them: "a firewall rule"; of
 * class benign what they are. */
const char *cause_words(const struct cause_meaning *cause);

/* The same of a cause that only counters know. NULL: the name is unknown. */
const char *counter_cause_words(const char *name);

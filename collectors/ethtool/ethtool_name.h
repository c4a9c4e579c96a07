/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The driver's strings for its private statistics as label values. Drivers write the queue number into the
 * string; here it is taken out, so that "rx3_dropped" is queue "3" of the statistic "rx#_dropped". Which
 * number is a queue is said by a table of patterns; any other number (priority, lane, size class) stays.
 *
 * The mapping is injective for valid UTF-8: a raw '#' or '\' gets a '\', so that the one bare '#' is where
 * the queue number was. Strings that still look alike (drivers do repeat them, and invalid UTF-8 becomes
 * U+FFFD) are told apart by ethtool_name_number(). Pure.
 */

#include <stddef.h>

#include <linux/ethtool.h>

enum {
    ETHTOOL_QUEUE_DIGITS = 9,                         /* a longer number is no queue */
    ETHTOOL_STATISTIC_MAX = ETH_GSTRING_LEN * 3 + 13, /* every byte a U+FFFD, "\~" and a number, NUL */
};

struct ethtool_name {
    char statistic[ETHTOOL_STATISTIC_MAX]; /* "rx#_dropped" */
    char queue[ETHTOOL_QUEUE_DIGITS + 1];  /* "3"; "" where the string names no queue */
};

/* Splits a driver's string. `driver` is as in ETHTOOL_GDRVINFO; `raw` has ETH_GSTRING_LEN bytes as the
 * driver filled them: any bytes, perhaps without a NUL. */
void ethtool_name_split(const char *driver, const char *raw, struct ethtool_name *ret_name);

/* Does the same, and leaves the number where it is, for what must not be added up. */
void ethtool_name_whole(const char *raw, struct ethtool_name *ret_name);

/* Writes the driver's own spelling of the statistic, with '#' for its queue number. Users' globs are matched
 * with it. */
void ethtool_name_plain(const struct ethtool_name *name, char *text, size_t size);

/* Returns less than, equal to or more than 0: by statistic, then by queue number. */
int ethtool_name_compare(const struct ethtool_name *a, const struct ethtool_name *b);

/* Marks the n-th (2, 3, ...) of several equal names. */
void ethtool_name_number(struct ethtool_name *name, unsigned n);

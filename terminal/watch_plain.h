/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* --watch --plain: prints one line for each packet, for pipes. Main thread. */

#include "terminal/follow.h"

/* Appends "03:09:20.118204  udp_queue_rcv_one_skb+0x2f1  SOCKET_RCVBUFF  eth0  statsd.service  IP ..." and a
 * line feed. */
void watch_plain_line(const struct records *records, const struct record *record, struct buffer *out);

/* Prints to standard output until follow_run() ends. Returns the exit status. */
int watch_plain(const struct follow *common);

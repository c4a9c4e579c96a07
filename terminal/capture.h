/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * --capture: records as a pcapng file, which Wireshark and tshark open: whose device, and in a comment why
 * and where it was dropped. Main thread.
 */

#include "terminal/follow.h"

/* Writes what stands at a packet: function, reason, class, device, namespace, workload, stack. Ends in
 * NUL. */
void capture_comment(const struct record_site *site, const struct record *record, struct buffer *out);

/* Into the file of this name, which is made or emptied; "-": to standard output. Until follow_run() ends;
 * then one line on standard error. The exit status. */
int capture(const struct follow *common, const char *file);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * --capture: writes records to a pcapng file, which Wireshark and tshark open. It says on whose device a
 * packet was dropped, and in a comment why and where. Main thread.
 */

#include "terminal/follow.h"

/* Writes the comment of a packet: function, reason, class, device, namespace, workload, stack. Ends it with
 * a NUL. */
void capture_comment(const struct record_site *site, const struct record *record, struct buffer *out);

/* Writes to the file of this name, which is made or emptied, or to standard output if it is "-", until
 * follow_run() ends. Then writes one line to standard error. Returns the exit status. */
int capture(const struct follow *common, const char *file);

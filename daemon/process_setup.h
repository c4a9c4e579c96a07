/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a process that serves for months sets up once: limits, memory, signals. Main thread. */

/* Blocks the signals that main handles. Call it before any other thread starts, so that they are blocked in
 * all. Returns 0 or -errno. */
int process_prepare(void);

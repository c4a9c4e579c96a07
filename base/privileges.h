/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Gives up privilege for good. Capabilities belong to threads, and a new thread or process inherits them, so
 * call this while the process has only one thread.
 */

#include <stdbool.h>
#include <stdint.h>

/* Takes all capabilities except `keep` (1 << CAP_...) from the calling thread, and every way to get one back:
 * permitted, effective, inheritable, ambient, no_new_privs, and the bounding set as far as it may be lowered.
 * Returns 0 or -errno. */
int privileges_limit(uint64_t keep);

/* Returns true if the calling thread has all of these as effective capabilities. */
bool privileges_have(uint64_t wanted);

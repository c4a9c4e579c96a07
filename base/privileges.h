/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Giving privilege up for good. Capabilities belong to threads, and a new thread or process has those of its
 * maker: this is for a process that still has only one.
 */

#include <stdint.h>

/* Leaves the calling thread with no capability that is not among `keep` (1 << CAP_...) and with no way to get
 * one back: permitted, effective, inheritable, ambient; the bounding set as far as it may be lowered, and
 * no_new_privs. -errno. */
int privileges_limit(uint64_t keep);

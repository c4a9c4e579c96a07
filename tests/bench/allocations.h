/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A program that is linked with this counts its allocations, by standing in front of the C library's own. */

#include <stdatomic.h>
#include <stdint.h>

/* So far, of all threads. */
extern _Atomic uint64_t allocations;

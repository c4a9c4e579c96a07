/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A program that is linked with this counts its allocations, by standing in front of the C library's own. */

#include <stdint.h>

/* So far. The program has one thread. */
extern uint64_t allocations;

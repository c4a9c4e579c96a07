/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The entry point that libFuzzer and replay.c call. */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

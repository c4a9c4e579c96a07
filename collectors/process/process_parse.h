/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Reads /proc/PID/stat. Pure. */

#include <stddef.h>
#include <stdint.h>

struct process_stat {
    uint64_t start_ticks; /* USER_HZ ticks of CLOCK_BOOTTIME at which the process started */
    uint64_t virtual_bytes;
    uint64_t resident_pages;
};

/* Returns 0, or -EBADMSG if the text is not a whole stat line. */
int process_parse_stat(const char *text, size_t size, struct process_stat *ret_stat);

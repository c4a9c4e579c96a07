/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Reads /proc/net/softnet_stat (softnet_seq_show() in the kernel's net/core/net-procfs.c): a line for each
 * online CPU, of hexadecimal columns without a header; newer kernels have more of them. Pure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is counted, 32 bits each: the kernel's counters begin again at 2^32. */
enum softnet_counter {
    SOFTNET_PROCESSED,
    SOFTNET_DROPPED,
    SOFTNET_TIMES_SQUEEZED,
    SOFTNET_FLOW_LIMIT,
    SOFTNET_SHOWN_COUNT,

    /* Of each CPU, for node_exporter's names. */
    SOFTNET_CPU_COLLISION = SOFTNET_SHOWN_COUNT, /* always 0 since Linux 3.18 or so: its counter is gone */
    SOFTNET_RECEIVED_RPS,
    SOFTNET_BACKLOG_LENGTH, /* a gauge; since Linux 5.10, as the CPU's number */
    SOFTNET_COUNTER_COUNT
};

/* Above any kernel's CONFIG_NR_CPUS. */
enum { SOFTNET_CPUS_MAX = 16 * 1024 };

struct softnet_line {
    uint32_t counters[SOFTNET_COUNTER_COUNT];
    bool has_flow_limit; /* Linux 3.11 */
    bool has_cpu;        /* Linux 5.10; before, which CPU the line is of is not said */
    uint32_t cpu;        /* below SOFTNET_CPUS_MAX */
};

/* Reads the line at *at, before `end`, and moves *at behind it. Returns 0, or -EBADMSG if it is not a whole
 * line as the kernel writes it, and then changes neither *at nor *ret_line. */
int softnet_parse_line(const char **at, const char *end, struct softnet_line *ret_line);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The BPF source's two halves: drop_bpf_load.c loads the program, drop_bpf.c reads what it counts. */

#include "collectors/drops/drop_source.h"

enum {
    DROP_BPF_LINK, /* open as long as the program is to run */
    DROP_BPF_PROGRAM,
    DROP_BPF_COUNTS,
    DROP_BPF_LOST,
    DROP_BPF_SYMBOLS,
};

/* See struct drop_source, open. */
int drop_bpf_load(const struct drop_options *options, struct drop_handles *ret_handles, struct fault *fault);

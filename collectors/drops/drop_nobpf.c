/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_source.h"

/*
 * Replaces the BPF source if the program is built without it (meson option "bpf"), and says so. Main thread,
 * or netdrop-open.
 */

static const char *const handle_names[] = {NULL};

static int nobpf_open(const struct drop_options *options, struct drop_handles *ret_handles,
                      struct fault *fault)
{
    (void)options;
    (void)ret_handles;
    return fault_unsupported(fault, "built without BPF (meson option bpf)");
}

const struct drop_source drop_source_bpf = {.name = "bpf", .handles = handle_names, .open = nobpf_open};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of counting drops by BPF: a program at the same tracepoint that does nothing. Says "ready", and
 * stays until standard input ends.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>

#include "tests/bench/median.h"

int main(void)
{
    static const struct bpf_insn nothing[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int type = libbpf_find_vmlinux_btf_id("kfree_skb", BPF_TRACE_RAW_TP);
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP,
                .attach_btf_id = (__u32)type);
    int program;

    if (type < 0)
        fail("kfree_skb");
    program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "floor", "GPL", nothing,
                            sizeof(nothing) / sizeof(nothing[0]), &options);
    if (program < 0 || bpf_raw_tracepoint_open(NULL, program) < 0)
        fail("BPF");
    puts("ready");
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}

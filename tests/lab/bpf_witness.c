/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells how many calls of the tracepoint kfree_skb no BPF program saw. There are kernels that run none over
 * some tasks, neither perf's events, so that a softirq which interrupts such a task drops packets that only
 * ftrace counts. Beside a test of exactness this says what BPF cannot know.
 *
 * Prints the number since the start, a line for each line of standard input; the end of input ends it.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>

#define TRACING  "/mnt"
#define INSTANCE TRACING "/instances/netdrop-witness"
#define ENABLE   INSTANCE "/events/skb/kfree_skb/enable"

struct witness {
    int map; /* one u64: what BPF saw */
    long cpus;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void write_to(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        fail(path);
}

static bool is_enabled(void)
{
    FILE *file = fopen(ENABLE, "re");
    int first = file ? fgetc(file) : EOF;

    if (first == EOF)
        fail(ENABLE);
    fclose(file);
    return first == '1';
}

/* One witness does it for all, alone: ftrace stops while its buffer gets another size, or the same one
 * (__tracing_resize_ring_buffer(), kernel/trace/trace.c), and who counts already would miss what happens. */
static void set_up(int held)
{
    if (flock(held, LOCK_EX) != 0)
        fail("bpf_witness: flock");
    if (!is_enabled()) {
        write_to(INSTANCE "/buffer_size_kb", "4");
        write_to(ENABLE, "1");
    }
    if (flock(held, LOCK_UN) != 0)
        fail("bpf_witness: flock");
}

/* All witnesses have one instance of ftrace, which is full at once: its statistics go on. The last one can
 * remove it. In a mount namespace of our own, where any directory will do: the host's mounts stay as they
 * are. */
static int count_by_ftrace(void)
{
    int held;

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tracefs", TRACING, "tracefs", 0, NULL) != 0)
        fail("bpf_witness: tracefs");
    do {
        if (mkdir(INSTANCE, 0700) != 0 && errno != EEXIST)
            fail(INSTANCE);
        held = open(INSTANCE "/tracing_on", O_RDONLY | O_CLOEXEC);
    } while (held < 0 && errno == ENOENT); /* removed in between */
    if (held < 0)
        fail(INSTANCE);
    set_up(held);
    return held;
}

static void count_by_bpf(struct witness *witness)
{
    int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "witness", sizeof(__u32), sizeof(__u64), 1, NULL);
    const struct bpf_insn program[] = {
        {.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4, .imm = 0},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
        {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -4},
        {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
        {},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
        {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 2, .imm = 0},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = 1},
        {.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_1, .imm = BPF_ADD},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int loaded;

    if (map < 0)
        fail("bpf_witness: bpf_map_create");
    loaded = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "witness", "GPL", program,
                           sizeof(program) / sizeof(program[0]), NULL);
    if (loaded < 0 || bpf_raw_tracepoint_open("kfree_skb", loaded) < 0)
        fail("bpf_witness: the BPF program");
    witness->map = map;
}

/* What is in the buffer, and all that was thrown away for it. */
static int64_t seen_on(long cpu)
{
    char path[128], line[128];
    int64_t total = 0;
    FILE *file;

    snprintf(path, sizeof(path), INSTANCE "/per_cpu/cpu%ld/stats", cpu);
    file = fopen(path, "re");
    if (!file && errno != ENOENT)
        fail(path);
    if (!file)
        return 0; /* a CPU that there may be, and is not */
    while (fgets(line, sizeof(line), file)) {
        const char *number = strstr(line, ": ");

        if (number && !strstr(line, "bytes") && !strstr(line, " ts"))
            total += strtoll(number + 2, NULL, 10);
    }
    fclose(file);
    return total;
}

static int64_t seen_by_ftrace(const struct witness *witness)
{
    int64_t total = 0;

    for (long cpu = 0; cpu < witness->cpus; cpu++)
        total += seen_on(cpu);
    return total;
}

static int64_t seen_by_bpf(const struct witness *witness)
{
    uint64_t count;
    __u32 key = 0;

    if (bpf_map_lookup_elem(witness->map, &key, &count) != 0)
        fail("bpf_witness: map");
    return (int64_t)count;
}

/* Both at one moment: no packet is dropped between two looks that are alike, neither is one that ftrace has
 * counted and BPF is about to. */
static int64_t unseen(const struct witness *witness)
{
    int64_t by_ftrace, by_bpf;

    do {
        by_ftrace = seen_by_ftrace(witness);
        by_bpf = seen_by_bpf(witness);
    } while (by_ftrace != seen_by_ftrace(witness) || by_bpf != seen_by_bpf(witness));
    return by_ftrace - by_bpf;
}

int main(void)
{
    struct witness witness = {.cpus = sysconf(_SC_NPROCESSORS_CONF)};
    char line[16];
    int64_t first;
    int held;

    held = count_by_ftrace();
    count_by_bpf(&witness);
    first = unseen(&witness);
    while (fgets(line, sizeof(line), stdin)) {
        printf("%" PRId64 "\n", unseen(&witness) - first);
        fflush(stdout);
    }
    close(held);
    rmdir(INSTANCE); /* fails while another witness holds it */
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads packets that the BPF program records while it records them: each drop of a flood, into four slots in
 * turn. Counts the copies that are torn: of each record the packet's number stands four times in it, a later
 * record has a later packet, and its call chain leads to where it was dropped. As a control it copies as
 * often without looking whether somebody writes. It goes on until it has seen a thousandth as many records.
 *
 *     recorder_reads READS PORT
 *
 * Nobody listens at that port of 127.0.0.1. Prints as JSON how many reads gave a record, how many found one
 *  that was always being written, how many records were seen, how many copies were torn, those of the
 * control, and how many records a second there were.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "collectors/drops/drop_recorder.h"
#include "tests/lab/drop_hasty.skel.h"

enum {
    SITES = 64,
    RECORDS = SITES * DROP_RECORDS_PER_SITE,
    COPIES = 4,            /* of the number in a packet */
    TO_PORT = 14 + 20 + 2, /* behind Ethernet and IPv4 */
    TO_NUMBER = 14 + 20 + 8,
};

#define PATIENCE_NS (30 * NS_PER_SECOND)

struct flood {
    struct sockaddr_in to;
    atomic_bool over;
};

/* What is known of the last record that a slot had. */
struct seen {
    uint64_t sequence, number, time_ns;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void stay_on(unsigned cpu)
{
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    if (pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus) != 0)
        fail("affinity");
}

/* On one CPU, so that packets are dropped in the order in which they are sent; who reads has another. */
static void *send_on(void *data)
{
    struct flood *flood = data;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        fail("flood");
    stay_on((unsigned)sysconf(_SC_NPROCESSORS_ONLN) - 1);
    for (uint64_t number = 1; !atomic_load_explicit(&flood->over, memory_order_relaxed); number++) {
        const uint64_t payload[COPIES] = {number, number, number, number};

        (void)sendto(fd, payload, sizeof(payload), 0, (const struct sockaddr *)&flood->to, sizeof(flood->to));
    }
    close(fd);
    return NULL;
}

static struct drop_hasty *load(void)
{
    struct drop_hasty *skeleton = drop_hasty__open();
    struct stat netns;

    if (!skeleton || stat("/proc/thread-self/ns/net", &netns) < 0)
        fail("open");
    skeleton->rodata->own_netns = (__u32)netns.st_ino;
    skeleton->rodata->record_sites = SITES;
    skeleton->rodata->record_stacks = true;
    if (bpf_map__set_max_entries(skeleton->maps.record_site, SITES) < 0 ||
        bpf_map__set_max_entries(skeleton->maps.records, RECORDS) < 0 ||
        bpf_map__set_max_entries(skeleton->maps.stacks, RECORDS) < 0 ||
        bpf_program__set_autoload(skeleton->progs.list_tenants, false) < 0 ||
        bpf_program__set_autoload(skeleton->progs.count_udp, false) < 0 || drop_hasty__load(skeleton) < 0 ||
        drop_hasty__attach(skeleton) < 0)
        fail("load");
    return skeleton;
}

static const void *map_memory(const struct bpf_map *map, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, (size + page - 1) / page * page, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);

    if (memory == MAP_FAILED)
        fail("mmap");
    return memory;
}

static bool is_ours(const struct drop_record *record, const struct flood *flood)
{
    return record->size >= TO_NUMBER + COPIES * sizeof(uint64_t) && record->link == DROP_RECORD_ETHERNET &&
           memcmp(&record->data[TO_PORT], &flood->to.sin_port, sizeof(flood->to.sin_port)) == 0;
}

/* Where the flood is dropped, once it has filled its slots. */
static size_t find_place(const struct drop_recorder *recorder, const struct flood *flood,
                         struct drop_recorder_site *ret_site)
{
    const uint64_t end_ns = clock_boottime_ns() + PATIENCE_NS;
    struct drop_record_stack stack;
    struct drop_record record;

    while (clock_boottime_ns() < end_ns)
        for (size_t place = 0; place < recorder->count; place++)
            if (drop_recorder_site(recorder, place, ret_site) && ret_site->taken > DROP_RECORDS_PER_SITE &&
                drop_recorder_record(recorder, place, 0, ret_site, &record, &stack) &&
                is_ours(&record, flood))
                return place;
    fail("nothing of the flood is recorded");
    return 0;
}

static bool has_location(const struct drop_record_stack *stack, uint64_t location)
{
    for (size_t i = 0; i < DROP_RECORD_STACK_DEPTH; i++)
        if (stack->addresses[i] == location)
            return true;
    return false;
}

/* Whether the copy is of two records; follows those of a slot. */
static bool is_torn(const struct drop_record *record, const struct drop_record_stack *stack,
                    const struct flood *flood, uint64_t location, struct seen *seen)
{
    uint64_t numbers[COPIES];
    struct seen now = {.sequence = record->sequence, .time_ns = record->time_ns};
    bool torn = !is_ours(record, flood) || !has_location(stack, location);

    memcpy(numbers, &record->data[TO_NUMBER], sizeof(numbers));
    for (size_t i = 1; i < COPIES; i++)
        torn |= numbers[i] != numbers[0];
    now.number = numbers[0];
    if (now.sequence == seen->sequence)
        torn |= now.number != seen->number || now.time_ns != seen->time_ns;
    else
        torn |= now.sequence < seen->sequence || now.number <= seen->number || now.time_ns < seen->time_ns;
    if (!torn)
        *seen = now;
    return torn;
}

struct result {
    unsigned long reads, unread, records, torn, control;
    double records_per_second;
};

static void read_all(const struct drop_recorder *recorder, const struct flood *flood, unsigned long wanted,
                     struct result *result)
{
    struct seen seen[DROP_RECORDS_RING] = {}, control[DROP_RECORDS_RING] = {};
    struct drop_recorder_site site;
    size_t place = find_place(recorder, flood, &site);
    uint64_t begin_ns = clock_boottime_ns(), first = 0;
    struct drop_record_stack stack;
    struct drop_record record;

    for (unsigned long i = 0; result->reads < wanted || result->records < wanted / 1000; i++) {
        unsigned ring = i % DROP_RECORDS_RING, slot = DROP_RECORDS_FIRST + ring;
        size_t at = place * DROP_RECORDS_PER_SITE + slot;

        if (drop_recorder_record(recorder, place, slot, &site, &record, &stack)) {
            result->reads++;
            result->records += record.sequence != seen[ring].sequence;
            result->torn += is_torn(&record, &stack, flood, site.key.location, &seen[ring]);
        } else {
            result->unread++;
            (void)sched_yield(); /* whose processor was taken away meanwhile gets it back */
        }
        first = first ? first : seen[ring].sequence;
        memcpy(&record, &recorder->records[at], sizeof(record));
        memcpy(&stack, &recorder->stacks[at], sizeof(stack));
        result->control += is_torn(&record, &stack, flood, site.key.location, &control[ring]);
    }
    result->records_per_second =
        (double)(seen[0].sequence - first) * (double)NS_PER_SECOND / (double)(clock_boottime_ns() - begin_ns);
}

int main(int argc, char *argv[])
{
    unsigned long wanted = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    struct result result = {};
    struct flood flood = {.to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    struct drop_hasty *skeleton;
    struct drop_recorder recorder;
    pthread_t sender;

    if (!wanted)
        fail("recorder_reads READS PORT");
    flood.to.sin_port = htons((uint16_t)atoi(argv[2]));
    stay_on(0);
    skeleton = load();
    recorder = (struct drop_recorder){
        .sites = map_memory(skeleton->maps.record_site, SITES * sizeof(struct drop_recorder_site)),
        .records = map_memory(skeleton->maps.records, RECORDS * sizeof(struct drop_record)),
        .stacks = map_memory(skeleton->maps.stacks, RECORDS * sizeof(struct drop_record_stack)),
        .count = SITES,
    };
    if (pthread_create(&sender, NULL, send_on, &flood) != 0)
        fail("thread");
    read_all(&recorder, &flood, wanted, &result);
    atomic_store(&flood.over, true);
    pthread_join(sender, NULL);
    drop_hasty__destroy(skeleton);
    printf(
        "{\"reads\": %lu, \"unread\": %lu, \"records\": %lu, \"torn\": %lu, \"control\": %lu, \"records_per_second\": %.0f}\n",
        result.reads, result.unread, result.records, result.torn, result.control, result.records_per_second);
    return 0;
}

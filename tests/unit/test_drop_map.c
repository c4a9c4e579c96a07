/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A map that is read by one process after the other, each of which may be killed at any point: what all of
 * them have told together is what was counted, and no sum that was shown is ever above a later one. The
 * kernel's map is played. */

#include "collectors/drops/drop_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "collectors/drops/drop_kept_file.h"
#include "tests/unit/unit.h"

enum {
    DEVICES = 20, /* at a time; each new one has a number of its own, which is the key */
    STEPS = 20000,
    KEYS = STEPS + DEVICES,
    LAYOUT = 1,
};

static const struct drop_map_shape shape = {.key_size = 8, .value_size = 16, .sums = 2};

/* The kernel's. */
static struct {
    bool there[KEYS];
    uint64_t first; /* of the devices that there are */
    uint64_t values[KEYS][2];
    uint64_t counted; /* all that ever was */
    bool hurry;       /* drops come in between a reading and what follows from it */
} kernel;

static void drop(uint64_t key)
{
    kernel.there[key] = true;
    kernel.values[key][0]++;
    kernel.values[key][1] += 3;
    kernel.counted++;
}

int __wrap_bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, __u32 *count,
                                const struct bpf_map_batch_opts *options);
int __wrap_bpf_map_lookup_and_delete_elem_flags(int fd, const void *key, void *value, __u64 flags);

int __wrap_bpf_map_lookup_batch(int fd, void *in, void *out, void *keys, void *values, __u32 *count,
                                const struct bpf_map_batch_opts *options)
{
    __u32 at = in ? *(uint32_t *)in : 0, given = 0;

    (void)fd;
    (void)options;
    for (; at < kernel.first + DEVICES && given < *count; at++) {
        if (!kernel.there[at])
            continue;
        ((uint64_t *)keys)[given] = at;
        memcpy((uint64_t *)values + 2 * given++, kernel.values[at], sizeof(kernel.values[at]));
    }
    *(uint32_t *)out = at;
    *count = given;
    return at < kernel.first + DEVICES ? 0 : -ENOENT;
}

int __wrap_bpf_map_lookup_and_delete_elem_flags(int fd, const void *key, void *value, __u64 flags)
{
    uint64_t number = *(const uint64_t *)key;

    (void)fd;
    (void)flags;
    if (!kernel.there[number])
        return -ENOENT;
    if (kernel.hurry && rand() % 4 == 0)
        drop(number);
    memcpy(value, kernel.values[number], sizeof(kernel.values[number]));
    memset(kernel.values[number], 0, sizeof(kernel.values[number]));
    kernel.there[number] = false;
    return 0;
}

/* One process. */
struct process {
    struct drop_map map;
    uint64_t sum;
    uint64_t segments;
};

static int give(const void *key, const uint64_t *came, void *data)
{
    struct process *process = data;

    (void)key;
    process->sum += came[0];
    process->segments += came[1];
    return 0;
}

static bool gone(const void *key, void *data)
{
    (void)data;
    return *(const uint64_t *)key < kernel.first;
}

static void process_begin(struct process *process, int fd)
{
    struct drop_map before = {};
    struct drop_kept_reader reader;

    *process = (struct process){};
    assert_int_equal(drop_map_init(&process->map, -1, &shape, 1), 0);
    if (drop_kept_load(&reader, fd, LAYOUT) < 0)
        return;
    process->sum = drop_kept_get_number(&reader);
    process->segments = drop_kept_get_number(&reader);
    assert_int_equal(drop_map_restore(&before, &shape, &reader), 0);
    assert_false(reader.damaged);
    assert_int_equal(reader.at, reader.size);
    drop_kept_unload(&reader);
    drop_map_inherit(&process->map, &before);
    drop_map_done(&before);
}

static void process_save(const struct process *process, int fd)
{
    struct drop_kept_writer writer;

    drop_kept_begin(&writer, fd);
    drop_kept_put_number(&writer, process->sum);
    drop_kept_put_number(&writer, process->segments);
    drop_map_save(&process->map, &writer);
    assert_int_equal(drop_kept_commit(&writer, LAYOUT), 0);
}

static void process_collect(struct process *process)
{
    assert_int_equal(drop_map_read(&process->map), 0);
    assert_int_equal(drop_map_moved(&process->map, give, process), 0);
    drop_map_keep(&process->map);
    (void)drop_map_forget(&process->map, gone, NULL, give, process);
}

/* Devices come and go. */
static void kernel_step(void)
{
    if (rand() % 8 == 0)
        kernel.first++;
    for (int i = rand() % 4; i > 0; i--)
        drop(kernel.first + (uint64_t)(rand() % DEVICES));
}

/* False: a sum went back, or is not what was counted. */
static bool life(int fd, bool keeps)
{
    struct process process;
    uint64_t shown = 0;
    bool good = true;

    memset(&kernel, 0, sizeof(kernel));
    process_begin(&process, fd);
    for (unsigned step = 0; step < STEPS; step++) {
        bool killed = rand() % 16 == 0;

        kernel_step();
        if (rand() % 4)
            continue;
        kernel.hurry = !killed; /* what comes in that moment is all that a kill could take along */
        process_collect(&process);
        if (!killed && keeps)
            process_save(&process, fd);
        if (!killed) {
            good = good && process.sum >= shown;
            shown = process.sum;
        }
        if (killed || rand() % 16 == 0) {
            drop_map_done(&process.map);
            process_begin(&process, fd);
        }
    }
    process_collect(&process);
    good = good && process.sum == kernel.counted && process.segments == 3 * kernel.counted;
    drop_map_done(&process.map);
    return good;
}

static void test_lives(void **state)
{
    int fd = drop_kept_file_new();

    (void)state;
    srand(unit_seed());
    assert_true(fd >= 0);
    assert_true(life(fd, true));
    close(fd);
}

/* Would it be noticed? */
static void test_a_life_that_keeps_nothing(void **state)
{
    int fd = drop_kept_file_new();

    (void)state;
    srand(unit_seed());
    assert_false(life(fd, false));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lives),
        cmocka_unit_test(test_a_life_that_keeps_nothing),
    };

    return cmocka_run_group_tests_name("drop_map", tests, NULL, NULL);
}

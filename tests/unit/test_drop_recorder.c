/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the recorder's memory while another process writes it, as the kernel does: what is read is whole,
 * of the site that has the place, and nobody waits for who was stopped in the middle. */

#include "collectors/drops/drop_recorder.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { SITES = 4, READS = 2 * 1000 * 1000 };

struct memory {
    struct drop_recorder_site sites[SITES];
    struct drop_record records[SITES * DROP_RECORDS_PER_SITE];
    struct drop_record_stack stacks[SITES * DROP_RECORDS_PER_SITE];
};

static struct memory *memory;

static int set_up(void **state)
{
    memory = mmap(NULL, sizeof(*memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return -1;
    *state = memory;
    return 0;
}

static int tear_down(void **state)
{
    return munmap(*state, sizeof(*memory));
}

static struct drop_recorder recorder(void)
{
    return (struct drop_recorder){
        .sites = memory->sites, .records = memory->records, .stacks = memory->stacks, .count = SITES};
}

static void give_place(size_t place, uint64_t location)
{
    struct drop_recorder_site *site = &memory->sites[place];
    _Atomic uint32_t *generation = (_Atomic uint32_t *)&site->generation;

    atomic_fetch_add(generation, 1);
    site->key = (struct drop_recorder_key){.location = location, .ifindex = (uint32_t)location};
    site->taken = (uint32_t)location;
    strcpy(site->device, "eth0");
    atomic_fetch_add(generation, 1);
}

/* Every word of it is told by the number. */
static void write_record(size_t at, uint32_t generation, uint64_t number)
{
    struct drop_record *record = &memory->records[at];
    _Atomic uint32_t *lock = (_Atomic uint32_t *)&record->lock;

    atomic_fetch_add(lock, 1);
    record->generation = generation;
    record->sequence = number;
    record->time_ns = ~number;
    record->length = (uint32_t)number;
    record->size = DROP_RECORD_DATA_SIZE;
    memset(record->data, (int)(number & 0xff), sizeof(record->data));
    for (size_t i = 0; i < DROP_RECORD_STACK_DEPTH; i++)
        memory->stacks[at].addresses[i] = number;
    atomic_fetch_add(lock, 1);
}

static void check_record(const struct drop_record *record, const struct drop_record_stack *stack)
{
    assert_int_equal(record->time_ns, ~record->sequence);
    assert_int_equal(record->length, (uint32_t)record->sequence);
    for (size_t i = 0; i < sizeof(record->data); i++)
        assert_int_equal(record->data[i], record->sequence & 0xff);
    for (size_t i = 0; i < DROP_RECORD_STACK_DEPTH; i++)
        assert_int_equal(stack->addresses[i], record->sequence);
}

static void test_nothing_was_recorded(void **state)
{
    const struct drop_recorder all = recorder();
    struct drop_recorder_site site;

    (void)state;
    assert_false(drop_recorder_site(&all, 0, &site));
    assert_int_equal(site.generation, 0);
}

static void test_a_site_and_its_records(void **state)
{
    const struct drop_recorder all = recorder();
    struct drop_recorder_site site;
    struct drop_record_stack stack;
    struct drop_record record;

    (void)state;
    give_place(1, 77);
    write_record(DROP_RECORDS_PER_SITE + 2, 2, 5);
    assert_true(drop_recorder_site(&all, 1, &site));
    assert_int_equal(site.key.location, 77);
    assert_string_equal(site.device, "eth0");
    assert_false(drop_recorder_record(&all, 1, 0, &site, &record, &stack));
    assert_true(drop_recorder_record(&all, 1, 2, &site, &record, &stack));
    check_record(&record, &stack);
}

static void test_records_of_who_had_the_place_before(void **state)
{
    const struct drop_recorder all = recorder();
    struct drop_recorder_site site;
    struct drop_record_stack stack;
    struct drop_record record;

    (void)state;
    give_place(0, 77);
    write_record(0, 2, 5);
    give_place(0, 78);
    assert_true(drop_recorder_site(&all, 0, &site));
    assert_false(drop_recorder_record(&all, 0, 0, &site, &record, &stack));
    write_record(0, 4, 6);
    assert_true(drop_recorder_record(&all, 0, 0, &site, &record, &stack));
}

/* A place without a key: another CPU had given one to it meanwhile. */
static void test_nobody_has_the_place(void **state)
{
    const struct drop_recorder all = recorder();
    struct drop_recorder_site site;

    (void)state;
    give_place(0, 0);
    assert_false(drop_recorder_site(&all, 0, &site));
    assert_int_not_equal(site.generation, 0);
}

static void test_nobody_waits_for_who_stopped(void **state)
{
    const struct drop_recorder all = recorder();
    struct drop_recorder_site site;
    struct drop_record_stack stack;
    struct drop_record record;

    (void)state;
    give_place(0, 77);
    write_record(0, 2, 5);
    memory->records[0].lock++;
    assert_true(drop_recorder_site(&all, 0, &site));
    assert_false(drop_recorder_record(&all, 0, 0, &site, &record, &stack));
    memory->sites[0].generation++;
    assert_false(drop_recorder_site(&all, 0, &site));
    assert_int_not_equal(site.generation, 0); /* there may be others behind it */
}

/* What cannot be is not believed: the memory may be of another version. */
static void test_sizes_are_not_believed(void **state)
{
    const struct drop_recorder all = recorder();
    struct drop_recorder_site site;
    struct drop_record_stack stack;
    struct drop_record record;

    (void)state;
    give_place(0, 77);
    memset(memory->sites[0].device, 'x', sizeof(memory->sites[0].device));
    write_record(0, 2, 5);
    memory->records[0].size = 0xff;
    memset(memory->records[0].device, 'x', sizeof(memory->records[0].device));
    assert_true(drop_recorder_site(&all, 0, &site));
    assert_int_equal(strlen(site.device), sizeof(site.device) - 1);
    assert_true(drop_recorder_record(&all, 0, 0, &site, &record, &stack));
    assert_int_equal(record.size, sizeof(record.data));
    assert_int_equal(strlen(record.device), sizeof(record.device) - 1);
}

/* One place, given away again and again, and one slot that is always written: until it is killed. */
static void write_on(void)
{
    for (uint64_t number = 1;; number++) {
        if (number % 16 == 0)
            give_place(0, number);
        write_record(0, memory->sites[0].generation, number);
    }
}

static void test_what_is_read_is_whole(void **state)
{
    const struct drop_recorder all = recorder();
    struct drop_recorder_site site;
    struct drop_record_stack stack;
    struct drop_record record;
    size_t sites = 0, records = 0;
    pid_t writer = fork();

    (void)state;
    assert_true(writer >= 0);
    if (writer == 0)
        write_on();
    for (size_t i = 0; i < READS || !records; i++) {
        if (!drop_recorder_site(&all, 0, &site))
            continue;
        sites++;
        assert_int_equal(site.key.ifindex, (uint32_t)site.key.location);
        assert_int_equal(site.taken, (uint32_t)site.key.location);
        if (!drop_recorder_record(&all, 0, 0, &site, &record, &stack))
            continue;
        records++;
        check_record(&record, &stack);
        assert_true(record.sequence >= site.key.location);
    }
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    assert_true(sites > 0 && records > 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_was_recorded),
        TEST(test_a_site_and_its_records),
        TEST(test_records_of_who_had_the_place_before),
        TEST(test_nobody_has_the_place),
        TEST(test_nobody_waits_for_who_stopped),
        TEST(test_sizes_are_not_believed),
        TEST(test_what_is_read_is_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

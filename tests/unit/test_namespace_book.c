/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What namespaces counted, by whose they are: nothing is counted twice or at another's, and nothing steps
 * back, whichever namespace comes, goes, or takes another's inode. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "collectors/netns/namespace_book.h"
#include "tests/unit/unit.h"

enum { MAX_NAMESPACES = 4, MAX_WORKLOADS = 20 };

struct lab {
    struct limits limits;
    struct namespace_book *book;
    struct namespace_reading reading;
};

static int setup(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));

    assert_non_null(lab);
    assert_int_equal(namespace_book_new(MAX_NAMESPACES, MAX_WORKLOADS, &lab->limits, &lab->book), 0);
    *state = lab;
    return 0;
}

static int teardown(void **state)
{
    struct lab *lab = *state;

    namespace_book_free(lab->book);
    namespace_reading_done(&lab->reading);
    free(lab);
    return 0;
}

/* What a namespace says: the one counter of protocols that is looked at, and one device's. */
static void say(struct lab *lab, uint64_t mark, uint64_t value)
{
    namespace_reading_clear(&lab->reading);
    lab->reading.mark = mark;
    lab->reading.present[0] = true;
    lab->reading.values[0] = value;
}

static void say_device(struct lab *lab, const char *name, uint64_t value)
{
    struct namespace_reading *reading = &lab->reading;

    assert_int_equal(array_grow(reading->devices, reading->device_count, reading->device_capacity), 0);
    reading->devices[reading->device_count] = (struct namespace_device){.values = {value}};
    (void)strcpy(reading->devices[reading->device_count++].name, name);
}

static int sight(struct lab *lab, uint64_t inode, const char *unit, struct known_namespace **ret_item)
{
    int error = namespace_book_sight(lab->book, inode, ret_item);

    if (error == 0)
        (void)strcpy((*ret_item)->owner.unit, unit);
    return error;
}

/* A namespace is there, and says what was said. */
static void look(struct lab *lab, uint64_t inode, const char *unit)
{
    struct known_namespace *item;

    assert_int_equal(sight(lab, inode, unit, &item), 0);
    assert_int_equal(namespace_book_take(lab->book, item, &lab->reading), 0);
}

static void look_at(struct lab *lab, uint64_t inode, uint64_t mark, const char *unit, uint64_t value)
{
    say(lab, mark, value);
    look(lab, inode, unit);
}

static const struct namespace_sums *sums_of(const struct lab *lab, const char *unit)
{
    const struct namespace_book *book = lab->book;

    if (!strcmp(unit, "other"))
        return book->other.shown ? &book->other : NULL;
    for (size_t i = 0; i < book->sums_count; i++)
        if (book->sums[i].shown && !strcmp(book->workloads.items[i]->unit, unit))
            return &book->sums[i];
    return NULL;
}

static uint64_t value_of(const struct lab *lab, const char *unit)
{
    const struct namespace_sums *sums = sums_of(lab, unit);

    assert_non_null(sums);
    return sums->values[0];
}

static void begin(struct lab *lab)
{
    namespace_book_begin(lab->book);
}

static void end(struct lab *lab)
{
    namespace_book_end(lab->book);
}

static void empty_pass(struct lab *lab)
{
    begin(lab);
    end(lab);
}

/* What was there when we came counts from what it had; what came later from 0. */
static void test_past(void **state)
{
    struct lab *lab = *state;

    begin(lab);
    look_at(lab, 1, 101, "a.service", 1000);
    end(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 1003);
    look_at(lab, 2, 102, "b.service", 7);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 3);
    assert_int_equal(value_of(lab, "b.service"), 7);
    assert_int_equal(lab->book->totals[0], 10);
    assert_int_equal(lab->book->there, 2);
    assert_true(lab->book->present[0]);
    assert_false(lab->book->present[1]);
}

/* Sighted in the first pass, and gone before it was read: its past is not ours either. */
static void test_past_of_one_not_read(void **state)
{
    struct known_namespace *item;
    struct lab *lab = *state;

    begin(lab);
    assert_int_equal(sight(lab, 1, "a.service", &item), 0);
    end(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 1000);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 0);
}

/* Sighted in the first pass and never read; who has its inode later is new. */
static void test_inode_of_one_not_read(void **state)
{
    struct known_namespace *item;
    struct lab *lab = *state;

    begin(lab);
    assert_int_equal(sight(lab, 1, "a.service", &item), 0);
    end(lab);
    empty_pass(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 18);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 18);
}

static void test_gone(void **state)
{
    struct lab *lab = *state;

    empty_pass(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 5);
    end(lab);
    empty_pass(lab);
    assert_int_equal(value_of(lab, "a.service"), 5);
    assert_int_equal(lab->book->there, 0);

    /* It comes back, with what it lost meanwhile. */
    begin(lab);
    look_at(lab, 1, 101, "a.service", 9);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 9);
}

/* The same inode, of another namespace: all that it has is new, and its number may be any. */
static void test_inode_again(void **state)
{
    struct lab *lab = *state;
    uint64_t sum = 0;

    empty_pass(lab);
    for (uint64_t i = 1; i <= 10; i++) {
        begin(lab);
        look_at(lab, 1, 100 + i, "a.service", i * 3 % 7);
        end(lab);
        sum += i * 3 % 7;
        assert_int_equal(value_of(lab, "a.service"), sum);
    }
    begin(lab);
    look_at(lab, 1, 200, "b.service", 4);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), sum);
    assert_int_equal(value_of(lab, "b.service"), 4);
}

/* Where a kernel does not tell the mark, less than before is a new one. */
static void test_no_mark(void **state)
{
    struct lab *lab = *state;

    empty_pass(lab);
    begin(lab);
    look_at(lab, 1, 0, "a.service", 5);
    end(lab);
    begin(lab);
    look_at(lab, 1, 0, "a.service", 8);
    end(lab);
    begin(lab);
    look_at(lab, 1, 0, "a.service", 2);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 10);
}

static void test_owner_changes(void **state)
{
    struct lab *lab = *state;

    empty_pass(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 5);
    end(lab);
    begin(lab);
    look_at(lab, 1, 101, "b.service", 6);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 5);
    assert_int_equal(value_of(lab, "b.service"), 1);
}

static void test_one_owner_of_several(void **state)
{
    struct lab *lab = *state;

    empty_pass(lab);
    for (uint64_t value = 1; value <= 3; value++) {
        begin(lab);
        look_at(lab, 1, 101, "a.service", value);
        look_at(lab, 2, 102, "a.service", 10 * value);
        look_at(lab, 3, 103, "", 100 * value);
        end(lab);
        assert_int_equal(value_of(lab, "a.service"), 11 * value);
        assert_int_equal(value_of(lab, ""), 100 * value);
    }
}

/* Devices that come, go, come again under the same name, and change their order. */
static void test_devices(void **state)
{
    const size_t counter = NAMESPACE_PROTOCOL_COUNTERS;
    struct lab *lab = *state;

    begin(lab);
    say(lab, 101, 0);
    say_device(lab, "lo", 100);
    look(lab, 1, "a.service");
    end(lab);
    begin(lab);
    say(lab, 101, 0);
    say_device(lab, "eth0", 5);
    say_device(lab, "lo", 101);
    look(lab, 1, "a.service");
    end(lab);
    assert_int_equal(sums_of(lab, "a.service")->values[counter], 6);
    begin(lab);
    say(lab, 101, 0);
    say_device(lab, "lo", 103);
    look(lab, 1, "a.service");
    end(lab);
    assert_int_equal(sums_of(lab, "a.service")->values[counter], 8);
    begin(lab);
    say(lab, 101, 0);
    say_device(lab, "lo", 1); /* began anew */
    say_device(lab, "eth0", 2);
    look(lab, 1, "a.service");
    end(lab);
    assert_int_equal(sums_of(lab, "a.service")->values[counter], 11);
    assert_int_equal(lab->book->totals[counter], 11);
}

/* A counter that is not in a reading (the file could not be read) goes on from where it was. */
static void test_absent_for_once(void **state)
{
    struct lab *lab = *state;

    empty_pass(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 5);
    end(lab);
    begin(lab);
    say(lab, 101, 0);
    lab->reading.present[0] = false;
    look(lab, 1, "a.service");
    end(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 6);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 6);
}

/* More than there is room for: those first sighted stay, the rest counts once a pass, and who comes in later
 * counts from what it has. */
static void test_crowded(void **state)
{
    struct known_namespace *item;
    struct lab *lab = *state;

    empty_pass(lab);
    for (uint64_t pass = 1; pass <= 2; pass++) {
        begin(lab);
        for (uint64_t inode = 1; inode <= MAX_NAMESPACES; inode++)
            look_at(lab, inode, 100 + inode, "a.service", pass);
        assert_int_equal(sight(lab, 98, "b.service", &item), -ENOSPC);
        assert_int_equal(sight(lab, 99, "b.service", &item), -ENOSPC);
        /* Those that are in stay in. */
        look_at(lab, 1, 101, "a.service", pass);
        end(lab);
        assert_int_equal(lab->limits.hits[LIMIT_NAMESPACES], pass);
    }
    assert_int_equal(value_of(lab, "a.service"), 2 * MAX_NAMESPACES);
    begin(lab);
    look_at(lab, 99, 199, "b.service", 1000);
    end(lab);
    begin(lab);
    look_at(lab, 99, 199, "b.service", 1001);
    look_at(lab, 97, 197, "c.service", 3);
    end(lab);
    assert_int_equal(value_of(lab, "b.service"), 1);
    assert_int_equal(value_of(lab, "c.service"), 3);
}

/* Those that come and go by the thousand push nobody out who is there. */
static void test_come_and_go(void **state)
{
    struct lab *lab = *state;
    uint64_t inode = 10, came = 0;

    empty_pass(lab);
    for (uint64_t pass = 1; pass <= 1000; pass++) {
        begin(lab);
        for (int i = 1; i < MAX_NAMESPACES; i++, inode++, came++)
            look_at(lab, inode, inode, "short.service", 1);
        look_at(lab, 1, 101, "stays.service", pass);
        end(lab);
        assert_true(lab->book->count <= 2 * MAX_NAMESPACES);
    }
    assert_int_equal(value_of(lab, "stays.service"), 1000);
    assert_int_equal(value_of(lab, "short.service"), came);
    assert_int_equal(lab->limits.hits[LIMIT_NAMESPACES], 0);
}

/* Rows of workloads that are gone give way, and what they had counted stays in the totals. */
static void test_workloads_come_and_go(void **state)
{
    struct lab *lab = *state;
    char unit[32];

    empty_pass(lab);
    for (uint64_t i = 1; i <= 500; i++) {
        size_t rows = 0;

        (void)snprintf(unit, sizeof(unit), "%u.service", (unsigned)i);
        begin(lab);
        look_at(lab, 1, 101, "stays.service", i);
        look_at(lab, 2, 1000 + i, unit, 2);
        end(lab);
        assert_int_equal(value_of(lab, unit), 2);
        for (size_t k = 0; k < lab->book->sums_count; k++)
            rows += lab->book->sums[k].shown;
        assert_true(rows <= MAX_WORKLOADS);
        assert_int_equal(lab->book->totals[0], 3 * i);
    }
    assert_int_equal(value_of(lab, "stays.service"), 500);
    assert_int_equal(namespace_book_staying(lab->book), 2);
    empty_pass(lab);
    empty_pass(lab);
    assert_int_equal(namespace_book_staying(lab->book), 0);
    assert_null(sums_of(lab, "other"));
    assert_int_equal(lab->limits.hits[LIMIT_WORKLOADS], 0);
}

/* All of them are there: the rest is `other`, and counts as a limit. */
static void test_other(void **state)
{
    struct limits limits = {};
    struct lab lab = {};
    char unit[32];

    (void)state;
    assert_int_equal(namespace_book_new(100, 3, &limits, &lab.book), 0);
    empty_pass(&lab);
    for (uint64_t pass = 1; pass <= 2; pass++) {
        begin(&lab);
        for (uint64_t i = 1; i <= 5; i++) {
            (void)snprintf(unit, sizeof(unit), "%u.service", (unsigned)i);
            look_at(&lab, i, 100 + i, unit, 10 * pass);
        }
        end(&lab);
    }
    assert_int_equal(value_of(&lab, "3.service"), 20);
    assert_null(sums_of(&lab, "4.service"));
    assert_int_equal(value_of(&lab, "other"), 40);
    assert_int_equal(namespace_book_staying(lab.book), 3);
    assert_int_equal(lab.book->totals[0], 100);
    assert_int_equal(limits.hits[LIMIT_WORKLOADS], 4);
    namespace_book_free(lab.book);
    namespace_reading_done(&lab.reading);
}

/* A pass that nobody ends is as if it had not been: who was not sighted in it is not gone. */
static void test_abandoned(void **state)
{
    struct lab *lab = *state;
    uint64_t inode = 10;

    empty_pass(lab);
    begin(lab);
    look_at(lab, 1, 101, "a.service", 5);
    end(lab);
    for (int i = 0; i < 10; i++) {
        begin(lab);
        namespace_book_abandon(lab->book);
    }
    begin(lab);
    for (int i = 1; i < MAX_NAMESPACES; i++, inode++)
        look_at(lab, inode, inode, "b.service", 1);
    look_at(lab, 1, 101, "a.service", 6);
    end(lab);
    assert_int_equal(value_of(lab, "a.service"), 6);
}

/* Rows are rendered anew only where one comes or goes. */
static void test_generation(void **state)
{
    struct lab *lab = *state;
    uint64_t generation;

    begin(lab);
    look_at(lab, 1, 101, "a.service", 1);
    end(lab);
    generation = lab->book->generation;
    for (uint64_t pass = 2; pass < 5; pass++) {
        begin(lab);
        look_at(lab, 1, 101, "a.service", pass);
        end(lab);
    }
    assert_int_equal(lab->book->generation, generation);
    begin(lab);
    look_at(lab, 1, 101, "b.service", 9);
    end(lab);
    assert_true(lab->book->generation > generation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_past, setup, teardown),
        cmocka_unit_test_setup_teardown(test_past_of_one_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inode_of_one_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_inode_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_owner_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_owner_of_several, setup, teardown),
        cmocka_unit_test_setup_teardown(test_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_absent_for_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_crowded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_come_and_go, setup, teardown),
        cmocka_unit_test_setup_teardown(test_workloads_come_and_go, setup, teardown),
        cmocka_unit_test(test_other),
        cmocka_unit_test_setup_teardown(test_abandoned, setup, teardown),
        cmocka_unit_test_setup_teardown(test_generation, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

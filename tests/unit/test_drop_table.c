/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of drop sites at and beyond its limit: rows, `other`, eviction, and totals that never miss one.
 */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/drops/drop_table.h"
#include "tests/unit/unit.h"

struct fixture {
    struct limits limits;
    struct drop_table table;
};

static void setup(struct fixture *fixture, size_t max)
{
    *fixture = (struct fixture){};
    assert_int_equal(drop_table_init(&fixture->table, max, &fixture->limits), 0);
}

static struct drop_labels labels(const char *function, const char *reason, const char *device)
{
    struct drop_labels labels = {.netns = DROP_NETNS_SELF, .protocol = DROP_PROTOCOL_IPV4};

    strcpy(labels.function, function);
    strcpy(labels.reason, reason);
    strcpy(labels.device, device);
    return labels;
}

static void add(struct fixture *fixture, const char *function, const char *reason, const char *device,
                uint64_t count)
{
    const struct drop_labels key = labels(function, reason, device);

    assert_int_equal(drop_table_add(&fixture->table, &key, count, count), 0);
}

/* UINT64_MAX: no such row. */
static uint64_t count_of(const struct fixture *fixture, const char *function, const char *device)
{
    uint64_t count = UINT64_MAX;

    for (size_t i = 0; i < fixture->table.count; i++) {
        const struct drop_site *site = &fixture->table.sites[i];

        if (strcmp(site->labels.function, function) == 0 && strcmp(site->labels.device, device) == 0) {
            assert_int_equal(count, UINT64_MAX);
            count = site->count;
        }
    }
    return count;
}

static uint64_t hits(const struct fixture *fixture)
{
    return fixture->limits.hits[LIMIT_DROP_SITES];
}

static uint64_t sum(const uint64_t counts[LOSS_CLASS_COUNT])
{
    uint64_t sum = 0;

    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++)
        sum += counts[loss_class];
    return sum;
}

static void test_counts(void **state)
{
    struct fixture fixture;
    uint64_t generation;

    (void)state;
    setup(&fixture, 16);
    add(&fixture, "f", "NO_SOCKET", "eth0", 3);
    generation = fixture.table.generation;
    add(&fixture, "f", "NO_SOCKET", "eth0", UINT64_C(1) << 40);
    assert_int_equal(fixture.table.generation, generation);
    assert_int_equal(count_of(&fixture, "f", "eth0"), (UINT64_C(1) << 40) + 3);
    add(&fixture, "tap_handle_frame", "", "eth0", 5);
    assert_true(fixture.table.generation > generation);
    assert_int_equal(fixture.table.totals[LOSS_ERROR], (UINT64_C(1) << 40) + 3);
    assert_int_equal(fixture.table.totals[LOSS_CAPACITY], 5);
    drop_table_done(&fixture.table);
}

/* Every label tells sites apart. */
static void test_labels(void **state)
{
    struct fixture fixture;
    struct drop_labels key = labels("f", "r", "d");

    (void)state;
    setup(&fixture, 16);
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    key.offset = 4;
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    key.netns = DROP_NETNS_OTHER;
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    key.protocol = DROP_PROTOCOL_ARP;
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    strcpy(key.module, "m");
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    strcpy(key.reason, "");
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    strcpy(key.device, "e");
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    assert_int_equal(fixture.table.count, 7);
    assert_int_equal(drop_table_add(&fixture.table, &key, 1, 1), 0);
    assert_int_equal(fixture.table.count, 7);
    assert_int_equal(hits(&fixture), 0);
    drop_table_done(&fixture.table);
}

static void test_row_29_sites(void **state)
{
    enum { MAX = 1000, SITES = 100000 };
    struct fixture fixture;

    (void)state;
    setup(&fixture, MAX);
    /* Each once, and once more those that have rows and as many that have none. */
    for (unsigned i = 0; i < SITES + 2 * MAX; i++) {
        char function[32];

        (void)snprintf(function, sizeof(function), "f%u", i % SITES);
        add(&fixture, function, i % 2 ? "NO_SOCKET" : "FULL_RING", "", 1);
    }
    assert_int_equal(fixture.table.count, MAX);
    assert_int_equal(hits(&fixture), SITES);
    assert_int_equal(fixture.table.other[LOSS_ERROR], SITES / 2);
    assert_int_equal(fixture.table.other[LOSS_CAPACITY], SITES / 2);
    assert_int_equal(sum(fixture.table.totals), SITES + 2 * MAX);
    assert_int_equal(count_of(&fixture, "f0", ""), 2);
    assert_int_equal(count_of(&fixture, "f999", ""), 2);
    assert_int_equal(count_of(&fixture, "f1000", ""), UINT64_MAX);
    drop_table_done(&fixture.table);
}

static bool exists(const char *device, void *data)
{
    return strcmp(device, data) == 0;
}

/* Only rows of gone devices are given up, the least recently moved first; the totals keep their counts. */
static void test_eviction(void **state)
{
    struct fixture fixture;

    (void)state;
    setup(&fixture, 4);
    add(&fixture, "none", "", "", 1);
    add(&fixture, "stays", "", "eth0", 1);
    add(&fixture, "old", "", "gone0", 1);
    add(&fixture, "young", "", "gone1", 1);
    fixture.table.now_ns++;
    add(&fixture, "young", "", "gone1", 1);
    drop_table_sweep(&fixture.table, exists, (char[]){"eth0"});
    assert_int_equal(drop_table_staying(&fixture.table, false), 2);
    assert_int_equal(drop_table_staying(&fixture.table, true), 0);

    add(&fixture, "a", "", "eth0", 10);
    assert_int_equal(count_of(&fixture, "old", "gone0"), UINT64_MAX);
    assert_int_equal(count_of(&fixture, "a", "eth0"), 10);
    assert_int_equal(count_of(&fixture, "young", "gone1"), 2);
    add(&fixture, "b", "", "eth0", 20);
    assert_int_equal(count_of(&fixture, "young", "gone1"), UINT64_MAX);
    add(&fixture, "c", "", "eth0", 30);
    assert_int_equal(count_of(&fixture, "c", "eth0"), UINT64_MAX);
    assert_int_equal(fixture.table.other[LOSS_UNKNOWN], 30);
    /* That devices come and go is no limit; that one which is there gets no row is. */
    assert_int_equal(hits(&fixture), 1);
    /* Who is still there is found. */
    add(&fixture, "none", "", "", 1);
    add(&fixture, "stays", "", "eth0", 1);
    add(&fixture, "a", "", "eth0", 1);
    add(&fixture, "b", "", "eth0", 1);
    assert_int_equal(count_of(&fixture, "none", ""), 2);
    assert_int_equal(count_of(&fixture, "stays", "eth0"), 2);
    assert_int_equal(count_of(&fixture, "a", "eth0"), 11);
    assert_int_equal(count_of(&fixture, "b", "eth0"), 21);
    assert_int_equal(sum(fixture.table.totals), 1 + 1 + 1 + 2 + 10 + 20 + 30 + 4);
    drop_table_done(&fixture.table);
}

/* A device that comes back under its name goes on with its own row. */
static void test_device_comes_back(void **state)
{
    struct fixture fixture;

    (void)state;
    setup(&fixture, 4);
    add(&fixture, "f", "", "eth0", 5);
    drop_table_sweep(&fixture.table, exists, (char[]){"none"});
    assert_true(fixture.table.sites[0].gone);
    drop_table_sweep(&fixture.table, exists, (char[]){"eth0"});
    assert_false(fixture.table.sites[0].gone);
    add(&fixture, "f", "", "eth0", 5);
    assert_int_equal(count_of(&fixture, "f", "eth0"), 10);
    drop_table_done(&fixture.table);
}

/* Ten thousand devices that come and go: the room is bounded, what lives keeps its row, no drop is missed. */
static void test_churn(void **state)
{
    struct fixture fixture;

    (void)state;
    setup(&fixture, 64);
    add(&fixture, "f", "", "eth0", 1);
    for (unsigned i = 0; i < 10000; i++) {
        char device[16];

        (void)snprintf(device, sizeof(device), "v%u", i);
        fixture.table.now_ns++;
        drop_table_sweep(&fixture.table, exists, (char[]){"eth0"});
        add(&fixture, "f", "", device, 7);
        add(&fixture, "f", "", "eth0", 1);
    }
    assert_int_equal(fixture.table.count, 64);
    assert_int_equal(count_of(&fixture, "f", "eth0"), 10001);
    assert_int_equal(count_of(&fixture, "f", "v9999"), 7);
    assert_int_equal(count_of(&fixture, "f", "v9936"), UINT64_MAX);
    assert_int_equal(sum(fixture.table.other), 0);
    assert_int_equal(sum(fixture.table.forgotten), 7 * (10000 - 63));
    assert_int_equal(sum(fixture.table.totals), 80001);
    drop_table_done(&fixture.table);
}

/* The rows of a class, what had no row, and what had one. */
static uint64_t parts(const struct drop_table *table, enum loss_class loss_class)
{
    uint64_t sum = table->other[loss_class] + table->forgotten[loss_class];

    for (size_t i = 0; i < table->count; i++)
        if (table->sites[i].loss_class == loss_class)
            sum += table->sites[i].count;
    return sum;
}

static void assert_adds_up(const struct drop_table *table, const uint64_t expected[LOSS_CLASS_COUNT])
{
    for (unsigned loss_class = 0; loss_class < LOSS_CLASS_COUNT; loss_class++) {
        assert_int_equal(table->totals[loss_class], expected[loss_class]);
        assert_int_equal(parts(table, loss_class), expected[loss_class]);
    }
}

static bool exists_by_chance(const char *device, void *data)
{
    (void)device;
    return *(unsigned *)data % 3 == 0;
}

/* One step of the test below: a drop at some site of some device, devices that come and go, a reload. */
static void step_by_chance(struct fixture *fixture, uint64_t expected[LOSS_CLASS_COUNT])
{
    static const char *const reasons[] = {"NO_SOCKET", "FULL_RING", "NETFILTER_DROP", "OTHERHOST", ""};
    const unsigned which = (unsigned)rand() % 5, chance = (unsigned)rand() % 100;
    const uint64_t count = (uint64_t)rand() % 1000;
    struct fixture next;
    char device[16];

    (void)snprintf(device, sizeof(device), "v%d", rand() % 40);
    add(fixture, "f", reasons[which], device, count);
    expected[drop_class_of(reasons[which], "f", 0)] += count;
    fixture->table.now_ns++;
    if (chance < 20)
        drop_table_sweep(&fixture->table, exists_by_chance, &(unsigned){(unsigned)rand()});
    if (chance > 0)
        return;
    setup(&next, 16 + (unsigned)rand() % 32);
    drop_table_merge(&next.table, &fixture->table, NULL, NULL);
    fixture->table = next.table;
    fixture->table.limits = &fixture->limits;
}

/* What rows that were given up had counted is kept: at each moment all parts add up to the totals, which are
 * what was dropped. */
static void test_given_up_rows_leave_their_counts(void **state)
{
    uint64_t expected[LOSS_CLASS_COUNT] = {};
    struct fixture fixture;

    (void)state;
    srand(unit_seed());
    setup(&fixture, 32);
    for (unsigned i = 0; i < 20000; i++) {
        step_by_chance(&fixture, expected);
        assert_adds_up(&fixture.table, expected);
    }
    assert_true(sum(fixture.table.forgotten) > 0);
    assert_true(sum(fixture.table.other) > 0);
    drop_table_done(&fixture.table);
}

static void no_gone0(struct drop_labels *labels, void *data)
{
    if (strcmp(labels->device, data) == 0)
        labels->device[0] = '\0';
}

/* Under other settings: fewer rows, other labels. What had a row, what had none any more and what comes after
 * add up to the same totals, and nothing counts twice. */
static void test_merge(void **state)
{
    struct fixture old, fixture;

    (void)state;
    setup(&old, 4);
    add(&old, "a", "NO_SOCKET", "eth0", 1);
    add(&old, "a", "NO_SOCKET", "gone0", 20);
    add(&old, "a", "NO_SOCKET", "", 300);
    add(&old, "b", "FULL_RING", "eth0", 4000);
    add(&old, "c", "FULL_RING", "eth0", 50000); /* in a row `other` */
    setup(&fixture, 2);
    add(&fixture, "a", "NO_SOCKET", "", 600000);
    drop_table_merge(&fixture.table, &old.table, no_gone0, (char[]){"gone0"});
    assert_null(old.table.index.slots);
    assert_int_equal(count_of(&fixture, "a", ""), 600320);
    assert_int_equal(count_of(&fixture, "b", "eth0"), 4000);
    assert_int_equal(fixture.table.other[LOSS_ERROR], 1);
    assert_int_equal(fixture.table.other[LOSS_CAPACITY], 50000);
    assert_int_equal(fixture.table.totals[LOSS_ERROR], 600321);
    assert_int_equal(fixture.table.totals[LOSS_CAPACITY], 54000);
    assert_int_equal(sum(fixture.table.totals), 654321);
    drop_table_merge(&fixture.table, &old.table, no_gone0, NULL); /* there is none */
    assert_int_equal(sum(fixture.table.totals), 654321);
    drop_table_done(&fixture.table);
}

static void add_spaced(struct fixture *fixture, const char *space, const char *device, uint64_t count)
{
    struct drop_labels key = labels("alpha", "NO_SOCKET", device);

    key.netns = DROP_NETNS_OTHER;
    strcpy(key.space, space);
    assert_int_equal(drop_table_add(&fixture->table, &key, count, count), 0);
}

static uint64_t total(const struct fixture *fixture)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < LOSS_CLASS_COUNT; i++)
        sum += fixture->table.totals[i];
    return sum;
}

/* Named namespaces have as much room as all others, and neither takes the others'. */
static void test_spaces_have_room_of_their_own(void **state)
{
    struct fixture fixture;
    char name[16];

    (void)state;
    setup(&fixture, 4);
    for (unsigned i = 0; i < 6; i++) {
        (void)snprintf(name, sizeof(name), "space%u", i);
        add_spaced(&fixture, name, "eth0", 10);
    }
    assert_int_equal(fixture.table.spaced_count, 4);
    assert_int_equal(hits(&fixture), 2);
    assert_int_equal(count_of(&fixture, "alpha", ""), 20); /* without name and device, in one row */
    for (unsigned i = 0; i < 3; i++) {
        (void)snprintf(name, sizeof(name), "dev%u", i);
        add(&fixture, "alpha", "NO_SOCKET", name, 1);
    }
    assert_int_equal(hits(&fixture), 2);
    add(&fixture, "alpha", "NO_SOCKET", "dev3", 1);
    assert_int_equal(hits(&fixture), 3);
    assert_int_equal(total(&fixture), 64);
    drop_table_done(&fixture.table);
}

/* Nobody tells when they are gone: who has not dropped for a while gives way. */
static void test_spaces_give_way(void **state)
{
    struct fixture fixture;

    (void)state;
    setup(&fixture, 2);
    add_spaced(&fixture, "old", "eth0", 10);
    fixture.table.now_ns += 299 * NS_PER_SECOND;
    add_spaced(&fixture, "new", "eth0", 20);
    fixture.table.now_ns += 2 * NS_PER_SECOND;
    assert_int_equal(drop_table_staying(&fixture.table, true), 1);
    add_spaced(&fixture, "newest", "eth0", 30);
    assert_int_equal(drop_table_staying(&fixture.table, true), 2);
    assert_int_equal(fixture.table.spaced_count, 2);
    assert_int_equal(fixture.table.forgotten[fixture.table.sites[0].loss_class], 10);
    assert_int_equal(hits(&fixture), 0);
    drop_table_sweep(&fixture.table, exists, (char[]){"none"});
    assert_false(fixture.table.sites[0].gone || fixture.table.sites[1].gone); /* eth0 is theirs */
    assert_int_equal(total(&fixture), 60);
    drop_table_done(&fixture.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_row_29_sites),
        cmocka_unit_test(test_eviction),
        cmocka_unit_test(test_device_comes_back),
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_given_up_rows_leave_their_counts),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_spaces_have_room_of_their_own),
        cmocka_unit_test(test_spaces_give_way),
    };

    return cmocka_run_group_tests_name("drop_table", tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sums of a driver's queues, from its strings to the cells: queues that go, come back and begin anew. */

#include "collectors/ethtool/ethtool_sums.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/ethtool/ethtool_inherit.h"
#include "tests/unit/ethtool_fixture.h"
#include "tests/unit/unit.h"

enum { QUEUES = 3 };

/* veth's: of each queue two counters, drops of which make a loss by cause, then one value. */
static const char *const statistics[] = {"drops", "xdp_packets"};
enum { DROPS, PACKETS, PER_QUEUE };

struct world {
    struct ethtool_tables tables;
    struct ethtool_device device;
    struct snapshot *draft;
    bool per_queue;
    unsigned queues;
    uint64_t values[PER_QUEUE * QUEUES + 1];
};

/* The strings of so many queues; what was known of them is taken over. */
static void load(struct world *world, unsigned queues)
{
    char strings[PER_QUEUE * QUEUES + 1][ETH_GSTRING_LEN] = {};
    struct glob_storage all, none;
    const struct ethtool_selection selection = {.include = globs_split(&all, "*"),
                                                .exclude = globs_split(&none, ""),
                                                .per_queue = world->per_queue,
                                                .series_max = 512};
    struct ethtool_strings list = {.driver = "veth", .strings = strings[0], .count = PER_QUEUE * queues + 1};
    struct ethtool_selected selected;
    bool cut = false;

    for (unsigned i = 0; i < PER_QUEUE * queues; i++)
        (void)snprintf(strings[i], ETH_GSTRING_LEN, "rx_queue_%u_%s", i / PER_QUEUE,
                       statistics[i % PER_QUEUE]);
    strcpy(strings[PER_QUEUE * queues], "peer_ifindex");
    assert_int_equal(ethtool_select(&selection, &list, &selected), 0);
    assert_int_equal(ethtool_inherit(&selected, &world->device.selected, &cut), 0);
    free(world->device.selected.statistics);
    world->device.selected = selected;
    world->queues = queues;
}

static void make_rows(struct world *world)
{
    struct ethtool_device *items[] = {&world->device};
    struct ethtool_devices devices = {.items = items, .count = 1};

    assert_int_equal(ethtool_tables_devices(&world->tables, &devices, world->per_queue), 0);
    assert_int_equal(ethtool_tables_readings(&world->tables, &devices, &(struct ethtool_readings){}, true),
                     0);
}

static void collect(struct world *world)
{
    snapshot_clear(world->draft);
    assert_int_equal(ethtool_tables_fill(&world->tables, &(struct ethtool_readings){}, world->draft), 0);
    ethtool_sums_fill(&world->device, world->values, world->draft);
}

/* The one cell of a row of a table that has this label, among others; -1: there is none. */
static int64_t cell(const struct world *world, enum ethtool_table which, const char *label, const char *value)
{
    const struct table *table = &world->draft->tables[which];
    char text[64];
    uint64_t count;

    for (size_t row = 0; row < table->rows->count; row++)
        if (row_set_label(table->rows, row, label, text, sizeof(text)) >= 0 && !strcmp(text, value))
            return table_get(table, row, 0, &count) ? (int64_t)count : -1;
    return -1;
}

static int64_t drops(const struct world *world)
{
    return cell(world, ETHTOOL_TABLE_STATISTIC, "statistic", "rx_queue_#_drops");
}

static int64_t lost(const struct world *world)
{
    return cell(world, ETHTOOL_TABLE_LOSS, "cause", "dropped");
}

static void begin(struct world *world, bool per_queue)
{
    *world = (struct world){.per_queue = per_queue, .draft = snapshot_new(), .device = {.ifindex = 1}};
    assert_non_null(world->draft);
    strcpy(world->device.name, "b0");
    strcpy(world->device.label, "b0");
    assert_int_equal(ethtool_tables_open(&world->tables), 0);
    load(world, QUEUES);
    make_rows(world);
}

static void end(struct world *world)
{
    free(world->device.selected.statistics);
    free(world->device.moves);
    ethtool_tables_close(&world->tables);
    snapshot_unref(world->draft);
}

/* Queue i of `drops` has said 1000 << i. */
static void set_drops(struct world *world)
{
    for (unsigned i = 0; i < world->queues; i++) {
        world->values[PER_QUEUE * i + DROPS] = UINT64_C(1000) << i;
        world->values[PER_QUEUE * i + PACKETS] = i;
    }
    world->values[PER_QUEUE * world->queues] = 77;
}

static void test_queues_are_summed(void **state)
{
    struct world world;

    (void)state;
    begin(&world, false);
    set_drops(&world);
    collect(&world);
    assert_int_equal(drops(&world), 7000);
    assert_int_equal(lost(&world), 7000);
    assert_int_equal(cell(&world, ETHTOOL_TABLE_STATISTIC, "statistic", "rx_queue_#_xdp_packets"), 3);
    assert_int_equal(world.draft->tables[ETHTOOL_TABLE_QUEUE].rows->count, 0);
    ethtool_sums_forget(&world.device, world.draft);
    assert_int_equal(drops(&world), -1);
    assert_int_equal(lost(&world), -1);
    end(&world);
}

/* What a queue had counted stays in the sums when it goes, and when it comes back, whatever it says then. */
static void test_a_queue_that_goes_stays_in_the_sums(void **state)
{
    struct world world;

    (void)state;
    begin(&world, false);
    set_drops(&world);
    collect(&world);
    load(&world, 1);
    make_rows(&world);
    world.values[DROPS] = 1005;
    collect(&world);
    assert_int_equal(drops(&world), 7005);
    assert_int_equal(lost(&world), 7005);
    load(&world, QUEUES);
    make_rows(&world);
    set_drops(&world);
    world.values[DROPS] = 1010;                 /* went on */
    world.values[PER_QUEUE + DROPS] = 5;        /* was made anew */
    world.values[2 * PER_QUEUE + DROPS] = 4100; /* went on all the time */
    collect(&world);
    assert_int_equal(drops(&world), 7000 + 10 + 5 + 100);
    assert_int_equal(lost(&world), 7000 + 10 + 5 + 100);
    end(&world);
}

/* A reset of the device is seen in its sums, as in all of its counters. */
static void test_a_reset_is_told(void **state)
{
    struct world world;

    (void)state;
    begin(&world, false);
    set_drops(&world);
    collect(&world);
    memset(world.values, 0, sizeof(world.values));
    world.values[DROPS] = 3;
    collect(&world);
    assert_int_equal(drops(&world), 3);
    assert_int_equal(lost(&world), 3);
    end(&world);
}

static void test_rows_of_queues_are_raw(void **state)
{
    struct world world;

    (void)state;
    begin(&world, true);
    set_drops(&world);
    collect(&world);
    assert_int_equal(world.draft->tables[ETHTOOL_TABLE_QUEUE].rows->count, PER_QUEUE * QUEUES);
    assert_int_equal(cell(&world, ETHTOOL_TABLE_QUEUE, "queue", "2"), 4000);
    load(&world, 1);
    make_rows(&world);
    world.values[DROPS] = 2; /* what the driver says */
    collect(&world);
    assert_int_equal(world.draft->tables[ETHTOOL_TABLE_QUEUE].rows->count, PER_QUEUE);
    assert_int_equal(cell(&world, ETHTOOL_TABLE_QUEUE, "queue", "0"), 2);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queues_are_summed),
        cmocka_unit_test(test_a_queue_that_goes_stays_in_the_sums),
        cmocka_unit_test(test_a_reset_is_told),
        cmocka_unit_test(test_rows_of_queues_are_raw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

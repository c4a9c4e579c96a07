/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The book that outlives the process: what comes back is what was written, whole or not at all, and damage is
 * refused. */

#include "collectors/drops/drop_kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/drops/drop_kept_file.h"
#include "tests/unit/damage.h"
#include "tests/unit/unit.h"

enum { ROWS = 16 };

static const char sites[][8] = {"alpha", "beta", "gamma"};

/* A source whose state is a number. */
static void source_save(const void *state, struct drop_kept_writer *writer)
{
    drop_kept_put(writer, state, sizeof(uint64_t));
}

static int source_restore(struct drop_kept_reader *reader, void **ret_state)
{
    uint64_t *state = malloc(sizeof(*state));

    if (!state)
        return -ENOMEM;
    *state = drop_kept_get_number(reader);
    *ret_state = state;
    return 0;
}

static int source_adopt(const struct drop_options *options, const struct drop_handles *handles,
                        void *previous, void **ret_state, struct fault *fault)
{
    (void)options;
    (void)handles;
    (void)previous;
    (void)fault;
    *ret_state = calloc(1, sizeof(uint64_t));
    return *ret_state ? 0 : -ENOMEM;
}

static const struct drop_source source = {
    .name = "test", .adopt = source_adopt, .save = source_save, .restore = source_restore, .close = free};

struct fixture {
    struct limits limits;
    struct drop_book book;
    int fd;
};

static void setup(struct fixture *fixture)
{
    const struct drop_bounds bounds = {.max_sites = ROWS, .max_workloads = ROWS, .workload_detail = true};
    uint64_t *state = calloc(1, sizeof(*state));

    assert_non_null(state);
    *fixture = (struct fixture){.fd = drop_kept_file_new()};
    assert_true(fixture->fd >= 0);
    assert_int_equal(drop_book_init(&fixture->book, &bounds, &fixture->limits), 0);
    fixture->book.source = &source;
    fixture->book.source_state = state;
    fixture->book.unkept = true;
    *state = 77;
}

static void teardown(struct fixture *fixture)
{
    struct handover nowhere = {};

    close(fixture->fd);
    drop_book_leave(&fixture->book, &nowhere);
    handover_done(&nowhere);
}

static struct drop_labels labels_of(const char *function, const char *device)
{
    struct drop_labels labels = {.netns = DROP_NETNS_SELF, .protocol = DROP_PROTOCOL_IPV4};

    strcpy(labels.function, function);
    strcpy(labels.reason, "NO_SOCKET");
    strcpy(labels.device, device);
    return labels;
}

static void add(struct drop_book *book, const char *function, const char *device, uint64_t count)
{
    const struct drop_labels labels = labels_of(function, device);

    assert_int_equal(drop_table_add(&book->sites, &labels, count, 2 * count), 0);
}

static void add_workload(struct drop_workloads *workloads, const char *unit, uint64_t count)
{
    struct drop_workload_labels labels = {.loss_class = LOSS_CAPACITY, .netns = DROP_NETNS_OTHER};
    char path[128];

    (void)snprintf(labels.who.unit, sizeof(labels.who.unit), "%s", unit);
    (void)snprintf(path, sizeof(path), "/system.slice/%s", unit);
    strcpy(labels.reason, "SOCKET_RCVBUFF");
    drop_workloads_add(workloads, &labels, path, count);
}

/* Something of each kind: rows, rows that were given up, rows named other. */
static void fill(struct drop_book *book)
{
    const struct drop_bursts came = {.reached = {5, 2}};

    for (unsigned i = 0; i < 3; i++)
        add(book, sites[i], i ? "eth0" : "", 10 + i);
    book->sites.other[LOSS_ERROR] = 4;
    book->sites.forgotten[LOSS_POLICY] = 3;
    book->sites.totals[LOSS_ERROR] += 4;
    book->sites.totals[LOSS_POLICY] += 3;
    add_workload(&book->workloads, "a.service", 6);
    add_workload(&book->workloads, "b.service", 7);
    add_workload(&book->udp, "a.service", 8);
    drop_workloads_add_unowned(&book->workloads, DROP_UNOWNED_OTHER, LOSS_BENIGN, 9);
    book->workloads.forgotten[LOSS_CAPACITY] = 11;
    assert_int_equal(drop_burst_table_add(&book->bursts, LOSS_ERROR, "eth0", &came, 5), 0);
}

static void add_cause(struct drop_book *book, uint64_t count)
{
    const struct drop_cause_key key = {.cause = CAUSE_LINK_DOWN, .netns = DROP_NETNS_SELF};
    struct drop_cause_row *row = drop_cause_table_row(&book->causes, &key, "eth0");

    assert_non_null(row);
    row->skbs += count;
}

static struct drop_book *restored(const struct fixture *fixture)
{
    struct drop_book *left;

    assert_int_equal(drop_kept_restore(fixture->fd, &source, (struct limits *)&fixture->limits, &left), 0);
    return left;
}

static void assert_sites_equal(const struct drop_table *found, const struct drop_table *expected)
{
    assert_memory_equal(found->totals, expected->totals, sizeof(found->totals));
    assert_memory_equal(found->other, expected->other, sizeof(found->other));
    assert_memory_equal(found->forgotten, expected->forgotten, sizeof(found->forgotten));
    assert_memory_equal(found->segments, expected->segments, sizeof(found->segments));
    assert_int_equal(found->count, expected->count);
    for (size_t i = 0; i < found->count; i++) {
        assert_memory_equal(&found->sites[i].labels, &expected->sites[i].labels, sizeof(struct drop_labels));
        assert_int_equal(found->sites[i].count, expected->sites[i].count);
    }
}

static void assert_workloads_equal(const struct drop_workloads *found, const struct drop_workloads *expected)
{
    assert_memory_equal(found->unowned, expected->unowned, sizeof(found->unowned));
    assert_memory_equal(found->forgotten, expected->forgotten, sizeof(found->forgotten));
    assert_int_equal(found->count, expected->count);
    for (size_t i = 0; i < found->count; i++) {
        assert_memory_equal(&found->items[i].labels, &expected->items[i].labels,
                            sizeof(struct drop_workload_labels));
        assert_string_equal(found->items[i].cgroup, expected->items[i].cgroup);
        assert_int_equal(found->items[i].count, expected->items[i].count);
    }
}

static void test_all_comes_back(void **state)
{
    struct fixture fixture;
    struct drop_book *left;

    (void)state;
    setup(&fixture);
    fill(&fixture.book);
    assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
    assert_false(fixture.book.unkept);
    left = restored(&fixture);
    assert_non_null(left);
    assert_sites_equal(&left->sites, &fixture.book.sites);
    assert_workloads_equal(&left->workloads, &fixture.book.workloads);
    assert_workloads_equal(&left->udp, &fixture.book.udp);
    assert_int_equal(left->bursts.count, 1);
    assert_memory_equal(left->bursts.rows, fixture.book.bursts.rows, sizeof(struct drop_burst_row));
    assert_int_equal(*(uint64_t *)left->source_state, 77);
    assert_int_equal(fixture.limits.hits[LIMIT_DROP_SITES] + fixture.limits.hits[LIMIT_WORKLOADS], 0);
    drop_book_free(left);
    teardown(&fixture);
}

/* The next instance of this process goes on with what was lost by cause; the next process begins at 0,
 * whatever was kept for it. */
static void test_causes_are_of_this_process(void **state)
{
    const struct drop_options options = {};
    struct drop_opened opened = DROP_OPENED_NONE;
    struct handover handover = {};
    struct fixture fixture, next;

    (void)state;
    setup(&fixture);
    fill(&fixture.book);
    add_cause(&fixture.book, 5);
    assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
    for (unsigned i = 0; i < 2; i++) { /* a reload; a restart */
        if (i == 0)
            drop_book_leave(&fixture.book, &handover);
        else
            handover = (struct handover){.left = restored(&fixture), .left_free = drop_book_free};
        setup(&next);
        free(next.book.source_state);
        opened.source = &source;
        assert_int_equal(drop_book_adopt(&next.book, &handover, &opened, &options, NULL), 0);
        assert_null(handover.left);
        assert_int_equal(next.book.before.count, ELEMENTS(sites));
        assert_int_equal(next.book.causes.count, i == 0 ? 1 : 0);
        add_cause(&next.book, 2);
        assert_int_equal(next.book.causes.rows[0].skbs, i == 0 ? 7 : 2);
        assert_ptr_equal(next.book.causes.limits, &next.limits);
        teardown(&next);
    }
    teardown(&fixture);
}

static void test_nothing_was_kept(void **state)
{
    struct fixture fixture;

    (void)state;
    setup(&fixture);
    assert_null(restored(&fixture));
    fixture.book.unkept = false; /* nothing new */
    assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
    assert_null(restored(&fixture));
    teardown(&fixture);
}

/* Killed while it writes: what was there before is there. */
static void test_half_is_nothing(void **state)
{
    static const unsigned char garbage[3 * DROP_KEPT_CHUNK] = {1, 2, 3};
    struct fixture fixture;

    (void)state;
    setup(&fixture);
    fill(&fixture.book);
    for (unsigned i = 0; i < 4; i++) {
        struct drop_kept_writer writer;
        struct drop_book *left;

        add(&fixture.book, "alpha", "", 1);
        fixture.book.unkept = true;
        assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
        drop_kept_begin(&writer, fixture.fd);
        drop_kept_put(&writer, garbage, sizeof(garbage));
        left = restored(&fixture);
        assert_sites_equal(&left->sites, &fixture.book.sites);
        drop_book_free(left);
    }
    teardown(&fixture);
}

/* Rows of the last process are in the file until they are merged. */
static void test_not_before_it_is_merged(void **state)
{
    struct fixture fixture;
    struct drop_book *left;

    (void)state;
    setup(&fixture);
    fill(&fixture.book);
    assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
    fixture.book.before = fixture.book.sites;
    fixture.book.sites = (struct drop_table){};
    fixture.book.unkept = true;
    assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
    assert_true(fixture.book.unkept);
    left = restored(&fixture);
    assert_sites_equal(&left->sites, &fixture.book.before);
    drop_book_free(left);
    fixture.book.sites = fixture.book.before;
    fixture.book.before = (struct drop_table){};
    teardown(&fixture);
}

/* By this version's meanings the site is of another class: the total of the old one goes on. */
static void test_a_class_that_changed(void **state)
{
    struct fixture fixture;
    struct drop_book *left;
    enum loss_class now;

    (void)state;
    setup(&fixture);
    add(&fixture.book, "alpha", "eth0", 5);
    now = fixture.book.sites.sites[0].loss_class;
    assert_int_not_equal(now, LOSS_POLICY);
    fixture.book.sites.sites[0].loss_class = LOSS_POLICY;
    assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
    left = restored(&fixture);
    assert_int_equal(left->sites.count, 0);
    assert_int_equal(left->sites.forgotten[LOSS_POLICY], 5);
    assert_int_equal(left->sites.totals[LOSS_POLICY], 5);
    assert_int_equal(left->sites.totals[now], 0);
    drop_book_free(left);
    teardown(&fixture);
}

static void test_another_layout(void **state)
{
    struct fixture fixture;
    struct drop_kept_writer writer;
    struct drop_book *left;

    (void)state;
    setup(&fixture);
    drop_kept_begin(&writer, fixture.fd);
    assert_int_equal(drop_kept_commit(&writer, drop_kept_layout() + 1), 0);
    assert_int_equal(drop_kept_restore(fixture.fd, &source, &fixture.limits, &left), -EINVAL);
    assert_null(left);
    teardown(&fixture);
}

/* What is damaged is refused, or is something else that is whole; the sanitizers look on. */
static void take_damaged(const struct bytes *bytes, void *context)
{
    const struct fixture *fixture = context;
    struct limits limits = {};
    struct drop_kept_writer writer;
    struct drop_book *left;
    int error;

    drop_kept_begin(&writer, fixture->fd);
    drop_kept_put(&writer, bytes->data, bytes->size);
    assert_int_equal(drop_kept_commit(&writer, drop_kept_layout()), 0);
    error = drop_kept_restore(fixture->fd, &source, &limits, &left);
    assert_true(error == -EINVAL || (error == 0 && left));
    drop_book_free(left);
}

static void test_damage(void **state)
{
    struct fixture fixture;
    struct drop_kept_reader reader;

    (void)state;
    setup(&fixture);
    add(&fixture.book, "alpha", "eth0", 5);
    add_workload(&fixture.book.workloads, "a.service", 6);
    assert_int_equal(drop_burst_table_add(&fixture.book.bursts, LOSS_ERROR, "eth0",
                                          &(const struct drop_bursts){.reached = {1}}, 1),
                     0);
    assert_int_equal(drop_kept_save(fixture.fd, &fixture.book), 0);
    assert_int_equal(drop_kept_load(&reader, fixture.fd, drop_kept_layout()), 0);
    each_prefix(reader.data, reader.size, take_damaged, &fixture);
    each_damage(reader.data, reader.size, take_damaged, &fixture);
    drop_kept_unload(&reader);
    teardown(&fixture);
}

/* The disk, so to speak, is full. */
static void test_what_cannot_be_written(void **state)
{
    struct fixture fixture;
    int full;

    (void)state;
    setup(&fixture);
    fill(&fixture.book);
    full = open("/dev/full", O_RDWR | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(drop_kept_save(full, &fixture.book), -ENOSPC);
    assert_true(fixture.book.unkept);
    close(full);
    teardown(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_comes_back),          cmocka_unit_test(test_causes_are_of_this_process),
        cmocka_unit_test(test_nothing_was_kept),        cmocka_unit_test(test_half_is_nothing),
        cmocka_unit_test(test_not_before_it_is_merged), cmocka_unit_test(test_a_class_that_changed),
        cmocka_unit_test(test_another_layout),          cmocka_unit_test(test_damage),
        cmocka_unit_test(test_what_cannot_be_written),
    };

    return cmocka_run_group_tests_name("drop_kept", tests, NULL, NULL);
}

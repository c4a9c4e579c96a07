/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums of the disciplines of queues: what is one of them, and what stays of those that go or begin anew. */

#include <linux/pkt_sched.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/qdisc/qdisc_sums.h"
#include "tests/unit/unit.h"

enum { DEVICE = 3 };

static struct qdisc leaf(const char *kind, unsigned queue, uint64_t packets)
{
    struct qdisc qdisc = {.ifindex = DEVICE,
                          .parent = TC_H_MAKE(0x70000, queue),
                          .present = 1U << QDISC_PACKETS | 1U << QDISC_BACKLOG_PACKETS,
                          .values = {[QDISC_PACKETS] = packets, [QDISC_BACKLOG_PACKETS] = 2}};

    (void)snprintf(qdisc.kind, sizeof(qdisc.kind), "%s", kind);
    return qdisc;
}

/* A dump of these; what it comes to as "KIND=PACKETS/WAITING " of each group. */
static void dump_is(struct qdisc_sums *sums, const struct qdisc *qdiscs, size_t count, const char *expected)
{
    char text[256] = "";

    qdisc_sums_begin(sums);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(qdisc_sums_add(sums, &qdiscs[i], 0x70000, i), 0);
    qdisc_sums_end(sums);
    for (size_t i = 0; i < sums->count; i++)
        if (sums->parts[i].there)
            sums->parts[i].now = &qdiscs[sums->parts[i].entry];
    for (size_t begin = 0, end; begin < sums->count; begin = end) {
        uint64_t packets = 0, waiting = 0, none;
        size_t size = strlen(text);

        end = qdisc_sums_group(sums, begin);
        assert_true(qdisc_sums_take(sums, begin, end, QDISC_PACKETS, &packets));
        assert_true(qdisc_sums_take(sums, begin, end, QDISC_BACKLOG_PACKETS, &waiting));
        assert_false(qdisc_sums_take(sums, begin, end, QDISC_DROPS, &none));
        (void)snprintf(text + size, sizeof(text) - size, "%s=%llu/%llu ", sums->parts[begin].kind,
                       (unsigned long long)packets, (unsigned long long)waiting);
    }
    assert_string_equal(text, expected);
}

#define DUMP(expected, ...)                                                                                  \
    dump_is(&sums, (const struct qdisc[]){__VA_ARGS__},                                                      \
            sizeof((const struct qdisc[]){__VA_ARGS__}) / sizeof(struct qdisc), expected)

static void test_sums_by_kind(void **state)
{
    struct qdisc_sums sums = {};
    struct qdisc other = leaf("a", 1, 1000);

    (void)state;
    DUMP("a=30/4 b=5/2 ", leaf("a", 2, 10), leaf("b", 3, 5), leaf("a", 1, 20));
    /* Told twice it is one. */
    DUMP("a=31/4 b=5/2 ", leaf("a", 2, 11), leaf("b", 3, 5), leaf("a", 1, 20), leaf("a", 2, 11));
    /* Another device's are its own. */
    other.ifindex = DEVICE + 1;
    DUMP("a=31/4 a=1000/2 ", leaf("a", 2, 11), other, leaf("a", 1, 20));
    DUMP("a=1000/2 ", other);
    dump_is(&sums, NULL, 0, "");
    assert_int_equal(sums.count, 0);
    qdisc_sums_done(&sums);
}

static void test_sums_told_twice_at_first(void **state)
{
    struct qdisc_sums sums = {};

    (void)state;
    DUMP("a=10/2 ", leaf("a", 1, 10), leaf("a", 1, 10));
    qdisc_sums_done(&sums);
}

/* One goes, comes back at 0, and goes on; what it had counted stays. Where all begin anew, so does the sum.
 */
static void test_sums_do_not_step_back(void **state)
{
    struct qdisc_sums sums = {};

    (void)state;
    DUMP("a=30/4 ", leaf("a", 1, 10), leaf("a", 2, 20));
    DUMP("a=32/2 ", leaf("a", 1, 12));
    DUMP("a=33/4 ", leaf("a", 1, 12), leaf("a", 2, 1));
    DUMP("a=36/4 ", leaf("a", 1, 13), leaf("a", 2, 3));
    DUMP("a=3/4 ", leaf("a", 1, 1), leaf("a", 2, 2));
    qdisc_sums_done(&sums);
}

static void test_what_has_queues(void **state)
{
    static const struct {
        const char *kind;
        bool has;
    } rows[] = {{"mq", true},   {"mqprio", true}, {"taprio", true},
                {"htb", false}, {"mqx", false},   {"", false}};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct qdisc root = leaf(rows[i].kind, 0, 0);

        assert_int_equal(qdisc_has_queues(&root), rows[i].has);
    }
}

/* By the class that they hang on, as the kernel makes it by default too, with the handle 0. */
static void test_what_is_below(void **state)
{
    struct qdisc root = leaf("mq", 0, 0), below = leaf("a", 1, 0), elsewhere = leaf("a", 1, 0);

    (void)state;
    root.parent = TC_H_ROOT;
    root.handle = 0x70000;
    assert_true(qdisc_is_below(&below, &root));
    assert_false(qdisc_is_below(&root, &root));
    elsewhere.ifindex++;
    assert_false(qdisc_is_below(&elsewhere, &root));
    root.handle = 0;
    assert_false(qdisc_is_below(&below, &root));
    below.parent = TC_H_MAKE(0, 1);
    assert_true(qdisc_is_below(&below, &root));
    below.parent = TC_H_INGRESS;
    assert_false(qdisc_is_below(&below, &root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_by_kind),          cmocka_unit_test(test_sums_told_twice_at_first),
        cmocka_unit_test(test_sums_do_not_step_back), cmocka_unit_test(test_what_has_queues),
        cmocka_unit_test(test_what_is_below),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

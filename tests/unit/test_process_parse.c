/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/stat lines: real ones, hostile command names, and every way to be cut short. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/process/process_parse.h"
#include "tests/unit/damage.h"

#define AFTER_NAME " R 6852 6852 4119 0 -1 4194304 102 0 0 0 11 22 0 0 20 0 1 0 "

struct stat_case {
    const char *text;
    int expected;
    struct process_stat stat;
};

static const struct stat_case cases[] = {
    {"6858 (cat)" AFTER_NAME "111455 3133440 390 18446744073709551615 94710711754752 0\n",
     0,
     {111455, 3133440, 390}},
    {"1 (a) R 1 (b c)" AFTER_NAME "7 8 9 0\n", 0, {7, 8, 9}},
    {"1 ())" AFTER_NAME "7 8 9 0\n", 0, {7, 8, 9}},
    {"1 (\n)" AFTER_NAME "18446744073709551615 8 9 0\n", 0, {UINT64_MAX, 8, 9}},
    {"1 (cat)" AFTER_NAME "18446744073709551616 8 9 0\n", -EBADMSG, {0}},
    {"1 (cat)" AFTER_NAME "-7 8 9 0\n", -EBADMSG, {0}},
    {"1 (cat)" AFTER_NAME "7 8 9", -EBADMSG, {0}}, /* 9 might be the first digit of more */
    {"1 (cat)" AFTER_NAME "7 x 9 0\n", -EBADMSG, {0}},
    {"1 (cat)" AFTER_NAME "7 8x 9 0\n", -EBADMSG, {0}},
    {"1 (cat)" AFTER_NAME, -EBADMSG, {0}},
    {"1 (cat) R 1 2\n", -EBADMSG, {0}},
    {"1 (cat)", -EBADMSG, {0}},
    {"1 (cat)x", -EBADMSG, {0}},
    {"1 cat" AFTER_NAME "7 8 9 0\n", -EBADMSG, {0}},
    {"", -EBADMSG, {0}},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct process_stat stat = {1, 2, 3};

        assert_int_equal(process_parse_stat(cases[i].text, strlen(cases[i].text), &stat), cases[i].expected);
        if (cases[i].expected < 0)
            assert_memory_equal(&stat, (&(struct process_stat){1, 2, 3}), sizeof(stat));
        else
            assert_memory_equal(&stat, &cases[i].stat, sizeof(stat));
    }
}

static void take_prefix(const struct bytes *bytes, void *context)
{
    struct process_stat stat;

    (void)context;
    if (process_parse_stat(bytes->data, bytes->size, &stat) == 0)
        assert_memory_equal(&stat, &cases[0].stat, sizeof(stat));
    else
        assert_true(bytes->size < strlen("6858 (cat)" AFTER_NAME "111455 3133440 390 "));
}

static void take_damaged(const struct bytes *bytes, void *context)
{
    struct process_stat stat = {1, 2, 3};

    (void)context;
    if (process_parse_stat(bytes->data, bytes->size, &stat) < 0)
        assert_memory_equal(&stat, (&(struct process_stat){1, 2, 3}), sizeof(stat));
}

/* Whatever is left of a cut line yields the whole truth or nothing. */
static void test_cut_and_damaged(void **state)
{
    (void)state;
    each_prefix(cases[0].text, strlen(cases[0].text), take_prefix, NULL);
    each_damage(cases[0].text, strlen(cases[0].text), take_damaged, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

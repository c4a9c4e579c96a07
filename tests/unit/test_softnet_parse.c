/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of softnet_stat: those of kernels old and new, and every way to be none. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/softnet/softnet_parse.h"
#include "tests/unit/damage.h"

#define ZEROS "00000000 00000000 00000000 00000000 00000000 00000000 "

struct line_case {
    const char *text;
    int expected;
    struct softnet_line line;
};

static const struct line_case cases[] = {
    /* 2.6.32, 2.6.39, 4.19, 5.10, 6.12, one to come */
    {"00000001 00000002 00000003 " ZEROS "\n", -EBADMSG, {{0}}}, /* no number after the last blank */
    {"00000001 00000002 00000003 " ZEROS "00000009\n", 0, {{1, 2, 3, 0, 0, 9}}},
    {"00000001 00000002 00000003 00000000 00000000 00000000 00000000 00000000 00000009\n",
     0,
     {{1, 2, 3, 0, 9}}},
    {"0000000a 000000bc 00000003 " ZEROS "00000009 0000000b\n", 0, {{10, 188, 3, 11, 0, 9}, true, false, 0}},
    {"ffffffff fffffffe 00000003 " ZEROS "00000009 0000000b 00000007 0000001f\n",
     0,
     {{UINT32_MAX, UINT32_MAX - 1, 3, 11, 0, 9, 7}, true, true, 31}},
    {"00000001 00000002 00000003 " ZEROS "00000009 0000000b 00000007 00000000 00000004 00000003\n",
     0,
     {{1, 2, 3, 11, 0, 9, 7}, true, true, 0}},
    {"00000001 00000002 00000003 " ZEROS "00000009 0000000b 00000007 00003fff 00000004 00000003 00000001\n",
     0,
     {{1, 2, 3, 11, 0, 9, 7}, true, true, SOFTNET_CPUS_MAX - 1}},
    {"00000001 00000002 00000003 " ZEROS "00000009 0000000b 00000007 00004000\n", -EBADMSG, {{0}}},
    {"1 2 3 0 0 0 0 0 f\n", 0, {{1, 2, 3, 0, 15}}},
    {"1 2 3 0 0 0 0 f\n", -EBADMSG, {{0}}},
    {"100000000 2 3 0 0 0 0 0 f\n", -EBADMSG, {{0}}},
    {"1 2 3 0 0 0 0 0 f", -EBADMSG, {{0}}}, /* might be the first digit of more */
    {"1 2 3 0 0  0 0 0 f\n", -EBADMSG, {{0}}},
    {" 1 2 3 0 0 0 0 0 f\n", -EBADMSG, {{0}}},
    {"1 2 3 0 0 0 0 0 F\n", -EBADMSG, {{0}}},
    {"1 -2 3 0 0 0 0 0 f\n", -EBADMSG, {{0}}},
    {"1\t2\t3\t0\t0\t0\t0\t0\tf\n", -EBADMSG, {{0}}},
    {"cpu 1\n", -EBADMSG, {{0}}},
    {"\n", -EBADMSG, {{0}}},
    {"", -EBADMSG, {{0}}},
};

static void assert_line(const struct softnet_line *line, const struct softnet_line *expected)
{
    assert_memory_equal(line->counters, expected->counters, sizeof(line->counters));
    assert_int_equal(line->has_flow_limit, expected->has_flow_limit);
    assert_int_equal(line->has_cpu, expected->has_cpu);
    assert_int_equal(line->cpu, expected->cpu);
}

static void test_cases(void **state)
{
    static const struct softnet_line untouched = {{1, 2, 3, 4}, true, true, 5};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const char *at = cases[i].text, *end = at + strlen(at);
        struct softnet_line line = untouched;
        int error = softnet_parse_line(&at, end, &line);

        if (error != cases[i].expected)
            fail_msg("%d for %s", error, cases[i].text);
        assert_line(&line, error < 0 ? &untouched : &cases[i].line);
        assert_ptr_equal(at, error < 0 ? cases[i].text : end);
    }
}

/* Every byte is in a line or in what is none. */
static void take_file(const struct bytes *bytes, void *context)
{
    const char *at = bytes->data, *end = at + bytes->size;
    struct softnet_line line;
    int error = 0;

    (void)context;
    while (at < end && error == 0) {
        const char *before = at;

        error = softnet_parse_line(&at, end, &line);
        assert_true(error == 0 ? at > before && at[-1] == '\n' : error == -EBADMSG && at == before);
    }
}

/* What is cut short is no line. */
static void take_prefix(const struct bytes *bytes, void *context)
{
    const bool whole_lines = bytes->size && bytes->data[bytes->size - 1] == '\n';
    const char *at = bytes->data, *end = at + bytes->size;
    struct softnet_line line;

    (void)context;
    while (at < end && softnet_parse_line(&at, end, &line) == 0)
        continue;
    assert_int_equal(at == end, whole_lines || !bytes->size);
}

static void test_cut_and_damaged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(captured_kernels); i++) {
        _cleanup_(bytes_done) struct bytes bytes = captured_proc("softnet_stat", i);

        each_prefix(bytes.data, bytes.size, take_prefix, NULL);
        each_damage(bytes.data, bytes.size, take_file, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sockstat and sockstat6: the kernel's own, and every way to be none. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "collectors/sockets/sockstat_parse.h"
#include "tests/unit/damage.h"

/* Each number as "PROTOCOL_NAME=VALUE ", and how many lines were none. */
struct sockstat_case {
    const char *text;
    const char *numbers;
    uint64_t malformed;
};

#define WHOLE "sockets: used 290\nTCP: inuse 9 orphan 5 tw 717 alloc 43 mem 1\nFRAG: inuse 0 memory 0\n"

static const struct sockstat_case cases[] = {
    {WHOLE,
     "sockets_used=290 TCP_inuse=9 TCP_orphan=5 TCP_tw=717 TCP_alloc=43 TCP_mem=1 FRAG_inuse=0 FRAG_memory=0 ",
     0},
    {"UDP: inuse 3 mem -2\n", "UDP_inuse=3 UDP_mem=-2 ", 0},
    {"TCP6: inuse 9\nNEW: some 1\n", "TCP6_inuse=9 NEW_some=1 ", 0},
    {"TCP: inuse 9", "", 0}, /* 9 might be the first digit of more */
    {"TCP:\nUDP: inuse 1\n", "UDP_inuse=1 ", 0},
    {"TCP inuse 9\nUDP: inuse 1\n", "UDP_inuse=1 ", 1},
    {"TCP: inuse 9 orphan\nUDP: inuse 1\n", "TCP_inuse=9 UDP_inuse=1 ", 1},
    {"TCP: inuse x mem 3\nUDP: inuse 1\n", "UDP_inuse=1 ", 1},
    {"TCP: inuse 9  mem 3\n", "TCP_inuse=9 ", 1},
    {"TCP:inuse 9\n", "", 1},
    {"TCP: inuse 9223372036854775808\n", "", 1},
    {"TCP: inuse -9223372036854775808\n", "TCP_inuse=-9223372036854775808 ", 0},
    {"\n", "", 1},
    {"", "", 0},
};

static void parse(const char *text, size_t size, struct buffer *numbers, uint64_t *malformed)
{
    struct sockstat_cursor cursor = {.at = text, .end = text + size};
    struct sockstat_number number;

    while (sockstat_next(&cursor, &number))
        buffer_printf(numbers, "%.*s_%.*s=%" PRId64 " ", (int)number.protocol.size, number.protocol.data,
                      (int)number.name.size, number.name.data, (int64_t)number.value);
    buffer_append(numbers, "", 1);
    *malformed = cursor.malformed;
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_(buffer_done) struct buffer numbers = {};
        uint64_t malformed;

        parse(cases[i].text, strlen(cases[i].text), &numbers, &malformed);
        assert_string_equal(numbers.data, cases[i].numbers);
        assert_int_equal(malformed, cases[i].malformed);
    }
}

static void take_any(const struct bytes *bytes, void *context)
{
    _cleanup_(buffer_done) struct buffer numbers = {};
    uint64_t malformed;

    (void)context;
    parse(bytes->data, bytes->size, &numbers, &malformed);
    assert_true(malformed <= 6);
}

static void test_cut_and_damaged(void **state)
{
    (void)state;
    each_prefix(WHOLE, strlen(WHOLE), take_any, NULL);
    each_damage(WHOLE, strlen(WHOLE), take_any, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_cut_and_damaged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

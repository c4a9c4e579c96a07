/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks of the file format, byte for byte; that Wireshark reads them, tests/integration/test_terminal.py
 * says. */

#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "terminal/pcapng.h"
#include "tests/unit/unit.h"

static uint32_t word_at(const struct buffer *out, size_t at)
{
    uint32_t word;

    assert_true(at + sizeof(word) <= out->size);
    memcpy(&word, out->data + at, sizeof(word));
    return word;
}

/* The block at this place, whose length stands at both its ends; returns where the next one begins. */
static size_t check_block(const struct buffer *out, size_t at, uint32_t type)
{
    uint32_t size = word_at(out, at + 4);

    assert_int_equal(word_at(out, at), type);
    assert_int_equal(size % 4, 0);
    assert_int_equal(word_at(out, at + size - 4), size);
    return at + size;
}

static void test_section(void **state)
{
    struct buffer out = {};

    (void)state;
    pcapng_section("me 1", &out);
    assert_int_equal(check_block(&out, 0, 0x0a0d0d0a), out.size);
    assert_int_equal(word_at(&out, 8), 0x1a2b3c4d);
    assert_int_equal(word_at(&out, 12), 1);
    assert_memory_equal(out.data + 16, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_memory_equal(out.data + 24, "\4\0\4\0me 1\0\0\0\0", 12);
    buffer_done(&out);
}

static void test_interface(void **state)
{
    static const char options[] = "\2\0\4\0eth0"
                                  "\3\0\5\0names\0\0\0"
                                  "\x9\0\1\0\x9\0\0\0"
                                  "\0\0\0";
    struct buffer out = {};

    (void)state;
    pcapng_interface("eth0", "names", 101, &out);
    assert_int_equal(check_block(&out, 0, 1), out.size);
    assert_int_equal(word_at(&out, 8), 101);
    assert_int_equal(word_at(&out, 12), 0);
    assert_memory_equal(out.data + 16, options, sizeof(options));
    buffer_clear(&out);
    pcapng_interface("", "", 1, &out);
    assert_int_equal(out.size, 16 + 8 + 4 + 4);
    buffer_done(&out);
}

static void test_packet(void **state)
{
    static const uint8_t data[] = {1, 2, 3, 4, 5};
    const struct packet packet = {.data = data, .size = sizeof(data), .length = 99};
    struct buffer out = {};

    (void)state;
    pcapng_packet(7, 0x0123456789abcdef, &packet, "why", &out);
    assert_int_equal(check_block(&out, 0, 6), out.size);
    assert_int_equal(word_at(&out, 8), 7);
    assert_int_equal(word_at(&out, 12), 0x01234567);
    assert_int_equal(word_at(&out, 16), 0x89abcdef);
    assert_int_equal(word_at(&out, 20), 5);
    assert_int_equal(word_at(&out, 24), 99);
    assert_memory_equal(out.data + 28, "\1\2\3\4\5\0\0\0\1\0\3\0why\0\0\0\0\0", 20);
    buffer_done(&out);
}

/* A block for each packet, of whatever size its texts are. */
static void test_any_sizes(void **state)
{
    static uint8_t data[256];
    char comment[300] = "";
    struct buffer out = {};
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(comment) - 1; i++) {
        const struct packet packet = {.data = data, .size = i % sizeof(data), .length = i};

        comment[i] = 'x';
        pcapng_packet(0, i, &packet, comment, &out);
    }
    while (at < out.size)
        at = check_block(&out, at, 6);
    assert_int_equal(at, out.size);
    buffer_done(&out);
}

/* Its length is told in 16 bits. */
static void test_a_comment_that_is_too_long_is_cut(void **state)
{
    const struct packet packet = {.data = (const uint8_t *)""};
    char *comment = malloc(70000);
    struct buffer out = {};

    (void)state;
    assert_non_null(comment);
    memset(comment, 'x', 69999);
    comment[69999] = '\0';
    pcapng_packet(0, 0, &packet, comment, &out);
    assert_int_equal(check_block(&out, 0, 6), out.size);
    assert_int_equal(word_at(&out, 28), 1 | 0xfff0U << 16);
    free(comment);
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_section),
        cmocka_unit_test(test_interface),
        cmocka_unit_test(test_packet),
        cmocka_unit_test(test_any_sizes),
        cmocka_unit_test(test_a_comment_that_is_too_long_is_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

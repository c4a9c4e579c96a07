/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip_by_rows(): what libdeflate reads is the text, for pages of every shape and for what is no page; and a
 * page gets as small as it is meant to. gzip_text(): a small one gets as small as a general compressor makes
 * it.
 */

#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/encode/encode.h"
#include "daemon/encode/gzip.h"
#include "tests/unit/unit.h"

/* Returns the compressed size. */
static size_t check_round_trip(const char *text, size_t size)
{
    _cleanup_(buffer_done) struct buffer out = {};
    _cleanup_(freep) char *exact = malloc(size + 1), *copy = malloc(size + 1); /* for the sanitizers */
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    struct gzip *gzip = gzip_new();
    size_t taken = 0, made = 0;

    memcpy(exact, text, size);
    exact = realloc(exact, size ? size : 1);
    buffer_text(&out, "before");
    gzip_by_rows(gzip, &out, exact, size);
    assert_int_equal(out.error, 0);
    assert_memory_equal(out.data, "before", 6);
    assert_int_equal(
        libdeflate_gzip_decompress_ex(decompressor, out.data + 6, out.size - 6, copy, size, &taken, &made),
        LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(decompressor);
    gzip_free(gzip);
    assert_int_equal(taken, out.size - 6);
    assert_int_equal(made, size);
    assert_memory_equal(copy, text, size);
    return out.size - 6;
}

static void test_texts(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "a",
        "a\n",
        "\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
        "no line end",
        "one line\nanother one",
        "same\nsame\nsame\nsame\nsame\nsame",
        "same line\nsame line",
        "a{b=\"1\"} 2\n# HELP c d\n# TYPE c counter\nc{b=\"1\"} 2\nc{b=\"1\"} 2\nc{b=\"1\"} 2",
        "a \"b\" c\na b\n\"\"\"\"\n    \n\"\nabc\n \n",
        "x{a=\"\\\"\"} 1\nx{a=\"\\n\"} 1\nx{a=\"\\\\\"} 12\n",
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++)
        check_round_trip(texts[i], strlen(texts[i]));
}

/* Lines of a few bytes of a small alphabet: every way for fields to differ. */
static void test_noise(void **state)
{
    static const char alphabet[] = "\n\n \"\"aaab\xff";
    static char text[3000];
    uint32_t random = 3;

    (void)state;
    for (size_t round = 0; round < 300; round++) {
        for (size_t i = 0; i < sizeof(text); i++) {
            random = random * 1664525 + 1013904223;
            text[i] = alphabet[(random >> 16) % (2 + round % (sizeof(alphabet) - 2))];
        }
        check_round_trip(text, sizeof(text) - round);
    }
}

/* What a general compressor's fastest level makes of it. */
static size_t searched_size(const char *text, size_t size)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
    size_t bound = libdeflate_gzip_compress_bound(compressor, size);
    _cleanup_(freep) char *out = malloc(bound);
    size_t searched = libdeflate_gzip_compress(compressor, text, size, out, bound);

    libdeflate_free_compressor(compressor);
    return searched;
}

struct sizes {
    size_t lines;
    size_t searched;
};

struct shape {
    size_t rows;
    size_t name_size; /* of a device, about */
    size_t absent;    /* one cell in so many; 0: none */
    uint64_t mask;    /* of the values */
    bool histogram;
};

static void check_table(const struct shape *shape, enum exposition exposition, struct sizes *ret_sizes)
{
    static const struct metric metrics[] = {
        {.name = "t_receive_packets_total",
         .help = "Packets",
         .source = "rx_packets",
         .type = METRIC_COUNTER},
        {.name = "t_receive_bytes_total",
         .help = "Bytes",
         .source = "rx_bytes",
         .unit = "bytes",
         .type = METRIC_COUNTER},
        {.name = "t_difference", .help = "May be negative", .type = METRIC_GAUGE, .value = VALUE_INT64},
        {.name = "t_age_seconds",
         .help = "A time",
         .unit = "seconds",
         .type = METRIC_GAUGE,
         .value = VALUE_SECONDS},
    };
    static const uint64_t bounds[] = {1, 4, 16, 64, 256, 1024, 4096, 16384, 65536};
    static const struct metric histogram = {.name = "t_burst_packets",
                                            .help = "Packets of a burst",
                                            .type = METRIC_HISTOGRAM,
                                            .bounds = bounds,
                                            .bound_count = ELEMENTS(bounds)};
    _cleanup_(freep) char *name = malloc(shape->name_size + 64);
    _cleanup_(buffer_done) struct buffer text = {};
    struct snapshot *snapshot = snapshot_new();
    struct column_set *columns;
    uint64_t random = 11;
    struct table *table;
    struct row_set *rows;

    assert_int_equal(column_set_new(metrics, ELEMENTS(metrics), &columns), 0);
    assert_int_equal(row_set_new((const char *const[]){"device", "kind"}, 2, &rows), 0);
    for (size_t i = 0; i < shape->rows; i++) {
        (void)sprintf(name, "%0*zu.%0*d", (int)shape->name_size / 2, i, (int)shape->name_size / 2, 0);
        assert_int_equal(row_set_add(rows, (const char *const[]){name, i % 9 ? "veth" : "bridge"}), (int)i);
    }
    row_set_seal(rows);
    table = snapshot_add_table(snapshot, columns, rows);
    for (size_t i = 0; i < shape->rows * ELEMENTS(metrics); i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        if (!shape->absent || (random >> 33) % shape->absent)
            table_set(table, i / ELEMENTS(metrics), i % ELEMENTS(metrics),
                      i % 5   ? 0
                      : i % 7 ? random & shape->mask
                              : UINT64_MAX);
    }
    column_set_unref(columns);
    assert_int_equal(column_set_new(&histogram, 1, &columns), 0);
    table = snapshot_add_table(snapshot, columns, rows);
    for (size_t row = 0; shape->histogram && row < shape->rows; row++) {
        uint64_t counts[ELEMENTS(bounds) + 1];

        for (size_t i = 0; i < ELEMENTS(counts); i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            counts[i] = random >> 40 & shape->mask;
        }
        table_set_histogram(table, row, 0, counts, random & shape->mask);
    }
    encode_snapshot(&text, snapshot, exposition);
    encode_end(&text, exposition);
    row_set_unref(rows);
    column_set_unref(columns);
    snapshot_unref(snapshot);
    buffer_append(&text, "", 1);
    assert_int_equal(text.error, 0);
    ret_sizes->lines = check_round_trip(text.data, text.size - 1);
    ret_sizes->searched = searched_size(text.data, text.size - 1);
}

static void test_tables(void **state)
{
    static const struct shape shapes[] = {
        {0, 10, 0, 1, false},
        {1, 10, 0, UINT64_MAX, true},
        {2, 0, 0, 0, true},
        {3, 40000, 0, UINT64_MAX, true}, /* the line before is too far away */
        {40, 300, 0, 0xff, true},        /* more than one repetition a line */
        {300, 15, 1, 0xff, false},       /* every cell is absent */
        {300, 15, 3, UINT64_MAX, true},
        {5000, 8, 0, 0, false},
        {5000, 15, 50, UINT64_MAX, false},
        {2000, 12, 0, 0xffff, true},
    };
    struct sizes sizes;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(shapes); i++)
        for (enum exposition exposition = 0; exposition < EXPOSITION_COUNT; exposition++)
            check_table(&shapes[i], exposition, &sizes);
}

static void test_small(void **state)
{
    static const struct shape shapes[] = {
        {2000, 8, 0, 0, false},
        {2000, 8, 0, 0xffffff, false},
        {2000, 15, 3, UINT64_MAX, false},
        {500, 12, 0, 0xff, true},
    };
    struct sizes sizes;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(shapes); i++) {
        check_table(&shapes[i], EXPOSITION_TEXT, &sizes);
        print_message("# %zu bytes, %zu with a search\n", sizes.lines, sizes.searched);
        assert_true(sizes.lines * 100 < sizes.searched * 125);
    }
}

/* A page of a small host: mostly families of a row or two, whose names and help texts were there before. */
static void test_small_families(void **state)
{
    static const char *const protocols[] = {"ip",      "icmp", "igmp",  "tcp", "udp",
                                            "udplite", "sctp", "mptcp", "raw"};
    static const char *const what[] = {
        "receive_errors", "receive_buffer_errors", "send_buffer_errors", "checksum_errors",
        "no_route",       "memory_errors",         "retransmissions"};
    _cleanup_(buffer_done) struct buffer text = {};
    size_t lines, searched;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(protocols) * ELEMENTS(what); i++) {
        const char *protocol = protocols[i % ELEMENTS(protocols)], *name = what[i / ELEMENTS(protocols)];
        char family[512];

        (void)snprintf(family, sizeof(family),
                       "# HELP netdrop_%s_%s Datagrams with %s, counted by %s.\n"
                       "# TYPE netdrop_%s_%s counter\n"
                       "netdrop_%s_%s_total{family=\"ipv4\"} %zu\nnetdrop_%s_%s_total{family=\"ipv6\"} 0\n",
                       protocol, name, name, protocol, protocol, name, protocol, name, i * i * i, protocol,
                       name);
        buffer_text(&text, family);
    }
    assert_int_equal(text.error, 0);
    lines = check_round_trip(text.data, text.size);
    searched = searched_size(text.data, text.size);
    print_message("# of %zu: %zu bytes, %zu with a search\n", text.size, lines, searched);
    assert_true(lines * 3 < searched * 4);
}

/* A page of so many bytes, as small as what is chosen for it makes it. */
static void check_choice(size_t size, bool by_rows)
{
    static const char row[] = "netdrop_link_receive_packets_total{device=\"veth0\",kind=\"veth\"} 12345\n";
    _cleanup_(freep) char *text = malloc(size + 1), *copy = malloc(size + 1);
    _cleanup_(buffer_done) struct buffer out = {};
    struct libdeflate_decompressor *decompressor = libdeflate_alloc_decompressor();
    struct gzip *gzip = gzip_new();
    size_t made;

    for (size_t i = 0; i < size; i++)
        text[i] = i % 1000 < 900 ? row[i % (sizeof(row) - 1)] : (char)('!' + i * i % 89);
    gzip_text(gzip, &out, text, size);
    assert_int_equal(libdeflate_gzip_decompress(decompressor, out.data, out.size, copy, size, &made),
                     LIBDEFLATE_SUCCESS);
    assert_int_equal(made, size);
    assert_memory_equal(copy, text, size);
    assert_int_equal(out.size, by_rows ? check_round_trip(text, size) : searched_size(text, size));
    libdeflate_free_decompressor(decompressor);
    gzip_free(gzip);
}

static void test_choice(void **state)
{
    (void)state;
    check_choice(0, false);
    check_choice(1, false);
    check_choice(96 * 1024 - 1, false);
    check_choice(96 * 1024, true);
    check_choice(1000000, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_noise),          cmocka_unit_test(test_tables),
        cmocka_unit_test(test_small), cmocka_unit_test(test_small_families), cmocka_unit_test(test_choice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

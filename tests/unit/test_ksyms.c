/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols from fixtures of real kernels, in whatever pieces the file comes; modules that come and move; and
 * addresses that are hidden. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collectors/kernel/ksyms.h"
#include "collectors/kernel/procfile.h"
#include "tests/unit/damage.h"

static const char symbols_text[] = "ffffffff81000000 T _stext\n"
                                   "ffffffff81000000 T _text\n"
                                   "ffffffff81001000 T first_function\n"
                                   "ffffffff81001100 t second.constprop.0\n"
                                   "ffffffff81001200 W weak_function\n"
                                   "ffffffff81001300 t static_twice\n"
                                   "ffffffff81001400 t static_twice\n"
                                   "ffffffff81001500 t cut.isra.0.cold\n"
                                   "ffffffff81001600 t .dot\n"
                                   "ffffffff82000000 D some_data\n"
                                   "ffffffff82000100 d more_data\n"
                                   "ffffffffc0002000 t late_function\t[alpha]\n"
                                   "ffffffffc0001000 t tap_handle_frame\t[tap]\n"
                                   "ffffffffc0001080 r tap_data\t[tap]\n"
                                   "ffffffffc0003000 t bpf_prog_0123\t[bpf]\n";

static const struct {
    uint64_t address;
    const char *function, *module;
    uint32_t offset;
} cases[] = {
    {0xffffffff81000fff, "_stext", "", 0xfff},
    {0xffffffff81001000, "first_function", "", 0},
    {0xffffffff810010ff, "first_function", "", 0xff},
    {0xffffffff81001104, "second", "", 4},
    {0xffffffff81001200, "weak_function", "", 0},
    {0xffffffff81001399, "static_twice", "", 0x99},
    {0xffffffff81001401, "static_twice", "", 1},
    {0xffffffff81001501, "cut", "", 1},
    {0xffffffff81001601, ".dot", "", 1},
    {0xffffffff81011600, "", "", 0}, /* farther than any function is long */
    {0xffffffff82000001, "", "", 0}, /* data */
    {0xffffffffc000107f, "tap_handle_frame", "tap", 0x7f},
    {0xffffffffc0001081, "", "", 0}, /* data of a module */
    {0xffffffffc0002010, "late_function", "alpha", 0x10},
    {0xffffffffc0003001, "bpf_prog_0123", "bpf", 1},
};

static void run_scan(const char *text, size_t size, size_t piece, struct ksym *symbols, size_t count)
{
    struct ksyms_scan scan = {
        .symbols = symbols, .bests = calloc(count, sizeof(*scan.bests)), .count = count};

    assert_non_null(scan.bests);
    for (size_t i = 0; i < size; i += piece)
        ksyms_scan_feed(&scan, text + i, piece < size - i ? piece : size - i);
    ksyms_scan_end(&scan);
    free(scan.bests);
}

static void test_scan(void **state)
{
    struct ksym symbols[ELEMENTS(cases)] = {};

    (void)state;
    for (size_t piece = 1; piece <= sizeof(symbols_text); piece++) {
        for (size_t i = 0; i < ELEMENTS(cases); i++)
            symbols[i].address = cases[i].address;
        run_scan(symbols_text, strlen(symbols_text), piece, symbols, ELEMENTS(cases));
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
            assert_string_equal(symbols[i].function, cases[i].function);
            assert_string_equal(symbols[i].module, cases[i].module);
            assert_int_equal(symbols[i].offset, cases[i].offset);
        }
    }
}

/* What is no symbol is left out, and what comes after it is read. */
static void test_scan_malformed(void **state)
{
    char text[4096];
    struct ksym symbol = {.address = 0x2010};

    (void)state;
    (void)snprintf(text, sizeof(text),
                   "\nhello\n2008\n2009 \n200a t\n200b t \n 200c t blank\n-1 t minus\n2000 t right\n"
                   "2001 t %01000d\n00000000000002002 t seventeen_digits\n2003x t letter\n2004 tt twice",
                   0);
    run_scan(text, strlen(text), 7, &symbol, 1);
    assert_string_equal(symbol.function, "right");
    assert_int_equal(symbol.offset, 0x10);
}

/* The kernel allows names of 511 bytes. */
static void test_scan_longest_name(void **state)
{
    char text[KSYM_LINE_SIZE];
    struct ksym symbol = {.address = 0x2010};

    (void)state;
    (void)snprintf(text, sizeof(text), "2000 t f%0510d\t[%0100d]\n", 0, 0);
    run_scan(text, strlen(text), strlen(text), &symbol, 1);
    assert_int_equal(strlen(symbol.function), KSYM_FUNCTION_SIZE - 1);
    assert_int_equal(strlen(symbol.module), KSYM_MODULE_SIZE - 1);
}

static void take_scan(const struct bytes *bytes, void *context)
{
    struct ksym symbols[] = {{.address = 0xffffffff81001104}, {.address = 0xffffffffc0001001}};

    (void)context;
    run_scan(bytes->data, bytes->size, 100, symbols, ELEMENTS(symbols));
    for (size_t i = 0; i < ELEMENTS(symbols); i++) {
        assert_true(symbols[i].offset < KSYM_OFFSET_MAX);
        assert_non_null(memchr(symbols[i].function, '\0', KSYM_FUNCTION_SIZE));
        assert_non_null(memchr(symbols[i].module, '\0', KSYM_MODULE_SIZE));
    }
}

static void take_word(const struct bytes *bytes, void *context)
{
    struct ksym symbol = {.offset = KSYM_OFFSET_MAX};
    /* A string, so that it has its NUL, which is the last byte of the block. */
    char *text = strndup(bytes->data, bytes->size);
    bool valid;

    (void)context;
    assert_non_null(text);
    valid = ksym_parse(text, 0x1000, &symbol);
    assert_int_equal(valid, symbol.offset < KSYM_OFFSET_MAX);
    free(text);
}

static void test_cut_and_damaged(void **state)
{
    static const char word[] = "ieee80211_rx_handlers_result+0xa4/0x170 [mac80211]";
    _cleanup_(bytes_done) struct bytes bytes = captured("../kallsyms/6.12/kallsyms");

    (void)state;
    each_prefix(symbols_text, strlen(symbols_text), take_scan, NULL);
    each_damage(symbols_text, strlen(symbols_text), take_scan, NULL);
    each_prefix(bytes.data, bytes.size, take_scan, NULL);
    each_prefix(word, strlen(word), take_word, NULL);
    each_damage(word, strlen(word), take_word, NULL);
}

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        uint32_t offset;
        const char *function, *module;
    } texts[] = {
        {"__udp4_lib_rcv+0x8a2/0xb50", true, 0x8a2, "__udp4_lib_rcv", ""},
        {"tap_handle_frame+0x1bc/0x2f0 [tap]", true, 0x1bc, "tap_handle_frame", "tap"},
        {"ieee80211_rx_handlers_result+0xa4/0x170 [mac8021", true, 0xa4, "ieee80211_rx_handlers_result", ""},
        {"f.isra.0+0x0/0x1 [m]", true, 0, "f", "m"},
        {"f+0x12", true, 0x12, "f", ""},
        {"", false, 0, "", ""},
        {"0xffffffff81001000", false, 0, "", ""},
        {"a_name_that_was_cut_before_its_offs", false, 0, "", ""},
        {"f+", false, 0, "", ""},
        {"f+0x", false, 0, "", ""},
        {"+0x1/0x2", false, 0, "", ""},
        {"f+0x10000/0x20000", false, 0, "", ""},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct ksym symbol = {.address = 1, .offset = 2};

        assert_int_equal(ksym_parse(texts[i].text, 77, &symbol), texts[i].valid);
        assert_int_equal(symbol.address, texts[i].valid ? 77 : 1);
        assert_int_equal(symbol.offset, texts[i].valid ? texts[i].offset : 2);
        assert_string_equal(symbol.function, texts[i].function);
        assert_string_equal(symbol.module, texts[i].module);
    }
}

/* A procfs of our own. */
static char directory[] = "/tmp/test_ksyms.XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    (void)remove(path);
}

static int setup(void **state)
{
    (void)state;
    (void)strcpy(directory + strlen(directory) - 6, "XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    remove_file("kallsyms");
    remove_file("modules");
    return rmdir(directory);
}

static void open_symbols(struct ksyms *ksyms)
{
    int fd = -1;

    assert_int_equal(procfile_open(directory, "kallsyms", &fd), 0);
    assert_int_equal(ksyms_adopt(ksyms, fd, -1, directory), 0);
}

static void expect(struct ksyms *ksyms, uint64_t address, const char *hint, const char *function,
                   uint32_t offset)
{
    const struct ksym *symbol;

    assert_int_equal(ksyms_want(ksyms, address, hint), 0);
    assert_int_equal(ksyms_resolve(ksyms), 0);
    symbol = ksyms_find(ksyms, address);
    assert_non_null(symbol);
    assert_int_equal(symbol->address, address);
    assert_string_equal(symbol->function, function);
    assert_int_equal(symbol->offset, offset);
}

/* A return address lies behind the function's start; the start itself is given by who frees in another's
 * stead (net_tx_action()), and is that function, not the one before nor the padding between. */
static void test_locations(void **state)
{
    struct ksyms ksyms;

    (void)state;
    write_file("kallsyms", symbols_text);
    open_symbols(&ksyms);
    assert_null(ksyms_find(&ksyms, 0xffffffff81001100));
    expect(&ksyms, 0xffffffff810010ff, NULL, "first_function", 0xff);
    expect(&ksyms, 0xffffffff81001100, NULL, "second", 0);
    expect(&ksyms, 0xffffffff81001101, NULL, "second", 1);
    expect(&ksyms, 0, NULL, "", 0);
    /* Many at once, some twice. */
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(ksyms_want(&ksyms, 0xffffffff81001101 + i % 256, NULL), 0);
    assert_int_equal(ksyms_resolve(&ksyms), 0);
    assert_int_equal(ksyms.known, 3 + 256);
    for (unsigned i = 0; i < 255; i++)
        assert_string_equal(ksyms_find(&ksyms, 0xffffffff81001101 + i)->function, "second");
    ksyms_close(&ksyms);
}

/* kallsyms knows better than the kernel's cut text; where it knows nothing, the text holds. */
static void test_hints(void **state)
{
    struct ksyms ksyms;

    (void)state;
    write_file("kallsyms", symbols_text);
    open_symbols(&ksyms);
    expect(&ksyms, 0xffffffff81001004, "wrong+0x1/0x2", "first_function", 4);
    expect(&ksyms, 0xffffffffd0000004, "elsewhere+0x9/0x20 [m]", "elsewhere", 9);
    ksyms_close(&ksyms);
    assert_int_equal(ksyms_adopt(&ksyms, -1, -1, directory), 0);
    expect(&ksyms, 0xffffffff81001004, "hinted+0x4/0x20", "hinted", 4);
    expect(&ksyms, 0xffffffff81001005, NULL, "", 0);
    ksyms_close(&ksyms);
}

static void expect_told(struct ksyms *ksyms, uint64_t address, const char *text, const char *function,
                        const char *module, uint32_t offset)
{
    assert_int_equal(ksyms_tell(ksyms, address, text), 0);
    expect(ksyms, address, NULL, function, offset);
    assert_string_equal(ksyms_find(ksyms, address)->module, module);
}

/* What the kernel tells in full is not looked up, and holds where addresses are hidden. Of a module it holds
 * until modules move: then kallsyms knows better, if it says anything. */
static void test_told(void **state)
{
    static const char before[] = "mover 16384 1 - Live 0xffffffffc0001000\n",
                      after[] = "other 4096 0 - Live 0\n";
    static const char zeros[] = "0000000000000000 T first_function\n";
    struct ksyms ksyms;

    (void)state;
    write_file("kallsyms", symbols_text);
    write_file("modules", before);
    open_symbols(&ksyms);
    expect_told(&ksyms, 0xffffffff81001004, "told.isra.0+0x4/0x20", "told", "", 4);
    expect_told(&ksyms, 0xffffffff81001100, "start+0x0/0x20", "start", "", 0);
    expect_told(&ksyms, 0xffffffffc0001010, "in_module+0x10/0x20 [mover]", "in_module", "mover", 0x10);
    /* An address without a name, and one beside those that were told. */
    expect_told(&ksyms, 0xffffffff81001005, "0xffffffff81001005", "first_function", "", 5);
    write_file("modules", after);
    assert_true(ksyms_refresh(&ksyms));
    expect_told(&ksyms, 0xffffffff81001004, "told+0x4/0x20", "told", "", 4);
    expect_told(&ksyms, 0xffffffffc0001010, "in_module+0x10/0x20 [mover]", "tap_handle_frame", "tap", 0x10);
    ksyms_close(&ksyms);

    write_file("kallsyms", zeros);
    write_file("modules", before);
    open_symbols(&ksyms);
    assert_true(ksyms.hidden);
    write_file("modules", after);
    assert_true(ksyms_refresh(&ksyms));
    expect_told(&ksyms, 0xffffffffc0001010, "in_module+0x10/0x20 [mover]", "in_module", "mover", 0x10);
    expect_told(&ksyms, 0xffffffff81001005, "0xffffffff81001005", "", "", 0);
    ksyms_close(&ksyms);
    remove_file("modules");
}

/* A module that is loaded later has names then; one that moved has no stale ones. */
static void test_modules(void **state)
{
    struct ksyms ksyms;

    (void)state;
    write_file("kallsyms", "ffffffff81000000 T _text\nffffffffc0001000 t old_function\t[old]\n");
    write_file("modules", "old 16384 1 - Live 0xffffffffc0001000\n");
    open_symbols(&ksyms);
    expect(&ksyms, 0xffffffffc0001010, NULL, "old_function", 0x10);
    expect(&ksyms, 0xffffffffc0101010, NULL, "", 0);
    assert_false(ksyms_refresh(&ksyms));
    /* How many use it matters to nobody. */
    write_file("modules", "old 16384 7 user,other, Live 0xffffffffc0001000\n");
    assert_false(ksyms_refresh(&ksyms));
    write_file("kallsyms", "ffffffff81000000 T _text\nffffffffc0101000 t old_function\t[old]\n"
                           "ffffffffc0001000 t new_function\t[new]\n");
    write_file("modules", "new 16384 1 - Live 0xffffffffc0001000\nold 16384 1 - Live 0xffffffffc0101000\n");
    assert_true(ksyms_refresh(&ksyms));
    assert_null(ksyms_find(&ksyms, 0xffffffffc0001010));
    expect(&ksyms, 0xffffffffc0001010, NULL, "new_function", 0x10);
    expect(&ksyms, 0xffffffffc0101010, NULL, "old_function", 0x10);
    write_file("modules", "old 16384 1 - Live 0xffffffffc0101000\n");
    assert_true(ksyms_refresh(&ksyms));
    ksyms_close(&ksyms);
    remove_file("modules");
}

/* kptr_restrict, or no CAP_SYSLOG: every address is zero. */
static void test_hidden(void **state)
{
    _cleanup_(freep) char *text = calloc(8192, 32);
    struct ksyms ksyms;

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < 8192; i++)
        (void)sprintf(text + strlen(text), "0000000000000000 T f%zu\n", i % 10);
    write_file("kallsyms", text);
    open_symbols(&ksyms);
    expect(&ksyms, 0xffffffff81001000, NULL, "", 0);
    assert_true(ksyms.hidden);
    assert_true(lseek(ksyms.fd, 0, SEEK_CUR) < 128L * 1024); /* it was not read to its end */
    expect(&ksyms, 0xffffffff81001001, "hinted+0x1/0x20", "hinted", 1);
    ksyms_close(&ksyms);
}

/* Nobody wants names any more: the file is not read to its end, and that is no reason to call it hidden. */
static void test_ending(void **state)
{
    atomic_bool ending = true;
    struct ksyms ksyms;

    (void)state;
    write_file("kallsyms", symbols_text);
    open_symbols(&ksyms);
    ksyms.ending = &ending;
    expect(&ksyms, 0xffffffff81001004, NULL, "", 0);
    atomic_store(&ending, false);
    expect(&ksyms, 0xffffffff81001005, NULL, "first_function", 5);
    ksyms_close(&ksyms);
}

static void test_unreadable(void **state)
{
    char path[128];
    int fd = -1;

    (void)state;
    assert_int_equal(procfile_open("/nonexistent", "kallsyms", &fd), -ENOENT);
    remove_file("kallsyms");
    (void)snprintf(path, sizeof(path), "%s/kallsyms", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(procfile_open(directory, "kallsyms", &fd), -EINVAL);
    assert_int_equal(fd, -1);
}

/* More addresses than are kept: all are forgotten and asked for again, and the room does not grow. */
static void test_limit(void **state)
{
    struct ksyms ksyms;

    (void)state;
    remove_file("kallsyms");
    write_file("kallsyms", symbols_text);
    open_symbols(&ksyms);
    for (unsigned i = 0; i < 4 * KSYMS_MAX; i++) {
        if (i % 1024 == 0) {
            assert_int_equal(ksyms_resolve(&ksyms), 0);
            (void)ksyms_refresh(&ksyms);
        }
        assert_int_equal(ksyms_want(&ksyms, 0xffffffff81001001 + i, NULL), 0);
    }
    assert_true(ksyms.capacity <= 2 * KSYMS_MAX);
    ksyms_close(&ksyms);
}

static void fixture_path(const char *name, char path[512])
{
    assert_non_null(getenv("FIXTURES"));
    (void)snprintf(path, 512, "%s/kallsyms/%s", getenv("FIXTURES"), name);
}

/* Lines of Debian's 6.12, modules last loaded first and unsorted, names that several functions have. */
static void test_fixture(void **state)
{
    struct ksyms ksyms;
    char path[512];
    int fd = -1;

    (void)state;
    fixture_path("6.12", path);
    assert_int_equal(procfile_open(path, "kallsyms", &fd), 0);
    assert_int_equal(ksyms_adopt(&ksyms, fd, -1, path), 0);
    expect(&ksyms, 0xffffffff81b78f65, NULL, "__udp4_lib_rcv", 0x545);
    expect(&ksyms, 0xffffffff81b6669e, NULL, "tcp_v4_rcv", 0x9e);
    expect(&ksyms, 0xffffffffc039c900, NULL, "tap_handle_frame", 0x140);
    assert_string_equal(ksyms_find(&ksyms, 0xffffffffc039c900)->module, "tap");
    expect(&ksyms, 0xffffffffc039d1b0, NULL, "virtio_net_hdr_to_skb", 0x10);
    expect(&ksyms, 0xffffffff8101a708, NULL, "cmask_show", 8);
    expect(&ksyms, 0xffffffff82000030, NULL, "", 0);
    expect(&ksyms, 0xffffffffc03b5110, NULL, "", 0); /* data of macvtap */
    ksyms_close(&ksyms);
    fixture_path("6.12-hidden", path);
    assert_int_equal(procfile_open(path, "kallsyms", &fd), 0);
    assert_int_equal(ksyms_adopt(&ksyms, fd, -1, path), 0);
    expect(&ksyms, 0xffffffff81b78f65, NULL, "", 0);
    assert_true(ksyms.hidden);
    ksyms_close(&ksyms);
}

/* The running kernel's own, where it shows addresses: every function is found in itself. */
static void test_running_kernel(void **state)
{
    struct ksyms ksyms;
    int fd = -1;

    (void)state;
    if (procfile_open("/proc", "kallsyms", &fd) < 0)
        skip();
    assert_int_equal(ksyms_adopt(&ksyms, fd, -1, "/proc"), 0);
    assert_int_equal(ksyms_want(&ksyms, 1, NULL), 0);
    assert_int_equal(ksyms_resolve(&ksyms), 0);
    if (!ksyms.hidden)
        assert_string_equal(ksyms_find(&ksyms, 1)->function, "");
    ksyms_close(&ksyms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_scan_malformed),
        cmocka_unit_test(test_scan_longest_name),
        cmocka_unit_test(test_cut_and_damaged),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_locations),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_fixture),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_running_kernel),
        cmocka_unit_test(test_ending),
    };

    return cmocka_run_group_tests_name("ksyms", tests, setup, teardown);
}

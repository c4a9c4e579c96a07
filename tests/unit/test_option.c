/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Option tables: every type from text, its limits, defaults, comparison and copies. */

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/option.h"
#include "tests/unit/unit.h"

struct sample {
    bool flag;
    uint64_t number;
    uint64_t free_number;
    uint64_t duration_ns;
    char *string;
    char *absent;
    struct string_list list;
    unsigned choice;
};

enum { FLAG, NUMBER, FREE_NUMBER, DURATION, STRING, ABSENT, LIST, CHOICE };

static const char *const choices[] = {"red", "green", "blue", NULL};

static int check_lower(const char *text, struct fault *fault)
{
    return text[strspn(text, "abcdefghijklmnopqrstuvwxyz*,")] ? fault_set(fault, -EINVAL, "not lower case")
                                                              : 0;
}

#define FIELD(name) .key = #name, .offset = offsetof(struct sample, name)

static const struct option options[] = {
    [FLAG] = {FIELD(flag), .type = OPTION_BOOL, .default_text = "true"},
    [NUMBER] = {FIELD(number), .type = OPTION_UINT, .default_text = "7", .min = 5, .max = 1000},
    [FREE_NUMBER] = {FIELD(free_number), .type = OPTION_UINT, .default_text = "18446744073709551615"},
    [DURATION] = {FIELD(duration_ns), .type = OPTION_DURATION, .default_text = "10s", .min = 100000000,
                  .max = UINT64_C(3600000000000)},
    [STRING] = {FIELD(string), .type = OPTION_STRING, .default_text = "abc", .check = check_lower},
    [ABSENT] = {FIELD(absent), .type = OPTION_STRING},
    [LIST] = {FIELD(list), .type = OPTION_LIST, .default_text = "a,b", .min = 1, .max = 3, .unique = true,
              .check = check_lower},
    [CHOICE] = {FIELD(choice), .type = OPTION_CHOICE, .default_text = "green", .choices = choices},
};

static const struct option_table table = OPTION_TABLE(options, struct sample);

static void test_defaults(void **state)
{
    struct sample *sample = options_new(&table);

    (void)state;
    assert_true(sample->flag);
    assert_int_equal(sample->number, 7);
    assert_true(sample->free_number == UINT64_MAX);
    assert_true(sample->duration_ns == UINT64_C(10000000000));
    assert_string_equal(sample->string, "abc");
    assert_null(sample->absent);
    assert_int_equal(sample->list.count, 2);
    assert_string_equal(sample->list.items[1], "b");
    assert_false(sample->list.set);
    assert_int_equal(sample->choice, 1);
    options_free(&table, sample);
    options_free(&table, NULL);
}

struct number_row {
    unsigned option;
    const char *text;
    uint64_t value; /* 0: refused, for the reason below */
    const char *reason;
};

static const struct number_row number_rows[] = {
    {NUMBER, "5", 5, NULL},
    {NUMBER, "1000", 1000, NULL},
    {NUMBER, "0007", 7, NULL},
    {NUMBER, "4", 0, "out of range: 5 to 1000"},
    {NUMBER, "1001", 0, "out of range: 5 to 1000"},
    {NUMBER, "18446744073709551616", 0, "out of range: 5 to 1000"},
    {NUMBER, "99999999999999999999999999", 0, "out of range: 5 to 1000"},
    {NUMBER, "", 0, "expected a whole number"},
    {NUMBER, "-7", 0, "expected a whole number"},
    {NUMBER, "+7", 0, "expected a whole number"},
    {NUMBER, " 7", 0, "expected a whole number"},
    {NUMBER, "7 ", 0, "expected a whole number"},
    {NUMBER, "0x7", 0, "expected a whole number"},
    {NUMBER, "7.0", 0, "expected a whole number"},
    {FREE_NUMBER, "18446744073709551615", UINT64_MAX, NULL},
    {FREE_NUMBER, "18446744073709551616", 0, "out of range: below 2^64"},
    {DURATION, "100ms", UINT64_C(100000000), NULL},
    {DURATION, "1s", UINT64_C(1000000000), NULL},
    {DURATION, "2m", UINT64_C(120000000000), NULL},
    {DURATION, "1h", UINT64_C(3600000000000), NULL},
    {DURATION, "60m", UINT64_C(3600000000000), NULL},
    {DURATION, "99ms", 0, "out of range: 100ms to 1h"},
    {DURATION, "0s", 0, "out of range: 100ms to 1h"},
    {DURATION, "2h", 0, "out of range: 100ms to 1h"},
    /* 2^64 ns and a second: would wrap to one second. */
    {DURATION, "18446744074s", 0, "out of range: 100ms to 1h"},
    {DURATION, "5124095577h", 0, "out of range: 100ms to 1h"},
    {DURATION, "99999999999999999999s", 0, "out of range: 100ms to 1h"},
    {DURATION, "10", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "s", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "1.5s", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "1m30s", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "10 s", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "10S", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "-1s", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
    {DURATION, "1d", 0, "expected one whole number and one unit (ms, s, m or h), like \"10s\""},
};

static void test_numbers(void **state)
{
    struct sample *sample = options_new(&table);

    (void)state;
    for (size_t i = 0; i < ELEMENTS(number_rows); i++) {
        const struct number_row *row = &number_rows[i];
        const struct option *option = &options[row->option];
        uint64_t *field = (void *)((char *)sample + option->offset);
        struct fault fault = {};

        *field = 42;
        if (row->reason) {
            assert_int_equal(option_set_text(option, sample, row->text, &fault), -EINVAL);
            assert_string_equal(fault.text, row->reason);
            assert_true(*field == 42);
        } else {
            assert_int_equal(option_set_text(option, sample, row->text, &fault), 0);
            assert_true(*field == row->value);
        }
    }
    options_free(&table, sample);
}

static void refuse(unsigned option, struct sample *sample, const char *text, const char *reason)
{
    struct fault fault = {};

    assert_int_equal(option_set_text(&options[option], sample, text, &fault), -EINVAL);
    assert_string_equal(fault.text, reason);
    assert_int_equal(option_set_text(&options[option], sample, text, NULL), -EINVAL);
}

static void accept(unsigned option, struct sample *sample, const char *text)
{
    assert_int_equal(option_set_text(&options[option], sample, text, NULL), 0);
}

static void test_bool_and_choice(void **state)
{
    struct sample *sample = options_new(&table);

    (void)state;
    accept(FLAG, sample, "false");
    assert_false(sample->flag);
    accept(FLAG, sample, "true");
    assert_true(sample->flag);
    refuse(FLAG, sample, "yes", "expected true or false");
    refuse(FLAG, sample, "", "expected true or false");
    refuse(FLAG, sample, "True", "expected true or false");
    accept(CHOICE, sample, "blue");
    assert_int_equal(sample->choice, 2);
    refuse(CHOICE, sample, "Blue", "expected \"red\", \"green\" or \"blue\"");
    refuse(CHOICE, sample, "", "expected \"red\", \"green\" or \"blue\"");
    assert_int_equal(sample->choice, 2);
    options_free(&table, sample);
}

static void test_string(void **state)
{
    struct sample *sample = options_new(&table);

    (void)state;
    accept(STRING, sample, "xyz");
    assert_string_equal(sample->string, "xyz");
    refuse(STRING, sample, "XYZ", "not lower case");
    refuse(STRING, sample, "a\xff", "not valid UTF-8");
    refuse(STRING, sample, "a\nb", "control characters are not allowed");
    refuse(STRING, sample, "a\x7f", "control characters are not allowed");
    assert_string_equal(sample->string, "xyz");
    accept(ABSENT, sample, "H\xc3\xb6he");
    assert_string_equal(sample->absent, "H\xc3\xb6he");
    options_free(&table, sample);
}

static void test_list(void **state)
{
    struct sample *sample = options_new(&table);
    const char *const commas[] = {"a,b"};

    (void)state;
    accept(LIST, sample, " x , y*,z ");
    assert_true(sample->list.set);
    assert_int_equal(sample->list.count, 3);
    assert_string_equal(sample->list.items[0], "x");
    assert_string_equal(sample->list.items[1], "y*");
    assert_string_equal(sample->list.items[2], "z");
    refuse(LIST, sample, "", "0 items, allowed are 1 to 3");
    refuse(LIST, sample, "a,b,c,d", "4 items, allowed are 1 to 3");
    refuse(LIST, sample, "a,,b", "item 2 is empty");
    refuse(LIST, sample, "a,", "item 2 is empty");
    refuse(LIST, sample, "a,b,a", "\"a\" is there twice");
    refuse(LIST, sample, "a,B", "not lower case");
    refuse(LIST, sample, "a,\xff", "not valid UTF-8");
    assert_int_equal(sample->list.count, 3);
    assert_int_equal(option_set_list(&options[LIST], sample, commas, 1, NULL), 0);
    assert_int_equal(sample->list.count, 1);
    assert_string_equal(sample->list.items[0], "a,b");
    options_free(&table, sample);
}

/* A list without limits of its own: the general one, and the empty list. */
static void test_list_limit(void **state)
{
    static const struct option any = {FIELD(list), .type = OPTION_LIST};
    char text[2 * OPTION_LIST_ITEMS_MAX + 2];
    struct sample sample = {};
    struct fault fault = {};

    (void)state;
    assert_int_equal(option_set_text(&any, &sample, "", NULL), 0);
    assert_int_equal(sample.list.count, 0);
    assert_true(sample.list.set);
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 2 ? ',' : 'a';
    text[2 * OPTION_LIST_ITEMS_MAX - 1] = '\0';
    assert_int_equal(option_set_text(&any, &sample, text, NULL), 0);
    assert_int_equal(sample.list.count, OPTION_LIST_ITEMS_MAX);
    text[2 * OPTION_LIST_ITEMS_MAX - 1] = ',';
    text[2 * OPTION_LIST_ITEMS_MAX + 1] = '\0';
    assert_int_equal(option_set_text(&any, &sample, text, &fault), -EINVAL);
    assert_string_equal(fault.text, "1025 items, allowed are 0 to 1024");
    string_list_done(&sample.list);
}

/* For each option a text that differs from the default: it alone makes the structs differ, a copy makes them
 * alike again. */
static void test_equal_and_copy(void **state)
{
    static const char *const others[] = {
        [FLAG] = "false",  [NUMBER] = "8",   [FREE_NUMBER] = "0", [DURATION] = "11s",
        [STRING] = "abcd", [ABSENT] = "new", [LIST] = "a,c",      [CHOICE] = "red",
    };

    (void)state;
    for (unsigned i = 0; i < ELEMENTS(options); i++) {
        struct sample *a = options_new(&table), *b = options_new(&table);

        assert_true(options_equal(&table, a, b));
        accept(i, b, others[i]);
        assert_false(option_equal(&options[i], a, b));
        assert_false(options_equal(&table, a, b));
        assert_int_equal(option_copy(&options[i], b, a), 0);
        assert_true(options_equal(&table, a, b));
        assert_int_equal(b->list.set, a->list.set);
        accept(i, b, others[i]);
        assert_int_equal(option_copy(&options[i], a, b), 0);
        assert_true(options_equal(&table, a, b));
        options_free(&table, a);
        options_free(&table, b);
    }
}

static void test_list_equal_by_length(void **state)
{
    struct sample *a = options_new(&table), *b = options_new(&table);

    (void)state;
    accept(LIST, a, "a,b,c");
    assert_false(options_equal(&table, a, b));
    assert_false(options_equal(&table, b, a));
    options_free(&table, a);
    options_free(&table, b);
}

static void test_allowed(void **state)
{
    static const char *const expected[] = {
        [FLAG] = "",
        [NUMBER] = "5 to 1000",
        [FREE_NUMBER] = "",
        [DURATION] = "100ms to 1h",
        [STRING] = "",
        [ABSENT] = "",
        [LIST] = "1 to 3 items",
        [CHOICE] = "\"red\", \"green\" or \"blue\"",
    };
    char text[OPTION_TEXT_MAX];

    (void)state;
    for (unsigned i = 0; i < ELEMENTS(options); i++) {
        option_allowed(&options[i], text);
        assert_string_equal(text, expected[i]);
    }
}

static void test_allowed_durations(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } cases[] = {{0, "0ms"},    {1, "1ms"},     {999, "999ms"},  {1000, "1s"},     {1500, "1500ms"},
                 {60000, "1m"}, {90000, "90s"}, {3600000, "1h"}, {5400000, "90m"}, {86400000, "24h"}};
    char text[OPTION_TEXT_MAX], expected[OPTION_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const struct option option = {
            .type = OPTION_DURATION, .min = cases[i].ms * 1000000, .max = UINT64_C(604800000000000)};

        (void)snprintf(expected, sizeof(expected), "%s to 168h", cases[i].text);
        option_allowed(&option, text);
        assert_string_equal(text, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_bool_and_choice),
        cmocka_unit_test(test_string),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_limit),
        cmocka_unit_test(test_equal_and_copy),
        cmocka_unit_test(test_list_equal_by_length),
        cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_allowed_durations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

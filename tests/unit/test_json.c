/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict JSON: all that cJSON alone would let pass is refused, with line and key; what is JSON keeps its
 * lines. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/json.h"
#include "tests/unit/unit.h"

/* Parses an exact-size copy, so that the sanitizers see every byte too far. `expected` is the whole report.
 */
static struct json *parse(const char *data, size_t size, const char *expected)
{
    _cleanup_(buffer_done) struct buffer out = {};
    _cleanup_(freep) char *copy = malloc(size ? size : 1);
    struct report report = {.source = "f", .out = &out};
    struct json *json;

    memcpy(copy, data, size);
    json = json_parse(copy, size, &report);
    buffer_append(&out, "", 1);
    assert_string_equal(out.data, expected);
    assert_int_equal(report.errors > 0, *expected != '\0');
    return json;
}

struct row {
    const char *text;
    const char *report;
};

static const struct row bad[] = {
    {"", "f:1: expected a value, found the end of the file\n"},
    {"\n\n ", "f:3: expected a value, found the end of the file\n"},
    {"{}x", "f:1: bytes after the end of the document\n"},
    {"{}\n{}", "f:2: bytes after the end of the document\n"},
    {"{}\n]", "f:2: bytes after the end of the document\n"},
    {"\xef\xbb\xbf{}", "f:1: begins with a byte order mark (BOM): save it as UTF-8 without one\n"},
    {"\xff\xfe{", "f:1: is UTF-16 by its byte order mark: save it as UTF-8\n"},
    {"\xfe\xff{", "f:1: is UTF-16 by its byte order mark: save it as UTF-8\n"},
    {"\xef\xbb", "f:1: expected a value, found the byte 0xef\n"},
    {"{}\xef\xbb\xbf", "f:1: bytes after the end of the document\n"},
    {"{\"a\": 1,}", "f:1: a comma with nothing behind it, before }\n"},
    {"{\"a\": {\"b\": 1,\n\"c\": 2,\n\n}}", "f:2: a: a comma with nothing behind it, before }\n"},
    {"{\"a\": 1, 2}", "f:1: expected a key in quotes, found 2\n"},
    {"{\"a\": 1, \"b", "f:1: a string without its closing quote\n"},
    {"{,}", "f:1: expected a key in quotes, found ,\n"},
    {"[,]", "f:1: [1]: expected a value, found ,\n"},
    {"{\"a\": 1 \"b\": 2}", "f:1: a: expected a comma or }, found \"\n"},
    {"{\"a\" 1}", "f:1: a: expected a colon, found 1\n"},
    {"{a: 1}", "f:1: expected a key in quotes, found a\n"},
    {"{\n1: 1}", "f:2: expected a key in quotes, found 1\n"},
    {"{\"a\": {\"b\": [1,\n2,]}}", "f:2: a.b: a comma with nothing behind it, before ]\n"},
    {"[1 2]", "f:1: [1]: expected a comma or ], found 2\n"},
    {"[", "f:1: [1]: expected a value, found the end of the file\n"},
    {"{", "f:1: expected a key in quotes, found the end of the file\n"},
    {"{\"a\":", "f:1: a: expected a value, found the end of the file\n"},
    {"[1", "f:1: [1]: expected a comma or ], found the end of the file\n"},
    {"// no\n{}", "f:1: expected a value, found /\n"},
    {"{\"a\": 010}", "f:1: a: a number with a leading zero\n"},
    {"{\"a\": -01}", "f:1: a: a number with a leading zero\n"},
    {"{\"a\": 00}", "f:1: a: a number with a leading zero\n"},
    {"{\"a\": 1e999}", "f:1: a: a number that is not written as a whole number\n"},
    {"{\"a\": 1E2}", "f:1: a: a number that is not written as a whole number\n"},
    {"{\"a\": 0.1}", "f:1: a: a number that is not written as a whole number\n"},
    {"{\"a\": 9007199254740992}", "f:1: a: a number too large to be exact\n"},
    {"{\"a\": 9007199254740993}", "f:1: a: a number too large to be exact\n"},
    {"{\"a\": 18446744073709551617}", "f:1: a: a number too large to be exact\n"},
    {"{\"a\": -9007199254740992}", "f:1: a: a number too large to be exact\n"},
    {"{\"a\": -}", "f:1: a: expected a digit, found }\n"},
    {"{\"a\": +1}", "f:1: a: expected a value, found +\n"},
    {"{\"a\": .5}", "f:1: a: expected a value, found .\n"},
    {"{\"a\": NaN}", "f:1: a: expected a value, found N\n"},
    {"{\"a\": Infinity}", "f:1: a: expected a value, found I\n"},
    {"{\"a\": True}", "f:1: a: expected a value, found T\n"},
    {"{\"a\": tru}", "f:1: a: expected a value, found t\n"},
    {"{\"a\": truex}", "f:1: a: expected a comma or }, found x\n"},
    {"{\"a\": 'x'}", "f:1: a: expected a value, found '\n"},
    {"{\"a\": \"x", "f:1: a: a string without its closing quote\n"},
    {"{\"a\": \"x\ty\"}", "f:1: a: a raw control character in a string, byte 0x09\n"},
    {"{\"a\": \"x\ny\"}", "f:1: a: a raw control character in a string, byte 0x0a\n"},
    {"{\"a\": \"\xff\"}", "f:1: a: invalid UTF-8 in a string, byte 0xff\n"},
    {"{\"a\": \"\xc0\x80\"}", "f:1: a: invalid UTF-8 in a string, byte 0xc0\n"},
    {"{\"a\": \"\xed\xa0\x80\"}", "f:1: a: invalid UTF-8 in a string, byte 0xed\n"},
    {"{\"\xff\": 1}", "f:1: invalid UTF-8 in a string, byte 0xff\n"},
    {"{\"a\": \"\\u0000\"}", "f:1: a: \\u0000 is not allowed\n"},
    {"{\"a\\u0000\": 1}", "f:1: \\u0000 is not allowed\n"},
    {"{\"a\": \"\\ud800\"}", "f:1: a: half a surrogate pair, \\ud800\n"},
    {"{\"a\": \"\\udc00\\ud800\"}", "f:1: a: half a surrogate pair, \\udc00\n"},
    {"{\"a\": \"\\ud800\\u0041\"}", "f:1: a: half a surrogate pair, \\ud800\n"},
    {"{\"a\": \"\\ud800\\ue000\"}", "f:1: a: half a surrogate pair, \\ud800\n"},
    {"{\"a\": \"\\ud800\\u00\"}", "f:1: a: expected four hexadecimal digits after \\u, found \"\n"},
    {"{\"a\": \"\\ud800", "f:1: a: half a surrogate pair, \\ud800\n"},
    {"{\"a\": \"\\u12g4\"}", "f:1: a: expected four hexadecimal digits after \\u, found g\n"},
    {"{\"a\": \"\\u12", "f:1: a: expected four hexadecimal digits after \\u, found the end of the file\n"},
    {"{\"a\": \"\\x41\"}", "f:1: a: expected one of \"\\/bfnrtu after a backslash, found x\n"},
    {"{\"a\": \"\\", "f:1: a: expected one of \"\\/bfnrtu after a backslash, found the end of the file\n"},
    {"{\"a\":\v1}", "f:1: a: expected a value, found the byte 0x0b\n"},
    {"{\"a\":\xc2\xa0 1}", "f:1: a: expected a value, found the byte 0xc2\n"},
    /* Keys may hold anything: a message stays one line. */
    {"{\"a\x1b[31m\": 1}", "f:1: a raw control character in a string, byte 0x1b\n"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        assert_null(parse(bad[i].text, strlen(bad[i].text), bad[i].report));
}

/* Each byte in each place of the four: digits are digits, and nothing else is. */
static void test_row_63_bytes_in_escapes(void **state)
{
    static const char digits[] = "0123456789abcdefABCDEF";

    (void)state;
    for (size_t place = 0; place < 4; place++)
        for (int byte = 0; byte <= UCHAR_MAX; byte++) {
            char text[] = "\"\\u1111\"";
            _cleanup_(buffer_done) struct buffer out = {};
            struct report report = {.source = "f", .out = &out};
            struct json *json;

            text[3 + place] = (char)byte;
            json = json_parse(text, strlen("\"\\u1111\""), &report);
            assert_int_equal(json != NULL, memchr(digits, byte, strlen(digits)) != NULL);
            json_free(json);
        }
    json_free(parse("\"\x7f\"", 3, "")); /* DEL is JSON; what a key allows is another question */
}

static void test_nul_bytes(void **state)
{
    (void)state;
    assert_null(parse("{\"a\": \"x\0y\"}", 12, "f:1: a: a raw control character in a string, byte 0x00\n"));
    assert_null(parse("{}\0", 3, "f:1: bytes after the end of the document\n"));
    assert_null(parse("\0{}", 3, "f:1: expected a value, found the byte 0x00\n"));
}

static void test_depth(void **state)
{
    char text[2 * 5000];

    (void)state;
    memset(text, '[', 5000);
    memset(text + 5000, ']', 5000);
    assert_null(parse(text, sizeof(text),
                      "f:1: [1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1]: nested deeper "
                      "than 16 levels\n"));
    json_free(parse(text + 5000 - JSON_DEPTH_MAX, JSON_DEPTH_MAX * 2, ""));
}

static void test_size(void **state)
{
    _cleanup_(freep) char *text = malloc(JSON_SIZE_MAX + 1);

    (void)state;
    memset(text, ' ', JSON_SIZE_MAX + 1);
    memcpy(text, "{}", 2);
    json_free(parse(text, JSON_SIZE_MAX, ""));
    assert_null(
        parse(text, JSON_SIZE_MAX + 1, "f:1: larger than the 1048576 bytes that a configuration may have\n"));
}

static void test_duplicates(void **state)
{
    static const char text[] = "{\"a\": {\"x\": 1,\n \"y\": 2,\n \"x\": 3,\n \"\\u0078\": 4},\n"
                               "\"b\": [{\"k\": 1,\n\"k\": 2}],\n\"A\": 1,\n\"a\": 5}";
    struct json *json;

    (void)state;
    json = parse(text, sizeof(text) - 1,
                 "f:3: a.x: given twice, first on line 1\n"
                 "f:4: a.x: given twice, first on line 3\n"
                 "f:6: b.k: given twice, first on line 5\n"
                 "f:8: a: given twice, first on line 1\n");
    assert_non_null(json);
    json_free(json);
}

/* Many keys: finding duplicates must not take quadratic time (this would be 2.5e9 comparisons). */
static void test_many_keys(void **state)
{
    _cleanup_(buffer_done) struct buffer text = {};

    (void)state;
    buffer_text(&text, "{");
    for (unsigned i = 0; i < 70000; i++)
        buffer_printf(&text, "%s\"%u\": 0", i ? "," : "", i * 7919 % 70001);
    buffer_text(&text, "}");
    json_free(parse(text.data, text.size, ""));
}

static void test_values(void **state)
{
    static const char text[] =
        " {\"n\": -9007199254740991, \"m\": 9007199254740991, \"z\": 0, \"t\": true,\r\n"
        "\"f\": false, \"0\": null, \"e\": {}, \"l\": [ ],\t\"\": \"\",\n"
        "\"s\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ue000\\uD83D\\ude00h\xc3\xb6he\"} \n";
    _cleanup_(json_freep) struct json *json = parse(text, sizeof(text) - 1, "");
    cJSON *root = json->root;

    (void)state;
    assert_true(cJSON_GetObjectItemCaseSensitive(root, "n")->valuedouble == -9007199254740991.0);
    assert_true(cJSON_GetObjectItemCaseSensitive(root, "m")->valuedouble == 9007199254740991.0);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "t")));
    assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(root, "0")));
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(root, "s")->valuestring,
                        "\"\\/\b\f\n\r\t\xc3\xa9\xee\x80\x80\xf0\x9f\x98\x80h\xc3\xb6he");
    assert_int_equal(cJSON_GetArraySize(root), 10);
}

static void test_lines(void **state)
{
    static const char text[] = "\n{\n\"a\":\n\n1, \"b\": [\n2,\n\"x\",\n{\"c\":\n{}}\n], \"d\": true\n}";
    _cleanup_(json_freep) struct json *json = parse(text, sizeof(text) - 1, "");
    cJSON *root = json->root;
    cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "b");
    cJSON *inner = cJSON_GetArrayItem(list, 2);

    (void)state;
    assert_int_equal(json_line(json, root), 2);
    /* A member stands where its key does. */
    assert_int_equal(json_line(json, cJSON_GetObjectItemCaseSensitive(root, "a")), 3);
    assert_int_equal(cJSON_GetObjectItemCaseSensitive(root, "a")->valueint, 1); /* which is cJSON's own */
    assert_int_equal(json_line(json, list), 5);
    assert_int_equal(json_line(json, cJSON_GetArrayItem(list, 0)), 6);
    assert_int_equal(json_line(json, cJSON_GetArrayItem(list, 1)), 7);
    assert_int_equal(json_line(json, inner), 8);
    assert_int_equal(json_line(json, inner->child), 8);
    assert_int_equal(json_line(json, cJSON_GetObjectItemCaseSensitive(root, "d")), 10);
}

/* Long keys end up in messages; nothing of them may break out. */
static void test_long_keys(void **state)
{
    _cleanup_(buffer_done) struct buffer text = {}, out = {};
    struct report report = {.source = "f", .out = &out};

    (void)state;
    for (unsigned i = 0; i < JSON_DEPTH_MAX; i++) {
        buffer_text(&text, "{\"");
        for (unsigned j = 0; j < 300; j++)
            buffer_text(&text, "k");
        buffer_text(&text, "\":");
    }
    assert_null(json_parse(text.data, text.size, &report));
    assert_int_equal(report.errors, 1);
    assert_true(out.size < 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad),       cmocka_unit_test(test_row_63_bytes_in_escapes),
        cmocka_unit_test(test_nul_bytes), cmocka_unit_test(test_depth),
        cmocka_unit_test(test_size),      cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_many_keys), cmocka_unit_test(test_values),
        cmocka_unit_test(test_lines),     cmocka_unit_test(test_long_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escaping: what each of the places needs, and bytes that are no UTF-8. */

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/utf8.h"
#include "tests/unit/unit.h"

static void check(enum escape escape, const char *text, const char *expected)
{
    _cleanup_(buffer_done) struct buffer out = {};

    escape_text(&out, escape, text);
    buffer_append(&out, "", 1);
    assert_string_equal(out.data, expected);
}

static void test_label(void **state)
{
    (void)state;
    check(ESCAPE_LABEL, "", "");
    check(ESCAPE_LABEL, "eth0", "eth0");
    check(ESCAPE_LABEL, "a\"b\\c", "a\\\"b\\\\c");
    check(ESCAPE_LABEL, "\"} 1\nfake 1", "\\\"} 1\\nfake 1");
    check(ESCAPE_LABEL, "%d\x01", "%d\x01");
    check(ESCAPE_LABEL, "höhe", "höhe");
    check(ESCAPE_LABEL, "\xff\xfe", UTF8_REPLACEMENT UTF8_REPLACEMENT);
    check(ESCAPE_LABEL, "a\xc3", "a" UTF8_REPLACEMENT);
}

static void test_help(void **state)
{
    (void)state;
    check(ESCAPE_HELP, "a \"quote\", a \\ and\na line", "a \"quote\", a \\\\ and\\na line");
}

static void test_html(void **state)
{
    (void)state;
    check(ESCAPE_HTML, "<script>alert('x')&\"y\"</script>",
          "&lt;script&gt;alert(&#39;x&#39;)&amp;&quot;y&quot;&lt;/script&gt;");
    check(ESCAPE_HTML, "a\x1b\x7f\xff", "a" UTF8_REPLACEMENT UTF8_REPLACEMENT UTF8_REPLACEMENT);
}

static void test_json(void **state)
{
    (void)state;
    check(ESCAPE_JSON, "a \"quote\", a \\ and\na line",
          "a \\\"quote\\\", a \\\\ and" UTF8_REPLACEMENT "a line");
    check(ESCAPE_JSON, "a\x1b\x7f\xff'", "a" UTF8_REPLACEMENT UTF8_REPLACEMENT UTF8_REPLACEMENT "'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_label),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

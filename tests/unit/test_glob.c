/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a regular expression is told from a glob by, and that no glob of ours, nor one that users write, is
 * doubted. */

#include <limits.h>
#include <string.h>

#include "collectors/collector.h"
#include "config/glob.h"
#include "tests/unit/unit.h"

static void test_row_64_expressions(void **state)
{
    static const char *const doubtful[] = {
        "^(veth.+|br-.+)$", "^veth",  "veth$", "veth|br", "(eth|en).*|lo", "eth\\d", "eth\\d+",
        "eth[0-9]+",        "veth.+", "(en)+", "veth+",   "^.*$",          "\\w*",
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(doubtful); i++) {
        const char *why = glob_doubt(doubtful[i]);

        if (!why || !strstr(why, "regular expression"))
            fail_msg("%s: %s", doubtful[i], why ? why : "no doubt");
    }
}

static void test_row_64_brackets_and_braces(void **state)
{
    static const char *const open[] = {"a[", "eth[0-9", "[", "[!", "[]", "[!]", "[a][", "[^]"};
    static const char *const braces[] = {"{eth,en}*", "eth{0..3}", "a{}"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(open); i++)
        assert_non_null(strstr(glob_doubt(open[i]), "never closed"));
    for (size_t i = 0; i < ELEMENTS(braces); i++)
        assert_non_null(strstr(glob_doubt(braces[i]), "braces"));
}

static void test_globs(void **state)
{
    static const char *const good[] = {
        "*",         "eth*",      "en[ops]*", "eth0.*", "eth?",   "[!v]*",    "[^v]*",
        "[]a]*",     "[!]]*",     "a\\[b",    "a\\*",   "a\\\\",  "a\\",      "br-+x",
        "+x",        "a^b",       "a$b",      "(a)",    "port.*", "TcpExt_*", "rx_queue_#_*",
        "[#]: rx_*", "wlan0 (a)", "a{b",      "a}b{",   "",       "[|+$]",    "[[:digit:]]*",
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(good); i++)
        if (glob_doubt(good[i]))
            fail_msg("%s: %s", good[i], glob_doubt(good[i]));
}

/* No byte, nor two of them, leads behind the end. */
static void test_all_bytes(void **state)
{
    (void)state;
    for (int first = 1; first <= UCHAR_MAX; first++)
        for (int second = 0; second <= UCHAR_MAX; second++) {
            _cleanup_(freep) char *glob = strdup((char[]){(char)first, (char)second, '\0'});

            (void)glob_doubt(glob);
        }
}

static void check_table(const struct option_table *table, size_t *globs)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        _cleanup_(freep) char *text = NULL;
        char *rest, *item;

        if (!strstr(option->help, "glob"))
            continue;
        assert_ptr_equal(option->doubt, glob_doubt);
        ++*globs;
        rest = text = strdup(option->default_text);
        while ((item = strsep(&rest, ",")))
            if (glob_doubt(item))
                fail_msg("%s: %s", item, glob_doubt(item));
    }
}

/* Whatever says that it takes globs doubts them, and none of its defaults. */
static void test_every_option_with_globs(void **state)
{
    size_t globs = 0;

    (void)state;
    check_table(&device_filter_options, &globs);
    for (size_t i = 0; i < collector_count; i++)
        check_table(&collectors[i]->options, &globs);
    assert_true(globs >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_row_64_expressions),
        cmocka_unit_test(test_row_64_brackets_and_braces),
        cmocka_unit_test(test_globs),
        cmocka_unit_test(test_all_bytes),
        cmocka_unit_test(test_every_option_with_globs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words of a command: what a real shell makes of them is what they were. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/shell.h"
#include "base/utf8.h"
#include "tests/unit/unit.h"

enum { WORD_MAX = 48, WORDS = 200 };

static void test_words(void **state)
{
    static const char *const cases[][2] = {
        {"eth0", "eth0"},
        {"eth0.100", "eth0.100"},
        {"", "''"},
        {"sport = :53", "'sport = :53'"},
        {"a;reboot", "'a;reboot'"},
        {"$(id)", "'$(id)'"},
        {"it's", "'it'\\''s'"},
        {"~root", "'~root'"},
        {"*", "'*'"},
        {"höhe", "'höhe'"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_(buffer_done) struct buffer out = {};

        assert_true(shell_word(&out, cases[i][0]));
        buffer_append(&out, "", 1);
        assert_string_equal(out.data, cases[i][1]);
    }
}

static void test_what_no_command_holds(void **state)
{
    static const char *const cases[] = {"a\nb", "\033[31m",     "\x7f",          "\xc2\x9b",
                                        "\xff", "\xe2\x80\xae", UTF8_REPLACEMENT};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_(buffer_done) struct buffer out = {};

        assert_false(shell_word(&out, cases[i]));
        assert_int_equal(out.size, 0);
    }
}

/* Of all that a shell knows, and what is harmless besides. */
static void random_word(char *word)
{
    static const char bytes[] = "ab0 \"'`$\\|&;<>(){}[]*?~#!=%^:,.-_+@/";
    size_t size = (size_t)rand() % WORD_MAX;

    for (size_t i = 0; i < size; i++)
        word[i] = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
    word[size] = '\0';
}

static void test_a_real_shell_agrees(void **state)
{
    _cleanup_(buffer_done) struct buffer command = {};
    char words[WORDS][WORD_MAX + 1], line[WORD_MAX + 2];
    FILE *shell;

    (void)state;
    srand(unit_seed());
    buffer_text(&command, "printf '%s\\n'");
    for (size_t i = 0; i < WORDS; i++) {
        random_word(words[i]);
        buffer_text(&command, " ");
        assert_true(shell_word(&command, words[i]));
    }
    buffer_append(&command, "", 1);
    shell = popen(command.data, "r");
    assert_non_null(shell);
    for (size_t i = 0; i < WORDS; i++) {
        assert_non_null(fgets(line, sizeof(line), shell));
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(line, words[i]);
    }
    assert_null(fgets(line, sizeof(line), shell));
    assert_int_equal(pclose(shell), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_what_no_command_holds),
        cmocka_unit_test(test_a_real_shell_agrees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ends the terminal's program: signals that wait in a descriptor, and an output that nobody reads. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "terminal/ending.h"
#include "tests/unit/unit.h"

#define LONG_NS (60 * NS_PER_SECOND)

static int ending, ends[2];

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(ending_open(&ending), 0);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ending_last(ending);
    (void)close(ending);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}

static void test_a_signal_waits(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(numbers); i++) {
        assert_int_equal(ending_wait(ending, ends[1], 0), 0);
        assert_int_equal(raise(numbers[i]), 0);
        assert_int_equal(ending_wait(ending, ends[1], LONG_NS), -EINTR);
        ending_last(ending);
        assert_int_equal(close(ending), 0);
        assert_int_equal(ending_open(&ending), 0);
    }
}

static void test_the_time_is_up(void **state)
{
    (void)state;
    assert_int_equal(ending_wait(ending, ends[1], 0), 0);
    assert_int_equal(ending_wait(ending, ends[1], NS_PER_SECOND / 1000), 0);
}

static void test_nobody_reads(void **state)
{
    (void)state;
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(ending_wait(ending, ends[1], LONG_NS), -EPIPE);
    assert_int_equal(ending_write(ending, ends[1], "x", 1), -EPIPE);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
}

/* Who reads slowly gets all of it. */
static void test_more_than_fits(void **state)
{
    static char text[1 << 18], read_back[4096];
    pid_t child;
    int status;

    (void)state;
    memset(text, 'x', sizeof(text));
    child = fork();
    if (child == 0) {
        size_t count = 0;
        ssize_t found;

        (void)close(ends[1]);
        while ((found = read(ends[0], read_back, sizeof(read_back))) > 0)
            count += (size_t)found;
        _exit(count != sizeof(text));
    }
    assert_true(child > 0);
    assert_int_equal(ending_write(ending, ends[1], text, sizeof(text)), 0);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    ends[1] = dup(ends[0]);
}

/* A signal ends the waiting for one who does not read, and what has room is written all the same. */
static void test_a_signal_while_it_is_full(void **state)
{
    static char text[1 << 18];

    (void)state;
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(ending_write(ending, ends[1], text, 10), 0);
    assert_int_equal(ending_write(ending, ends[1], text, sizeof(text)), -EINTR);
}

/* The first one was answered; another is not held back, not even where it was ignored. */
static void test_the_next_ends_at_once(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        (void)raise(SIGINT);
        ending_last(ending);
        (void)raise(SIGTERM);
        _exit(0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

/* A new program's signals are none of ours. */
static void test_a_new_program(void **state)
{
    struct sigaction action;
    sigset_t set;

    (void)state;
    ending_forget();
    assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &set), 0);
    assert_int_equal(sigismember(&set, SIGINT) + sigismember(&set, SIGQUIT), 0);
    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_DFL);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_signal_waits),
        TEST(test_the_time_is_up),
        TEST(test_nobody_reads),
        TEST(test_more_than_fits),
        TEST(test_a_signal_while_it_is_full),
        TEST(test_the_next_ends_at_once),
        TEST(test_a_new_program),
    };

    return cmocka_run_group_tests_name("ending", tests, NULL, NULL);
}

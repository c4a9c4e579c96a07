/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mark of descriptors that are kept: it holds for what it was made for alone, and once; whatever lies in
 * its place, nothing is followed, overwritten or waited for. */

#include "daemon/systemd/kept_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char directory[] = "/tmp/netdrop-mark-XXXXXX";
static char mark[64], elsewhere[64];

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    (void)snprintf(mark, sizeof(mark), "%s/here.kept", directory);
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", directory);
    return setenv("RUNTIME_DIRECTORY", directory, 1);
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(elsewhere);
    return rmdir(directory);
}

static void text_make(const char *kept_as, unsigned descriptors, char text[KEPT_MARK_SIZE])
{
    assert_int_equal(kept_mark_text(kept_as, descriptors, text), 0);
}

static void test_it_holds_once(void **state)
{
    char text[KEPT_MARK_SIZE];

    (void)state;
    text_make("object 1", 15, text);
    assert_non_null(strstr(text, "15 descriptors, object 1"));
    assert_int_equal(kept_mark_take("here", text), KEPT_NOTHING);
    assert_int_equal(kept_mark_set("here", text), 0);
    assert_int_equal(kept_mark_take("here", text), KEPT_SAME);
    assert_int_equal(kept_mark_take("here", text), KEPT_NOTHING);
}

static void test_of_something_else(void **state)
{
    static const struct {
        const char *kept_as;
        unsigned descriptors;
    } others[] = {{"object 2", 15}, {"object 1", 14}, {"object 1", 0}, {"object 11", 15}, {"object ", 15}};
    char text[KEPT_MARK_SIZE], other[KEPT_MARK_SIZE];

    (void)state;
    text_make("object 1", 15, text);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        text_make(others[i].kept_as, others[i].descriptors, other);
        assert_int_equal(kept_mark_set("here", text), 0);
        assert_int_equal(kept_mark_take("here", other), KEPT_OTHER);
    }
}

/* The boot is the first that stands there. */
static void test_of_another_boot(void **state)
{
    char text[KEPT_MARK_SIZE], other[KEPT_MARK_SIZE];

    (void)state;
    text_make("object 1", 15, text);
    strcpy(other, text);
    other[strlen("boot ")] = other[strlen("boot ")] == '0' ? '1' : '0';
    assert_int_equal(kept_mark_set("here", other), 0);
    assert_int_equal(kept_mark_take("here", text), KEPT_OTHER);
}

static void test_a_text_that_is_too_long(void **state)
{
    char kept_as[KEPT_MARK_SIZE], text[KEPT_MARK_SIZE];

    (void)state;
    memset(kept_as, 'x', sizeof(kept_as));
    kept_as[sizeof(kept_as) - 1] = '\0';
    assert_int_equal(kept_mark_text(kept_as, 1, text), -ENAMETOOLONG);
}

static void file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static void test_a_link_is_not_followed(void **state)
{
    char text[KEPT_MARK_SIZE];
    struct stat found;

    (void)state;
    text_make("object 1", 15, text);
    file_write(elsewhere, text);
    assert_int_equal(symlink(elsewhere, mark), 0);
    assert_int_equal(kept_mark_set("here", "another"), -EEXIST);
    assert_int_equal(kept_mark_take("here", text), KEPT_OTHER);
    assert_int_equal(lstat(mark, &found), -1); /* the link is gone, what it led to is not */
    assert_int_equal(stat(elsewhere, &found), 0);
    assert_int_equal(found.st_size, strlen(text));
}

static void test_nothing_is_waited_for(void **state)
{
    char text[KEPT_MARK_SIZE];

    (void)state;
    text_make("object 1", 15, text);
    assert_int_equal(mkfifo(mark, 0600), 0);
    assert_int_equal(kept_mark_take("here", text), KEPT_OTHER);
    assert_int_equal(access(mark, F_OK), -1);
    file_write(mark, "");
    assert_int_equal(kept_mark_take("here", text), KEPT_OTHER);
}

static void test_a_directory_in_its_place(void **state)
{
    char text[KEPT_MARK_SIZE];

    (void)state;
    text_make("object 1", 15, text);
    assert_int_equal(mkdir(mark, 0700), 0);
    assert_int_equal(kept_mark_take("here", text), KEPT_OTHER);
    assert_int_equal(kept_mark_set("here", text), -EEXIST);
    assert_int_equal(rmdir(mark), 0);
}

static void test_without_a_directory(void **state)
{
    static const char *const directories[] = {NULL, "", "/run/a:/run/b", "/nonexistent"};

    (void)state;
    for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
        if (directories[i])
            setenv("RUNTIME_DIRECTORY", directories[i], 1);
        else
            unsetenv("RUNTIME_DIRECTORY");
        assert_int_equal(kept_mark_take("here", "text"), KEPT_NOTHING);
        assert_int_equal(kept_mark_set("here", "text"), -ENOENT);
    }
    setenv("RUNTIME_DIRECTORY", directory, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_holds_once),
        cmocka_unit_test(test_of_something_else),
        cmocka_unit_test(test_of_another_boot),
        cmocka_unit_test(test_a_text_that_is_too_long),
        cmocka_unit_test(test_a_link_is_not_followed),
        cmocka_unit_test(test_nothing_is_waited_for),
        cmocka_unit_test(test_a_directory_in_its_place),
        cmocka_unit_test(test_without_a_directory),
    };

    return cmocka_run_group_tests_name("kept_mark", tests, setup, teardown);
}

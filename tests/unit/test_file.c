/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that an administrator named: read whole, or refused at once, with a reason. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/file.h"
#include "tests/unit/unit.h"

enum { SIZE_MAX_OF_TEST = 1024 * 1024 };

static void read_fails(const char *path, int error, const char *text)
{
    struct fault fault = {};
    char *data = NULL;
    size_t size = 0;

    assert_int_equal(file_read(path, SIZE_MAX_OF_TEST, 0, &data, &size, &fault), error);
    assert_string_equal(fault.text, text);
    assert_null(data);
}

static void test_read(void **state)
{
    char directory[] = "/tmp/test_file.XXXXXX", path[64], fifo[64];
    _cleanup_(freep) char *data = NULL;
    size_t size = 0;
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(directory));
    (void)snprintf(path, sizeof(path), "%s/file", directory);
    (void)snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
    read_fails(path, -ENOENT, "cannot open: No such file or directory");
    read_fails(directory, -EINVAL, "not a regular file");
    read_fails("/dev/zero", -EINVAL, "not a regular file");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    read_fails(fifo, -EINVAL, "not a regular file"); /* and at once */
    file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite("{}\0\n", 1, 4, file), 4);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(file_read(path, SIZE_MAX_OF_TEST, 0, &data, &size, NULL), 0);
    assert_int_equal(size, 4);
    assert_memory_equal(data, "{}\0\n", 5);
    freep(&data);
    assert_int_equal(ftruncate(fileno(file), SIZE_MAX_OF_TEST), 0);
    assert_int_equal(file_read(path, SIZE_MAX_OF_TEST, 0, &data, &size, NULL), 0);
    assert_int_equal(size, SIZE_MAX_OF_TEST);
    assert_int_equal(ftruncate(fileno(file), INT64_C(1) << 30), 0);
    read_fails(path, -EFBIG, "larger than the limit of 1048576 bytes");
    (void)fclose(file);
    unlink(path);
    unlink(fifo);
    rmdir(directory);
}

static void test_secrets(void **state)
{
    static const struct {
        mode_t mode;
        const char *refusal;
    } cases[] = {
        {0400, NULL},   {0600, NULL},   {0440, NULL},   {0640, NULL},    {0644, "0644"},
        {0660, "0660"}, {0604, "0604"}, {0602, "0602"}, {04641, "4641"},
    };
    char path[] = "/tmp/test_file.XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_(freep) char *data = NULL;
        struct fault fault = {};
        size_t size;

        assert_int_equal(chmod(path, cases[i].mode), 0);
        if (!cases[i].refusal && access(path, R_OK) < 0)
            continue; /* one that is not root may not read all of its own */
        assert_int_equal(file_read(path, 10, FILE_SECRET, &data, &size, &fault),
                         cases[i].refusal ? -EPERM : 0);
        assert_true(!cases[i].refusal || strstr(fault.text, cases[i].refusal));
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a file whole on a kept descriptor, and refusing what is no file, against a directory of our own. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collectors/kernel/procfile.h"
#include "tests/unit/unit.h"

static char directory[] = "/tmp/test_procfile.XXXXXX";

static void file_path(char *path, size_t size)
{
    (void)snprintf(path, size, "%s/file", directory);
}

/* Replaces the content in place: the inode stays, as with /proc. */
static void write_file(char byte, size_t size)
{
    _cleanup_(closep) int fd = -1;
    _cleanup_(freep) char *data = malloc(size + 1);
    char path[64];

    file_path(path, sizeof(path));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_non_null(data);
    memset(data, byte, size);
    assert_int_equal(write(fd, data, size), size);
}

static void assert_content(const struct procfile *file, char byte, size_t size)
{
    assert_int_equal(file->size, size);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(file->data[i], byte);
}

static int setup(void **state)
{
    (void)state;
    (void)strcpy(directory + strlen(directory) - 6, "XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int teardown(void **state)
{
    char path[64];

    (void)state;
    file_path(path, sizeof(path));
    (void)remove(path);
    return rmdir(directory);
}

/* A descriptor that was opened while there was a path to it. */
static void test_handed_over(void **state)
{
    _cleanup_(handover_done) struct handover handover = {};
    _cleanup_(procfile_done) struct procfile file = {.fd = -1};

    (void)state;
    write_file('a', 10);
    procfile_hand_over(&handover, "handle", directory, "file");
    procfile_hand_over(&handover, "other", directory, "nothing");
    assert_int_equal(handover.count, 1);
    assert_int_equal(procfile_init(&file, "/nonexistent", "file"), 0);
    procfile_take_over(&file, NULL, "handle");
    procfile_take_over(&file, &handover, "other");
    assert_int_equal(procfile_read(&file, NULL), -ENOENT);
    procfile_take_over(&file, &handover, "handle");
    for (size_t size = 1; size < 4; size++) {
        write_file('b', size);
        assert_int_equal(procfile_read(&file, NULL), 0);
        assert_content(&file, 'b', size);
    }
}

/* What it was of is gone: a new one is opened at once. */
static void test_failing_descriptor_is_replaced(void **state)
{
    _cleanup_(handover_done) struct handover handover = {};
    _cleanup_(procfile_done) struct procfile file = {.fd = -1};
    struct fault fault = {};

    (void)state;
    handover_put(&handover, "handle", open("/", O_RDONLY | O_CLOEXEC)); /* reads -EISDIR */
    assert_int_equal(procfile_init(&file, directory, "file"), 0);
    procfile_take_over(&file, &handover, "handle");
    assert_int_equal(procfile_read(&file, &fault), -ENOENT);
    assert_int_equal(fault.error, -ENOENT);
    fault = (struct fault){};
    procfile_take_over(&file, &handover, "handle");
    write_file('c', 5);
    assert_int_equal(procfile_read(&file, &fault), 0);
    assert_int_equal(fault.error, 0);
    assert_content(&file, 'c', 5);
}

static void test_grows_and_shrinks(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 20000, PROCFILE_BYTES_MAX - 1, 10, 0, 4096};
    _cleanup_(procfile_done) struct procfile file = {.fd = -1};

    (void)state;
    assert_int_equal(procfile_init(&file, directory, "file"), 0);
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        char byte = (char)('a' + i);

        write_file(byte, sizes[i]);
        assert_int_equal(procfile_read(&file, NULL), 0);
        assert_content(&file, byte, sizes[i]);
    }
}

/* A file of many records, which the kernel hands out a page at a time. */
static void test_many_records(void **state)
{
    enum { MAPPINGS = 200 };
    _cleanup_(procfile_done) struct procfile file = {.fd = -1};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * MAPPINGS * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char last[64];

    (void)state;
    assert_true(pages != MAP_FAILED);
    for (size_t i = 0; i < MAPPINGS; i++) /* every second page another protection: each a line of its own */
        assert_int_equal(mprotect(pages + 2 * i * page, page, PROT_READ), 0);
    assert_int_equal(procfile_init(&file, "/proc/self", "maps"), 0);
    for (unsigned i = 0; i < 2; i++) { /* the first read may add a mapping, for its own buffer */
        size_t lines = 0;

        assert_int_equal(procfile_read(&file, NULL), 0);
        for (size_t at = 0; at < file.size; at++)
            lines += file.data[at] == '\n';
        assert_true(lines >= 2 * MAPPINGS);
        assert_int_equal(file.data[file.size - 1], '\n');
        (void)snprintf(last, sizeof(last), "\n%lx-", (unsigned long)(pages + 2 * (MAPPINGS - 1) * page));
        assert_non_null(memmem(file.data, file.size, last, strlen(last)));
    }
    assert_int_equal(munmap(pages, 2 * MAPPINGS * page), 0);
}

/* The steady state neither opens nor allocates: same descriptor, same memory. */
static void test_keeps_descriptor_and_memory(void **state)
{
    _cleanup_(procfile_done) struct procfile file = {.fd = -1};
    const char *data;
    int fd;

    (void)state;
    write_file('a', 9000);
    assert_int_equal(procfile_init(&file, directory, "file"), 0);
    assert_int_equal(procfile_read(&file, NULL), 0);
    fd = file.fd;
    data = file.data;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(procfile_read(&file, NULL), 0);
        assert_int_equal(file.fd, fd);
        assert_ptr_equal(file.data, data);
    }
}

static void test_too_large(void **state)
{
    _cleanup_(procfile_done) struct procfile file = {.fd = -1};
    struct fault fault = {};

    (void)state;
    write_file('a', PROCFILE_BYTES_MAX);
    assert_int_equal(procfile_init(&file, directory, "file"), 0);
    assert_int_equal(procfile_read(&file, &fault), -EFBIG);
    assert_non_null(strstr(fault.text, "/file: larger than 2097152 bytes"));
    assert_int_equal(file.fd, -1);
    write_file('b', 5);
    assert_int_equal(procfile_read(&file, &fault), 0);
    assert_content(&file, 'b', 5);
}

/* Row 23 of docs/faults.md: nobody writes to the FIFO, and yet the call comes back at once. */
static void test_row_23_fifo_and_directory(void **state)
{
    _cleanup_(procfile_done) struct procfile fifo = {.fd = -1};
    _cleanup_(procfile_done) struct procfile place = {.fd = -1};
    struct fault fault = {};
    char path[64];

    (void)state;
    alarm(10);
    file_path(path, sizeof(path));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(procfile_init(&fifo, directory, "file"), 0);
    assert_int_equal(procfile_read(&fifo, &fault), -EINVAL);
    assert_non_null(strstr(fault.text, "/file: not a regular file"));
    assert_int_equal(fifo.fd, -1);
    assert_int_equal(procfile_init(&place, "/proc", "self"), 0);
    assert_int_equal(procfile_read(&place, &fault), -EINVAL);
    assert_string_equal(fault.text, "/proc/self: not a regular file");
    alarm(0);
}

static void test_missing_then_there(void **state)
{
    _cleanup_(procfile_done) struct procfile file = {.fd = -1};
    struct fault fault = {};

    (void)state;
    assert_int_equal(procfile_init(&file, directory, "file"), 0);
    assert_int_equal(procfile_read(&file, &fault), -ENOENT);
    assert_non_null(strstr(fault.text, "/file: No such file or directory"));
    write_file('a', 3);
    assert_int_equal(procfile_read(&file, &fault), 0);
    assert_content(&file, 'a', 3);
}

/* Nothing stays open, and the buffer is any file's. */
static void test_read_below(void **state)
{
    struct procfile file;
    int fd;

    (void)state;
    assert_int_equal(procfile_init(&file, directory, "any"), 0);
    fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(procfile_read_below(&file, fd, "file"), -ENOENT);
    write_file('x', 10000);
    assert_int_equal(procfile_read_below(&file, fd, "file"), 0);
    assert_content(&file, 'x', 10000);
    assert_int_equal(file.fd, -1);
    assert_int_equal(procfile_read_below(&file, fd, "."), -EINVAL);
    assert_int_equal(file.fd, -1);
    write_file('y', 10);
    assert_int_equal(procfile_read_below(&file, fd, "file"), 0);
    assert_content(&file, 'y', 10);
    close(fd);
    procfile_done(&file);
}

static void test_numbers(void **state)
{
    struct procfile file;
    uint64_t number = 7;

    (void)state;
    assert_int_equal(procfile_init(&file, directory, "file"), 0);
    assert_false(procfile_number(&file, &number));
    write_file('x', 3);
    assert_false(procfile_number(&file, &number));
    assert_int_equal(number, 7);
    write_file('4', 3);
    assert_true(procfile_number(&file, &number));
    assert_int_equal(number, 444);
    procfile_done(&file);
}

static void test_done_twice(void **state)
{
    struct procfile file = {};
    int standard_input = fcntl(0, F_GETFD);

    (void)state;
    procfile_done(&file); /* zeroed: descriptor 0 is not ours */
    assert_int_equal(fcntl(0, F_GETFD), standard_input);
    assert_int_equal(procfile_init(&file, directory, "file"), 0);
    procfile_done(&file);
    procfile_done(&file);
    assert_int_equal(file.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_handed_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failing_descriptor_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_grows_and_shrinks, setup, teardown),
        cmocka_unit_test(test_many_records),
        cmocka_unit_test_setup_teardown(test_keeps_descriptor_and_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_row_23_fifo_and_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_missing_then_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_read_below, setup, teardown),
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test(test_done_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of namespaces: each is that of the namespace that dropped, however soon its inode is used again. What
 * is mounted, and who is in which namespace, is played. */

#include "collectors/drops/drop_spaces.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/drops/drop_kept_file.h"
#include "tests/unit/unit.h"

static char procfs[] = "/tmp/netdrop-spaces-XXXXXX";
static char mountinfo[64];
static struct limits limits;

/* What is mounted. */
static struct {
    const char *name;
    unsigned inode;
} mounts[8];

/* As the kernel has it for mountinfo. */
static bool mounts_changed;

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    (void)timeout_ms;
    assert_int_equal(count, 1);
    assert_int_equal(fds->events, POLLPRI);
    fds->revents = mounts_changed ? POLLPRI | POLLERR : 0;
    mounts_changed = false;
    return fds->revents != 0;
}

static int group_setup(void **state)
{
    char path[64];

    (void)state;
    if (!mkdtemp(procfs))
        return -1;
    (void)snprintf(path, sizeof(path), "%s/self", procfs);
    (void)snprintf(mountinfo, sizeof(mountinfo), "%s/self/mountinfo", procfs);
    return mkdir(path, 0700);
}

static int group_teardown(void **state)
{
    char path[64];

    (void)state;
    (void)unlink(mountinfo);
    (void)snprintf(path, sizeof(path), "%s/self", procfs);
    return rmdir(path) || rmdir(procfs);
}

/* A mount is another one each time, by its number. */
static void mounts_write(void)
{
    static unsigned number;
    FILE *file = fopen(mountinfo, "w");

    assert_non_null(file);
    for (size_t i = 0; i < 8; i++)
        if (mounts[i].name)
            fprintf(file, "%u 22 0:4 net:[%u] /run/netns/%s rw shared:1 - nsfs nsfs rw\n", ++number,
                    mounts[i].inode, mounts[i].name);
    fclose(file);
    mounts_changed = true;
}

static void mount_set(size_t i, const char *name, unsigned inode)
{
    mounts[i].name = name;
    mounts[i].inode = inode;
    mounts_write();
}

/* Who is in there: the control groups of namespace 7. */
static const char *const paths[] = {
    "/system.slice/first.service", "/system.slice/second.service",
    ("/system.slice/docker-"
     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope"),
    "/system.slice/other"};
static unsigned tenants; /* bits */
static unsigned asked;

static bool path_of(const void *state, uint64_t cgroup, char path[DROP_CGROUP_PATH_SIZE])
{
    (void)state;
    strcpy(path, paths[cgroup]);
    return true;
}

static void list(const void *state, int (*each)(uint32_t space, uint64_t cgroup, void *data), void *data)
{
    (void)state;
    asked++;
    for (unsigned i = 4; i-- > 0;)
        if (tenants & 1U << i)
            (void)each(7, i, data);
}

static const struct drop_source source = {.name = "test", .cgroup = path_of, .tenants = list};

static int setup(void **state)
{
    struct drop_spaces *spaces = calloc(1, sizeof(*spaces));

    assert_non_null(spaces);
    memset(mounts, 0, sizeof(mounts));
    mounts_write();
    tenants = asked = 0;
    limits = (struct limits){};
    assert_int_equal(drop_spaces_init(spaces, procfs, &limits), 0);
    *state = spaces;
    return 0;
}

static int teardown(void **state)
{
    drop_spaces_done(*state);
    free(*state);
    return 0;
}

/* A round in which the namespace dropped; 0: none did. */
static void round_of(struct drop_spaces *spaces, uint32_t number, uint32_t inode)
{
    drop_spaces_begin(spaces);
    if (number)
        drop_spaces_dropped(spaces, number, inode);
    drop_spaces_look(spaces, &source, NULL);
}

#define assert_name(spaces, number, name) assert_string_equal(drop_spaces_name(spaces, number), name)

static void test_a_name_that_was_there(void **state)
{
    mount_set(0, "blue", 100);
    round_of(*state, 0, 0);
    round_of(*state, 1, 100);
    assert_name(*state, 1, "blue");
    assert_name(*state, 2, "");
}

/* Was it there before the namespace went? Who knows. */
static void test_a_name_that_is_new(void **state)
{
    round_of(*state, 0, 0);
    mount_set(0, "blue", 100);
    round_of(*state, 1, 100);
    assert_name(*state, 1, "");
    assert_int_equal(asked, 0); /* it is waited for */
    round_of(*state, 0, 0);
    assert_name(*state, 1, "");
    round_of(*state, 1, 100); /* it dropped since */
    assert_name(*state, 1, "blue");
}

static void test_an_inode_that_is_used_again(void **state)
{
    mount_set(0, "blue", 100);
    round_of(*state, 0, 0);
    round_of(*state, 1, 100);
    mount_set(0, "red", 100);
    round_of(*state, 1, 100); /* its last ones */
    assert_name(*state, 1, "blue");
    round_of(*state, 2, 100);
    assert_name(*state, 2, "red");
    /* And the same name anew, with the same inode, is as good as it was. */
    mount_set(0, "red", 100);
    round_of(*state, 3, 100);
    assert_name(*state, 3, "red");
}

static void test_names_of_nobody(void **state)
{
    mount_set(0, "self", 100);
    mount_set(1, "other", 101);
    round_of(*state, 0, 0);
    round_of(*state, 1, 100);
    round_of(*state, 2, 101);
    assert_name(*state, 1, "");
    assert_name(*state, 2, "");
    tenants = 1U << 3; /* "other" is no unit, and so its slice's */
    round_of(*state, 7, 102);
    assert_name(*state, 7, "system.slice");
}

static void test_workloads(void **state)
{
    tenants = 3;
    round_of(*state, 7, 100);
    assert_name(*state, 7, "first.service");
    tenants = 0;
    round_of(*state, 7, 100);
    assert_name(*state, 7, "first.service");
}

static void test_a_container_is_the_owner(void **state)
{
    tenants = 7;
    round_of(*state, 7, 100);
    assert_name(*state, 7, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}

/* Nobody is asked for each time. */
static void test_patience(void **state)
{
    for (unsigned i = 0; i < 100; i++)
        round_of(*state, 7, 100);
    assert_int_equal(asked, 1);
    round_of(*state, 8, 101); /* a new one is looked for at once */
    assert_int_equal(asked, 2);
}

static void test_more_than_there_is_room_for(void **state)
{
    struct drop_spaces *spaces = *state;

    mount_set(0, "blue", 100);
    round_of(spaces, 0, 0);
    for (uint32_t i = 1; i <= DROP_SPACES_MAX; i++)
        round_of(spaces, i, 100);
    assert_int_equal(limits.hits[LIMIT_NAMESPACE_NAMES], 0);
    for (uint32_t i = DROP_SPACES_MAX + 1; i <= DROP_SPACES_MAX + 10; i++)
        round_of(spaces, i, 100);
    assert_int_equal(limits.hits[LIMIT_NAMESPACE_NAMES], 10); /* those dropped a moment ago */
    for (uint32_t i = 0; i < DROP_SPACES_MAX; i++)
        spaces->items[i].dropped_ns = 0;
    round_of(spaces, DROP_SPACES_MAX + 11, 100);
    assert_int_equal(limits.hits[LIMIT_NAMESPACE_NAMES], 10);
    assert_int_equal(spaces->count, DROP_SPACES_MAX);
    assert_name(spaces, 1, "");
    assert_name(spaces, DROP_SPACES_MAX + 10, "blue");
}

static void test_more_names_than_there_is_room_for(void **state)
{
    FILE *file = fopen(mountinfo, "w");

    assert_non_null(file);
    for (unsigned i = 0; i <= DROP_MOUNTS_MAX; i++)
        fprintf(file, "%u 22 0:4 net:[%u] /run/netns/name%u rw shared:1 - nsfs nsfs rw\n", i, 1000 + i, i);
    fclose(file);
    mounts_changed = true;
    for (unsigned i = 0; i < 10; i++)
        round_of(*state, 0, 0);
    assert_int_equal(limits.hits[LIMIT_NAMESPACE_NAMES], 1); /* it did not change since */
    round_of(*state, 1, 1000 + DROP_MOUNTS_MAX - 1);
    round_of(*state, 2, 1000 + DROP_MOUNTS_MAX);
    assert_name(*state, 1, "name1023");
    assert_name(*state, 2, "");
}

static void test_names_are_cut(void **state)
{
    static char name[200];

    memset(name, 'x', sizeof(name) - 1);
    memcpy(name + DROP_SPACE_SIZE - 2, "\xc3\xa4", 2); /* in the middle of a character */
    mount_set(0, name, 100);
    round_of(*state, 0, 0);
    round_of(*state, 1, 100);
    name[DROP_SPACE_SIZE - 2] = '?';
    name[DROP_SPACE_SIZE - 1] = '\0';
    assert_name(*state, 1, name);
}

static void test_another_process_knows_them(void **state)
{
    struct drop_spaces restored = {}, next;
    struct drop_kept_writer writer;
    struct drop_kept_reader reader;
    int fd = drop_kept_file_new();

    mount_set(0, "blue", 100);
    round_of(*state, 0, 0);
    round_of(*state, 1, 100);
    drop_kept_begin(&writer, fd);
    drop_spaces_save(*state, &writer);
    assert_int_equal(drop_kept_commit(&writer, 1), 0);
    assert_int_equal(drop_kept_load(&reader, fd, 1), 0);
    assert_int_equal(drop_spaces_restore(&restored, &reader), 0);
    assert_false(reader.damaged);
    drop_kept_unload(&reader);
    close(fd);
    assert_int_equal(drop_spaces_init(&next, procfs, &limits), 0);
    drop_spaces_inherit(&next, &restored);
    drop_spaces_done(&restored);
    mount_set(0, "red", 100);
    round_of(&next, 1, 100);
    assert_name(&next, 1, "blue");
    drop_spaces_done(&next);
}

static void test_not_asked_for(void **state)
{
    struct drop_spaces spaces = {};

    (void)state;
    round_of(&spaces, 1, 100);
    assert_name(&spaces, 1, "");
    drop_spaces_done(&spaces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_name_that_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_name_that_is_new, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_inode_that_is_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_of_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(test_workloads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_container_is_the_owner, setup, teardown),
        cmocka_unit_test_setup_teardown(test_patience, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_there_is_room_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_names_than_there_is_room_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_process_knows_them, setup, teardown),
        cmocka_unit_test_setup_teardown(test_not_asked_for, setup, teardown),
    };

    return cmocka_run_group_tests_name("drop_spaces", tests, group_setup, group_teardown);
}

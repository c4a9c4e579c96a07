/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of namespaces out of mountinfo, and processes out of cgroup.procs, in whichever pieces they come. */

#include "collectors/kernel/netns_parse.h"

#include <string.h>

#include "base/cleanup.h"
#include "tests/unit/unit.h"

static void test_mounts(void **state)
{
    static const char text[] = /* 6.18, and what `ip netns add` refuses but mount does not */
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
        "36 22 0:4 net:[4026532219] /run/netns/blue rw shared:12 - nsfs nsfs rw\n"
        "37 22 0:4 net:[4026532220] /run/netns/a\\040b\\134c rw - nsfs nsfs rw\n"
        "38 22 0:4 net:[4026532221] /run/docker/netns/1a2b rw - nsfs nsfs rw\n"
        "39 22 0:4 mnt:[4026532222] /run/netns/other rw - nsfs nsfs rw\n"
        "40 22 0:4 net:[4026532223] /run/netns/deeper/name rw - nsfs nsfs rw\n"
        "41 22 0:4 net:[4026532224] /run/netns rw - nsfs nsfs rw\n"
        "42 22 0:4 net:[4026532225] /var/run/netns/cni-1\xff rw - nsfs nsfs rw";
    static const char *const paths[] = {"/run/netns/blue", "/run/netns/a b\\c", "/var/run/netns/cni-1\xff"};
    static const char *const names[] = {"blue", "a b\\c", "cni-1?"};
    static const uint32_t inodes[] = {4026532219, 4026532220, 4026532225};
    const char *at = text, *end = text + strlen(text);
    struct netns_mount mount;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        assert_true(netns_mount_next(&at, end, &mount));
        assert_string_equal(mount.path, paths[i]);
        assert_string_equal(mount.name, names[i]);
        assert_int_equal(mount.inode, inodes[i]);
    }
    assert_false(netns_mount_next(&at, end, &mount));
    assert_ptr_equal(at, end);
}

static void test_lines_that_are_none(void **state)
{
    static const char *const lines[] = {
        "",
        "\n\n",
        "36 22 0:4 net:[1]",
        "36 22 0:4 net:[1] ",
        "36 22 0:4 net:[1] /run/netns/",
        "36 22 0:4 net:[1] /run/netns/a\\000b rw",
        "36 22 0:4 xnet:[1] /run/netns/a rw",
        "36 22 0:4 net:[] /run/netns/a rw",
        "36 22 0:4 net:[1 /run/netns/a rw",
        "36 22 0:4 net:[1]x /run/netns/a rw",
        "36 22 0:4 net:[1x /run/netns/a rw",
        "36 22 0:4 net:[4294967296] /run/netns/a rw",
        "36 22  net:[1] /run/netns/a rw",
    };
    struct netns_mount mount;
    char longest[600] = "36 22 0:4 net:[1] /run/netns/";

    (void)state;
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const char *at = lines[i];

        if (netns_mount_next(&at, lines[i] + strlen(lines[i]), &mount))
            fail_msg("taken: %s", lines[i]);
    }
    memset(longest + strlen(longest), 'x', NETNS_NAME_SIZE + 32);
    for (const char *at = longest; at < longest + strlen(longest);)
        assert_false(netns_mount_next(&at, longest + strlen(longest), &mount));
}

/* A backslash that begins no number of three octal digits stands for itself. */
static void test_backslashes(void **state)
{
    static const char *const names[] = {"a\\",     "a\\0",   "a\\04",  "a\\8000",
                                        "a\\0900", "a\\x00", "a\\0x0", "a\\00x"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        char line[80];
        const char *at = line;
        struct netns_mount mount;

        (void)snprintf(line, sizeof(line), "36 22 0:4 net:[1] /run/netns/%s rw", names[i]);
        assert_true(netns_mount_next(&at, line + strlen(line), &mount));
        assert_string_equal(mount.name, names[i]);
    }
}

/* What is not whole is read as it is; nothing is read behind the end. */
static void test_cut_lines(void **state)
{
    static const char text[] = "36 22 0:4 net:[1] /run/netns/a\\040b rw - nsfs nsfs rw\n";

    (void)state;
    for (size_t size = 0; size <= strlen(text); size++) {
        char *copy = malloc(size ? size : 1);
        const char *at = memcpy(copy, text, size);
        struct netns_mount mount;

        if (netns_mount_next(&at, copy + size, &mount))
            assert_int_equal(strncmp(mount.name, "a b", 1), 0);
        free(copy);
    }
}

static size_t read_pids(const char *text, size_t step, uint32_t *pids)
{
    struct pid_reader reader = {};
    size_t count = 0;

    for (size_t from = 0; from < strlen(text); from += step) {
        const char *at = text + from, *end = text + (from + step < strlen(text) ? from + step : strlen(text));
        uint32_t pid;

        while ((pid = pid_next(&reader, &at, end)))
            pids[count++] = pid;
    }
    return count;
}

static void test_pids_in_pieces(void **state)
{
    static const char text[] = "1\n4194304\n0\n22x\n\n-7\n4294967297\n18446744073709551617\n2147483647\n99";
    static const uint32_t right[] = {1, 4194304, 7, 2147483647};

    (void)state;
    for (size_t step = 1; step <= strlen(text); step++) {
        uint32_t pids[16];

        assert_int_equal(read_pids(text, step, pids), ELEMENTS(right));
        assert_memory_equal(pids, right, sizeof(right));
    }
}

static void test_random_pids(void **state)
{
    static char text[16 * 1000 + 1];
    static uint32_t wanted[1000], pids[1000];
    char *at = text;

    (void)state;
    srand(unit_seed());
    for (size_t i = 0; i < ELEMENTS(wanted); i++) {
        wanted[i] = 1 + (uint32_t)rand() % INT32_MAX;
        at += sprintf(at, "%u\n", wanted[i]);
    }
    assert_int_equal(read_pids(text, 1 + (size_t)rand() % 100, pids), ELEMENTS(wanted));
    assert_memory_equal(pids, wanted, sizeof(wanted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mounts),         cmocka_unit_test(test_lines_that_are_none),
        cmocka_unit_test(test_backslashes),    cmocka_unit_test(test_cut_lines),
        cmocka_unit_test(test_pids_in_pieces), cmocka_unit_test(test_random_pids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

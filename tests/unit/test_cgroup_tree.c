/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cgroups a walk tells of, in which order, and when it ends. */

#include "collectors/kernel/cgroup_tree.h"

#include <errno.h>

#include "base/cleanup.h"
#include "tests/unit/cgroup_lab.h"

struct seen {
    char paths[64][CGROUP_PATH_MAX + 2];
    uint64_t ids[64];
    size_t count;
    size_t all;
    size_t stop_at; /* 0: never */
};

static int see(const struct cgroup *cgroup, void *data)
{
    struct seen *seen = data;

    assert_int_equal(strlen(cgroup->path), cgroup->path_size);
    if (seen->count < ELEMENTS(seen->ids)) {
        strcpy(seen->paths[seen->count], cgroup->path);
        seen->ids[seen->count++] = cgroup->id;
    }
    return ++seen->all == seen->stop_at ? 7 : 0;
}

static size_t place(const struct seen *seen, const char *path)
{
    for (size_t i = 0; i < seen->count; i++)
        if (strcmp(seen->paths[i], path) == 0)
            return i;
    fail_msg("not seen: %s", path);
    return 0;
}

static int setup(void **state)
{
    struct cgroup_lab *lab = calloc(1, sizeof(*lab));

    cgroup_lab_make(lab);
    *state = lab;
    return 0;
}

static int teardown(void **state)
{
    cgroup_lab_remove(*state, "");
    free(*state);
    return 0;
}

/* The top of ours is no hierarchy's: all paths are cut there. */
static void test_all_are_told_level_by_level(void **state)
{
    const struct cgroup_lab *lab = *state;
    struct limits limits = {};
    struct seen seen = {};
    uint64_t deep;

    (void)cgroup_lab_add(lab, "a.slice");
    (void)cgroup_lab_add(lab, "a.slice/..hidden");
    (void)cgroup_lab_add(lab, "a.slice/..hidden/x");
    (void)cgroup_lab_add(lab, "b.service");
    deep = cgroup_lab_add(lab, "a.slice/..hidden/x/\xff\n\"");
    assert_int_equal(cgroup_tree_walk(lab->top, &limits, see, &seen), 0);
    assert_int_equal(seen.count, 6);
    assert_int_equal(place(&seen, ""), 0);
    assert_true(place(&seen, "a.slice") < 3 && place(&seen, "b.service") < 3);
    assert_int_equal(place(&seen, "a.slice/..hidden"), 3);
    assert_int_equal(place(&seen, "a.slice/..hidden/x"), 4);
    assert_int_equal(place(&seen, "a.slice/..hidden/x/\xff\n\""), 5);
    assert_true(seen.ids[5] == deep);
}

static void test_it_ends_when_told_so(void **state)
{
    const struct cgroup_lab *lab = *state;
    struct limits limits = {};
    struct seen seen = {.stop_at = 2};

    (void)cgroup_lab_add(lab, "a");
    (void)cgroup_lab_add(lab, "b");
    assert_int_equal(cgroup_tree_walk(lab->top, &limits, see, &seen), 7);
    assert_int_equal(seen.all, 2);
    seen = (struct seen){.stop_at = 1};
    assert_int_equal(cgroup_tree_walk(lab->top, &limits, see, &seen), 7);
    assert_int_equal(seen.all, 1);
}

/* Names of links and files are none, and what a link leads to is not followed. */
static void test_what_is_no_cgroup(void **state)
{
    const struct cgroup_lab *lab = *state;
    struct limits limits = {};
    struct seen seen = {};
    char path[64];

    lab_path(lab, "link", path, sizeof(path));
    assert_int_equal(symlink("/", path), 0);
    lab_path(lab, "cgroup.procs", path, sizeof(path));
    assert_non_null(fclose(fopen(path, "w")) ? NULL : path);
    assert_int_equal(cgroup_tree_walk(lab->top, &limits, see, &seen), 0);
    assert_int_equal(seen.count, 1);
    assert_int_equal(cgroup_tree_walk("/nowhere", &limits, see, &seen), -ENOENT);
    assert_int_equal(seen.count, 1);
}

/* A path that no label could be made of is left out, and what is beside it is not. */
static void test_too_deep(void **state)
{
    const struct cgroup_lab *lab = *state;
    struct limits limits = {};
    struct seen seen = {};
    char path[2048] = "", name[251];
    size_t deepest = 0;

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (size_t i = 0; i < 6; i++) {
        strcat(path, i ? "/" : "");
        strcat(path, name);
        (void)cgroup_lab_add(lab, path);
    }
    (void)cgroup_lab_add(lab, "z");
    assert_int_equal(cgroup_tree_walk(lab->top, &limits, see, &seen), 0);
    assert_int_equal(seen.count, 1 + 4 + 1);
    for (size_t i = 0; i < seen.count; i++)
        deepest = strlen(seen.paths[i]) > deepest ? strlen(seen.paths[i]) : deepest;
    assert_int_equal(deepest, 4 * strlen(name) + 3);
}

static void test_more_than_it_looks_at(void **state)
{
    const struct cgroup_lab *lab = *state;
    struct limits limits = {};
    struct seen seen = {};
    char path[32];

    for (unsigned i = 0; i < CGROUPS_MAX; i++) {
        (void)snprintf(path, sizeof(path), "%u", i);
        (void)cgroup_lab_add(lab, path);
    }
    assert_int_equal(cgroup_tree_walk(lab->top, &limits, see, &seen), -ENOSPC);
    assert_int_equal(seen.all, CGROUPS_MAX);
    assert_int_equal(limits.hits[LIMIT_CGROUPS], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_are_told_level_by_level, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_ends_when_told_so, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_cgroup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_it_looks_at, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

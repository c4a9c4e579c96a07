/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A tree of directories that stands for one of cgroups: a number of a directory is a number of a cgroup. Each
 * test's own. */

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

struct cgroup_lab {
    char top[32];
};

static inline void cgroup_lab_make(struct cgroup_lab *lab)
{
    strcpy(lab->top, "/dev/shm/test_cgroup.XXXXXX"); /* in memory: they are many */
    if (mkdtemp(lab->top))
        return;
    strcpy(lab->top, "/tmp/test_cgroup.XXXXXX");
    assert_non_null(mkdtemp(lab->top));
}

static inline void lab_path(const struct cgroup_lab *lab, const char *path, char *buffer, size_t size)
{
    assert_true(snprintf(buffer, size, "%s/%s", lab->top, path) < (int)size);
}

/* Returns its number. */
static inline uint64_t cgroup_lab_add(const struct cgroup_lab *lab, const char *path)
{
    char whole[2048];
    struct stat status;

    lab_path(lab, path, whole, sizeof(whole));
    assert_int_equal(mkdir(whole, 0755), 0);
    assert_int_equal(stat(whole, &status), 0);
    return status.st_ino;
}

static inline int lab_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void cgroup_lab_remove(const struct cgroup_lab *lab, const char *path)
{
    char whole[2048];

    lab_path(lab, path, whole, sizeof(whole));
    assert_int_equal(nftw(whole, lab_remove, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/cgroup_tree.h"

/*
 * Walks the tree of control groups to find paths by number. The thread of the collector that owns it. Most
 * directories are leaves. A directory's link count tells how many directories it holds: two, and one for each
 * (fs/kernfs/dir.c, inc_nlink()). So leaves are not opened: for each, the kernel would generate the names of
 * fifty files.
 *
 * The walk goes level by level, so that a user who nests a thousand cgroups does not hide those of others.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/array.h"
#include "base/cleanup.h"

enum {
    LEAF_LINKS = 2,
    TOP_ID = 1, /* of the root of the hierarchy (fs/kernfs/dir.c, kernfs_create_root()) */
    FOLDERS_BYTES_MAX = 4 * 1024 * 1024, /* of waiting paths */
};

DEFINE_CLEANUP(DIR *, closedir)

struct walk {
    int tree;
    bool cut; /* the tree is only a part of the hierarchy */
    struct limits *limits;
    int (*each)(const struct cgroup *cgroup, void *data);
    void *data;

    char **folders; /* paths to open, relative to the tree's root; "" is the root */
    size_t count;
    size_t capacity;
    size_t bytes;
    size_t seen;
};

const char *cgroup_tree_mount(void)
{
    static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

    for (size_t i = 0; i < ELEMENTS(places); i++) {
        struct statfs status;

        if (statfs(places[i], &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC)
            return places[i];
    }
    return NULL;
}

static int tell(struct walk *walk, uint64_t id, const char *folder)
{
    char path[1 + CGROUP_PATH_MAX + 1] = "/";
    struct cgroup cgroup = {.id = id, .path = path, .tree = walk->tree, .below = folder[0] ? folder : "."};

    if (++walk->seen > CGROUPS_MAX) {
        limit_hit(walk->limits, LIMIT_CGROUPS);
        return -ENOSPC;
    }
    strcpy(path + 1, folder);
    if (walk->cut)
        cgroup.path++;
    cgroup.path_size = strlen(cgroup.path);
    return walk->each(&cgroup, walk->data);
}

static int open_later(struct walk *walk, const char *folder)
{
    char *copy;

    walk->bytes += strlen(folder) + 1;
    if (walk->bytes > FOLDERS_BYTES_MAX) {
        limit_hit(walk->limits, LIMIT_CGROUPS);
        return -ENOSPC;
    }
    if (array_grow(walk->folders, walk->count, walk->capacity) < 0)
        return -ENOMEM;
    copy = strdup(folder);
    if (!copy)
        return -ENOMEM;
    walk->folders[walk->count++] = copy;
    return 0;
}

static bool is_folder(const struct dirent *entry)
{
    return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int walk_entry(struct walk *walk, int folder_fd, const char *folder, const struct dirent *entry)
{
    char path[CGROUP_PATH_MAX + 1];
    struct stat status;
    int error;

    if (strlen(folder) + 1 + strlen(entry->d_name) > CGROUP_PATH_MAX)
        return 0;
    strcpy(path, folder);
    if (folder[0])
        strcat(path, "/");
    strcat(path, entry->d_name);
    error = tell(walk, entry->d_ino, path);
    if (error || fstatat(folder_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
        status.st_nlink == LEAF_LINKS)
        return error;
    return open_later(walk, path);
}

/* A folder that is gone, or that may not be listed, adds nothing. */
static int walk_folder(struct walk *walk, const char *folder)
{
    _cleanup_(closedirp) DIR *directory = NULL;
    const struct dirent *entry;
    int error = 0, fd;

    fd = openat(walk->tree, folder[0] ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    directory = fdopendir(fd);
    if (!directory) {
        close(fd);
        return -ENOMEM;
    }
    while (error == 0 && (entry = readdir(directory)))
        if (is_folder(entry))
            error = walk_entry(walk, fd, folder, entry);
    return error;
}

static int walk_top(struct walk *walk)
{
    struct stat status;
    int error;

    if (fstat(walk->tree, &status) < 0)
        return -errno;
    walk->cut = status.st_ino != TOP_ID;
    error = tell(walk, status.st_ino, "");
    return error ? error : open_later(walk, "");
}

int cgroup_tree_walk(const char *mount, struct limits *limits,
                     int (*each)(const struct cgroup *cgroup, void *data), void *data)
{
    _cleanup_(closep) int tree = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct walk walk = {.tree = tree, .limits = limits, .each = each, .data = data};
    int error;

    if (tree < 0)
        return -errno;
    error = walk_top(&walk);
    for (size_t next = 0; error == 0 && next < walk.count; next++) {
        char *folder = walk.folders[next];

        walk.folders[next] = NULL;
        walk.bytes -= strlen(folder) + 1;
        error = walk_folder(&walk, folder);
        free(folder);
    }
    for (size_t i = 0; i < walk.count; i++)
        free(walk.folders[i]);
    free(walk.folders);
    return error;
}

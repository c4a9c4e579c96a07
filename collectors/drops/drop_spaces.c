/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_spaces.h"

/* Finds names for other network namespaces, under /run/netns or by their workload. The collector's thread. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "collectors/drops/drop_kept_file.h"
#include "collectors/kernel/cgroup_path_parse.h"
#include "collectors/kernel/netns_parse.h"

#define PAUSE_FIRST_NS NS_PER_SECOND
#define PAUSE_MAX_NS   (60 * NS_PER_SECOND)
/* Forgetting a namespace that dropped within this time counts as a limit hit. */
#define LIVELY_NS (60 * NS_PER_SECOND)

int drop_spaces_init(struct drop_spaces *spaces, const char *procfs, struct limits *limits)
{
    *spaces = (struct drop_spaces){.pause_ns = PAUSE_FIRST_NS, .limits = limits};
    spaces->items = calloc(DROP_SPACES_MAX, sizeof(*spaces->items));
    return spaces->items ? procfile_init(&spaces->mountinfo, procfs, "self/mountinfo") : -ENOMEM;
}

void drop_spaces_done(struct drop_spaces *spaces)
{
    free(spaces->items);
    free(spaces->mounts);
    procfile_done(&spaces->mountinfo);
    *spaces = (struct drop_spaces){};
}

void drop_spaces_inherit(struct drop_spaces *spaces, struct drop_spaces *previous)
{
    if (!spaces->items || !previous->items)
        return;
    free(spaces->items);
    spaces->items = previous->items;
    spaces->count = previous->count;
    for (size_t i = 0; i < spaces->count; i++)
        spaces->items[i].dropped = spaces->items[i].dropped_ns = 0; /* our own rounds begin at 0 */
    previous->items = NULL;
    previous->count = 0;
}

void drop_spaces_save(const struct drop_spaces *spaces, struct drop_kept_writer *writer)
{
    drop_kept_put_number(writer, spaces->count);
    for (size_t i = 0; i < spaces->count; i++) {
        drop_kept_put_number(writer, spaces->items[i].number);
        drop_kept_put(writer, spaces->items[i].name, sizeof(spaces->items[i].name));
    }
}

int drop_spaces_restore(struct drop_spaces *spaces, struct drop_kept_reader *reader)
{
    size_t count = drop_kept_get_count(reader, DROP_SPACE_SIZE);

    if (count == 0)
        return 0;
    if (count > DROP_SPACES_MAX) {
        reader->damaged = true;
        return 0;
    }
    spaces->items = calloc(DROP_SPACES_MAX, sizeof(*spaces->items));
    if (!spaces->items)
        return -ENOMEM;
    for (; spaces->count < count; spaces->count++) {
        struct drop_space *space = &spaces->items[spaces->count];

        space->number = (uint32_t)drop_kept_get_number(reader);
        drop_kept_get(reader, space->name, sizeof(space->name));
        if (!memchr(space->name, '\0', sizeof(space->name)))
            reader->damaged = true;
        space->name[sizeof(space->name) - 1] = '\0';
    }
    return 0;
}

static struct drop_space *find(const struct drop_spaces *spaces, uint32_t number)
{
    for (size_t i = 0; i < spaces->count; i++)
        if (spaces->items[i].number == number)
            return &spaces->items[i];
    return NULL;
}

const char *drop_spaces_name(const struct drop_spaces *spaces, uint32_t number)
{
    const struct drop_space *space = find(spaces, number);

    return space ? space->name : "";
}

/* No namespace may be called as the kinds of namespaces are. */
static bool is_reserved(const char *name)
{
    return strcmp(name, "self") == 0 || strcmp(name, "other") == 0;
}

static const struct drop_mount *mount_find(const struct drop_spaces *spaces, uint32_t inode, const char *name)
{
    for (size_t i = 0; i < spaces->mount_count; i++)
        if (spaces->mounts[i].inode == inode && (!name || strcmp(spaces->mounts[i].name, name) == 0))
            return &spaces->mounts[i];
    return NULL;
}

/* If memory runs out, the namespace has no name. */
static void mount_add(struct drop_spaces *fresh, const struct drop_spaces *before,
                      const struct netns_mount *found)
{
    struct drop_mount mount = {.inode = found->inode, .since = before->round};
    const struct drop_mount *known;

    if (is_reserved(found->name) || array_grow(fresh->mounts, fresh->mount_count, fresh->mount_capacity) < 0)
        return;
    utf8_copy(mount.name, DROP_SPACE_SIZE, found->name);
    known = mount_find(before, mount.inode, mount.name);
    if (known)
        mount.since = known->since;
    fresh->mounts[fresh->mount_count++] = mount;
}

static void mounts_read(struct drop_spaces *spaces)
{
    struct drop_spaces fresh = {};
    struct netns_mount found;
    const char *at, *end;
    uint64_t hash;

    if (!procfile_changed(&spaces->mountinfo) || procfile_read(&spaces->mountinfo, NULL) < 0)
        return;
    at = spaces->mountinfo.data;
    end = at + spaces->mountinfo.size;
    hash = hash_bytes(HASH_EMPTY, at, spaces->mountinfo.size);
    if (hash == spaces->mountinfo_hash)
        return;
    while (fresh.mount_count < DROP_MOUNTS_MAX && netns_mount_next(&at, end, &found))
        mount_add(&fresh, spaces, &found);
    if (netns_mount_next(&at, end, &found))
        limit_hit(spaces->limits, LIMIT_NAMESPACE_NAMES);
    free(spaces->mounts);
    spaces->mounts = fresh.mounts;
    spaces->mount_count = fresh.mount_count;
    spaces->mount_capacity = fresh.mount_capacity;
    spaces->mountinfo_hash = hash;
}

void drop_spaces_begin(struct drop_spaces *spaces)
{
    if (!spaces->items)
        return;
    spaces->round++;
    spaces->now_ns = clock_boottime_ns();
    mounts_read(spaces);
}

/* Returns a free place, or that of the namespace that dropped least recently. */
static struct drop_space *place_take(struct drop_spaces *spaces)
{
    struct drop_space *oldest = spaces->items;

    if (spaces->count < DROP_SPACES_MAX)
        return &spaces->items[spaces->count++];
    for (size_t i = 1; i < spaces->count; i++)
        if (spaces->items[i].dropped < oldest->dropped)
            oldest = &spaces->items[i];
    if (spaces->now_ns < oldest->dropped_ns + LIVELY_NS)
        limit_hit(spaces->limits, LIMIT_NAMESPACE_NAMES);
    return oldest;
}

void drop_spaces_dropped(struct drop_spaces *spaces, uint32_t number, uint32_t inode)
{
    struct drop_space *space = find(spaces, number);

    if (!spaces->items)
        return;
    if (!space) {
        space = place_take(spaces);
        *space = (struct drop_space){.number = number};
        spaces->next_ns = 0;
        spaces->pause_ns = PAUSE_FIRST_NS;
    }
    if (inode)
        space->inode = inode;
    space->dropped = spaces->round;
    space->dropped_ns = spaces->now_ns;
}

static bool is_wanted(const struct drop_spaces *spaces, const struct drop_space *space)
{
    return !space->name[0] && space->dropped == spaces->round;
}

/* Takes names from the mounts. A new mount is used one round later. Returns true if namespaces remain whose
 * workload must be searched. */
static bool mounts_take(struct drop_spaces *spaces)
{
    bool any = false;

    for (size_t i = 0; i < spaces->count; i++) {
        struct drop_space *space = &spaces->items[i];
        const struct drop_mount *mount =
            is_wanted(spaces, space) && space->inode ? mount_find(spaces, space->inode, NULL) : NULL;

        space->waits = mount && mount->since == spaces->round;
        if (mount && !space->waits)
            utf8_copy(space->name, DROP_SPACE_SIZE, mount->name);
        any |= is_wanted(spaces, space) && !space->waits;
    }
    return any;
}

/* The search for the workloads of namespaces. */
struct looking {
    struct drop_spaces *spaces;
    const struct drop_source *source;
    const void *state;
};

static const char *tenant_name(const struct workload *workload)
{
    if (workload->pod_uid[0])
        return workload->pod_uid;
    return workload->container_id[0] ? workload->container_id : workload->unit;
}

static int tenant_found(uint32_t number, uint64_t cgroup, void *data)
{
    const struct looking *looking = data;
    struct drop_space *space = find(looking->spaces, number);
    char path[DROP_CGROUP_PATH_SIZE];
    struct workload workload;

    if (!space || space->name[0] || space->waits || !looking->source->cgroup(looking->state, cgroup, path) ||
        !path[0])
        return 0;
    utf8_mend(path);
    cgroup_path_parse(path, strlen(path), &workload);
    if (!is_reserved(tenant_name(&workload)) && workload_claims(&space->claim, &workload, cgroup))
        utf8_copy(space->tenant, DROP_SPACE_SIZE, tenant_name(&workload));
    return 0;
}

void drop_spaces_look(struct drop_spaces *spaces, const struct drop_source *source, const void *state)
{
    struct looking looking = {.spaces = spaces, .source = source, .state = state};
    uint64_t now_ns = clock_boottime_ns();

    if (!mounts_take(spaces) || now_ns < spaces->next_ns || !source->tenants)
        return;
    source->tenants(state, tenant_found, &looking);
    for (size_t i = 0; i < spaces->count; i++) {
        if (!spaces->items[i].name[0])
            utf8_copy(spaces->items[i].name, DROP_SPACE_SIZE, spaces->items[i].tenant);
        spaces->items[i].tenant[0] = '\0';
        spaces->items[i].claim = (struct workload_claim){};
    }
    spaces->next_ns = now_ns + spaces->pause_ns;
    spaces->pause_ns = spaces->pause_ns < PAUSE_MAX_NS / 2 ? 2 * spaces->pause_ns : PAUSE_MAX_NS;
}

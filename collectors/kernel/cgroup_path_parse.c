/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/cgroup_path_parse.h"

/*
 * Finds unit, container and pod in the path of a control group. Pure; any thread. Compares each folder of the
 * path with a table of patterns, from the root to the leaf. The first pattern that fits says what the folder
 * is.
 */

#include <stdint.h>
#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"

/* NAME_MAX: no folder has a longer name. */
enum { FOLDER_SIZE_MAX = 255 };

/* What a folder's name means. */
enum part {
    PART_FOLDER,    /* nothing: a unit or a runtime keeps something in it */
    PART_SLICE,     /* a unit that holds others */
    PART_UNIT,      /* a unit that holds no others: what is below belongs to it */
    PART_FOLDED,    /* a unit that counts at its slice */
    PART_TEMPLATE,  /* a unit made for one connection */
    PART_MANAGER,   /* units in it belong to another systemd */
    PART_PAYLOAD,   /* in a unit: another systemd begins here */
    PART_LXC,       /* its only child is a manager */
    PART_POD,       /* a pod of Kubernetes */
    PART_CONTAINER, /* a container with an ID */
    PART_BARE_ID,   /* a container; inside a unit, the digits may be any digest */
    PART_COUNT
};

/*
 * '*' stands for any bytes, also none; '#' for digits, '&' for hexadecimal digits, '$' for the 64 digits of a
 * container's ID, '%' for the UID of a pod. No unit's name has these bytes.
 */
static const struct pattern {
    const char *text;
    enum part part;
} patterns[] = {
    /* Kubernetes' systemd driver, also below a kubelet's own root ("kubelet-kubepods-..."), and what
     * containerd makes of its path if only the kubelet uses that driver. The other driver has folders
     * "kubepods/burstable/podUID". */
    {"*kubepods*-pod%.slice:*:$", PART_CONTAINER},
    {"*kubepods*-pod%.slice", PART_POD},
    {"pod%", PART_POD},

    /* Runtimes: "docker-", "cri-containerd-", "crio-", "libpod-", "nerdctl-". */
    {"*conmon-$.scope", PART_FOLDED},
    {"*-$.scope", PART_CONTAINER},
    {"libpod-payload-$", PART_CONTAINER}, /* in the service that podman runs in (--cgroups=split) */
    {"libpod-$", PART_CONTAINER},
    {"crio-$", PART_CONTAINER},
    {"*:*:$", PART_CONTAINER},
    {"$", PART_BARE_ID},

    /* Units that podman names by an ID and that are not containers: health checks, pods. */
    {"*$*.service", PART_FOLDED},
    {"*$*.slice", PART_FOLDER},
    {"ecstasks-&.slice", PART_FOLDER}, /* a task of Amazon's ECS */

    {"user@#.service", PART_MANAGER},
    {"machine-*.scope", PART_MANAGER}, /* registered with machined: nspawn, libvirt */
    {"*.libvirt-lxc", PART_MANAGER},   /* libvirt without machined */
    {"*.libvirt-qemu", PART_UNIT},
    {"lxc.payload.*", PART_MANAGER},
    {"lxc", PART_LXC},
    {"payload", PART_PAYLOAD}, /* nspawn in a service */
    {"openrc.*", PART_UNIT},

    /* systemd-run, D-Bus, desktops (systemd.io/DESKTOP_ENVIRONMENTS). */
    {"run-r&.service", PART_FOLDED},
    {"run-u#.service", PART_FOLDED},
    {"run-p#-i#.service", PART_FOLDED},
    {"run-#.service", PART_FOLDED},
    {"dbus-:*.service", PART_FOLDED},
    {"*dbus\\x2d:*.slice", PART_FOLDER},
    {"app-*@autostart.service", PART_UNIT},
    {"app-*@*.service", PART_FOLDED},

    /* Accept=yes: instance_from_socket() of systemd writes an Internet address, or a peer's process and
     * user. */
    {"*@#-*:#-*:#.service", PART_TEMPLATE},
    {"*@#-#-#.service", PART_TEMPLATE},
    {"*@#-#-#-#.service", PART_TEMPLATE},
    {"*@#-#-#_#-#.service", PART_TEMPLATE},
    {"*@#-unknown.service", PART_TEMPLATE},

    {"*#*.scope", PART_FOLDED}, /* a number: one of many */
    {"*.scope", PART_UNIT},
    {"*.service", PART_UNIT},
    {"*.socket", PART_UNIT},
    {"*.mount", PART_UNIT},
    {"*.swap", PART_UNIT},
    {"*.slice", PART_SLICE},
};

/* A piece of the path. */
struct piece {
    const char *at;
    const char *end;
};

/* What a pattern found in a name. */
struct found {
    const char *container; /* its ID */
    const char *pod;       /* its UID */
    size_t pod_size;
};

/* In lower case, as all runtimes write them. */
static bool is_hexadecimal(char byte)
{
    return hex_value(byte) >= 0 && !is_upper(byte);
}

/* Skips such bytes. Returns how many it skipped, at most `max`. */
static size_t take(struct piece *name, bool (*is_such)(char byte), size_t max)
{
    const char *begin = name->at;

    while (name->at < name->end && (size_t)(name->at - begin) < max && is_such(*name->at))
        name->at++;
    return (size_t)(name->at - begin);
}

static bool take_container(struct piece *name, struct found *found)
{
    found->container = name->at;
    return take(name, is_hexadecimal, WORKLOAD_CONTAINER_DIGITS) == WORKLOAD_CONTAINER_DIGITS;
}

static bool is_pod_separator(char byte)
{
    return byte == '-' || byte == '_';
}

/* Takes a UID: 8-4-4-4-12 digits with dashes, or with underscores where a dash would separate slices, or 32
 * digits. */
static bool take_pod(struct piece *name, struct found *found)
{
    static const size_t groups[] = {8, 4, 4, 4, 12};
    size_t first = take(name, is_hexadecimal, 32);

    found->pod = name->at - first;
    for (size_t i = 1; first == groups[0] && i < ELEMENTS(groups); i++)
        if (take(name, is_pod_separator, 1) != 1 || take(name, is_hexadecimal, groups[i]) != groups[i])
            return false;
    found->pod_size = (size_t)(name->at - found->pod);
    return first == groups[0] || first == 32;
}

/* Takes what one byte of a pattern, except '*', stands for. */
static bool take_one(char wanted, struct piece *name, struct found *found)
{
    if (wanted == '#')
        return take(name, is_digit, SIZE_MAX) > 0;
    if (wanted == '&')
        return take(name, is_hexadecimal, SIZE_MAX) > 0;
    if (wanted == '$')
        return take_container(name, found);
    if (wanted == '%')
        return take_pod(name, found);
    return name->at < name->end && *name->at++ == wanted;
}

static bool is_literal(char byte)
{
    return byte != '*' && byte != '#' && byte != '&' && byte != '$' && byte != '%';
}

/* Returns false if the name ends otherwise than the pattern. This rejects most names quickly. */
static bool end_matches(const char *pattern, const struct piece *name)
{
    size_t size = strlen(pattern), left = (size_t)(name->end - name->at);

    for (; size && left && is_literal(pattern[size - 1]); size--, left--)
        if (name->at[left - 1] != pattern[size - 1])
            return false;
    return true;
}

/* Returns true if the whole name matches. The first '*' takes as little as possible, and the last one the
 * rest. So there is only one place to go back to, and no name takes long. */
static bool matches(const char *pattern, struct piece name, struct found *found)
{
    const char *behind_star = NULL;
    struct piece rest = name; /* where matching resumes after the '*' */

    while (*pattern || name.at < name.end) {
        if (*pattern == '*') {
            behind_star = ++pattern;
            rest = name;
        } else if (*pattern && take_one(*pattern, &name, found)) {
            pattern++;
        } else if (behind_star && rest.at < rest.end) {
            rest.at++;
            pattern = behind_star;
            name = rest;
        } else {
            return false;
        }
    }
    return true;
}

/* Returns the part of the first pattern that fits. */
static enum part part_of(struct piece name, struct found *ret_found)
{
    if (name.end - name.at > FOLDER_SIZE_MAX)
        return PART_FOLDER;
    for (size_t i = 0; i < ELEMENTS(patterns); i++) {
        *ret_found = (struct found){};
        if (end_matches(patterns[i].text, &name) && matches(patterns[i].text, name, ret_found))
            return patterns[i].part;
    }
    return PART_FOLDER;
}

/* How far the path has been read. */
struct walk {
    struct workload *workload;
    size_t manager;   /* bytes of workload->unit that name the manager, including the '/' after it */
    bool in_unit;     /* in a unit that is not a slice: what follows is not a unit of that manager */
    bool opaque;      /* in a container: units in it are not told */
    enum part parent; /* of the parent folder */
};

/* The bytes that systemd allows in a unit's name (VALID_CHARS). A name with other bytes is not a unit. */
static bool is_of_unit(char byte)
{
    static const char others[] = ":-_.\\@";

    return is_digit(byte) || is_letter(byte) || memchr(others, byte, sizeof(others) - 1);
}

/* Makes this the current manager's unit, with `behind` appended to its name. Returns false if it is not a
 * valid name or too long. */
static bool walk_unit(struct walk *walk, struct piece name, const char *behind)
{
    char *to = walk->workload->unit + walk->manager;
    size_t size = (size_t)(name.end - name.at), more = strlen(behind);
    struct piece valid = name;

    if (take(&valid, is_of_unit, SIZE_MAX) != size ||
        walk->manager + size + more >= sizeof(walk->workload->unit))
        return false;
    if (walk->manager)
        to[-1] = '/';
    memcpy(to, name.at, size);
    memcpy(to + size, behind, more + 1);
    return true;
}

/* From here on, units belong to a manager, which is the current unit. */
static void walk_into(struct walk *walk)
{
    walk->manager = strlen(walk->workload->unit) + 1;
    walk->in_unit = false;
}

static void walk_units(struct walk *walk, enum part part, struct piece name)
{
    if (part == PART_PAYLOAD && walk->parent == PART_UNIT)
        walk_into(walk);
    if (walk->in_unit)
        return;
    if (walk->parent == PART_LXC)
        part = PART_MANAGER;
    if (part == PART_TEMPLATE)
        name.end = (const char *)memchr(name.at, '@', (size_t)(name.end - name.at)) + 1;
    walk->in_unit = part != PART_FOLDER && part != PART_SLICE && part != PART_POD && part != PART_PAYLOAD;
    if (part == PART_SLICE || part == PART_UNIT)
        walk_unit(walk, name, "");
    else if (part == PART_TEMPLATE)
        walk_unit(walk, name, ".service");
    else if ((part == PART_MANAGER || part == PART_LXC) && walk_unit(walk, name, ""))
        walk_into(walk);
}

/* Takes over a pod, a container, or both. */
static void workload_take(struct workload *workload, const struct found *found, bool container)
{
    workload->container_id[0] = '\0';
    if (found->pod) {
        memcpy(workload->pod_uid, found->pod, found->pod_size);
        workload->pod_uid[found->pod_size] = '\0';
        for (char *at = workload->pod_uid; *at; at++)
            if (*at == '_')
                *at = '-';
    }
    if (container) {
        memcpy(workload->container_id, found->container, WORKLOAD_CONTAINER_DIGITS);
        workload->container_id[WORKLOAD_CONTAINER_DIGITS] = '\0';
    }
}

/* Parts of which a direct child with a digest is not a container. */
static const bool keeps_digests[PART_COUNT] = {
    [PART_UNIT] = true,    [PART_FOLDED] = true,    [PART_TEMPLATE] = true,
    [PART_MANAGER] = true, [PART_CONTAINER] = true,
};

static void walk_folder(struct walk *walk, struct piece name)
{
    struct found found;
    enum part part;

    if (name.at == name.end)
        return;
    if (*name.at == '_' && name.end - name.at > 1) /* cg_escape() of systemd put it there */
        name.at++;
    part = part_of(name, &found);
    if (part == PART_BARE_ID)
        part = keeps_digests[walk->parent] ? PART_FOLDER : PART_CONTAINER;
    if (part == PART_POD || part == PART_CONTAINER)
        workload_take(walk->workload, &found, part == PART_CONTAINER);
    walk->opaque = walk->opaque || part == PART_CONTAINER;
    if (!walk->opaque)
        walk_units(walk, part, name);
    walk->parent = part;
}

void cgroup_path_parse(const char *path, size_t size, struct workload *ret_workload)
{
    const char *end = path + size;
    struct walk walk = {.workload = ret_workload, .parent = PART_FOLDER};

    *ret_workload = (struct workload){.unit = "-.slice"};
    if (size == 0 || *path != '/') {
        strcpy(ret_workload->unit, "...");
        walk_into(&walk);
    }
    while (path < end) {
        const char *slash = memchr(path, '/', (size_t)(end - path));
        struct piece name = {.at = path, .end = slash ? slash : end};

        walk_folder(&walk, name);
        path = slash ? slash + 1 : end;
    }
}

/* Returns what follows `text` at the beginning of the line, or NULL if the line begins otherwise. */
static const char *behind(const struct piece *line, const char *text)
{
    size_t size = strlen(text);

    if ((size_t)(line->end - line->at) < size || memcmp(line->at, text, size) != 0)
        return NULL;
    return line->at + size;
}

/* Returns the path of a line "HIERARCHY:CONTROLLERS:PATH", and sets the line's end to the path's. Returns
 * NULL if the line is of another hierarchy. */
static const char *line_path(struct piece *line, bool *ret_unified)
{
    static const char gone[] = " (deleted)"; /* the kernel appends it to the path of a removed cgroup */
    const char *path = behind(line, "0::");

    *ret_unified = path != NULL;
    if (!path && take(line, is_digit, SIZE_MAX) > 0)
        path = behind(line, ":name=systemd:");
    if (path && (size_t)(line->end - path) > strlen(gone) &&
        memcmp(line->end - strlen(gone), gone, strlen(gone)) == 0)
        line->end -= strlen(gone);
    return path;
}

bool cgroup_path_find(const char *text, size_t size, const char **ret_path, size_t *ret_size)
{
    const char *end = text + size, *newline;
    bool is_found = false, unified;

    for (; text < end; text = newline + 1) {
        struct piece line = {.at = text};
        const char *path;

        newline = memchr(text, '\n', (size_t)(end - text));
        if (!newline)
            break;
        line.end = newline;
        path = line_path(&line, &unified);
        if (!path || (is_found && unified && line.end - path < 2))
            continue;
        *ret_path = path;
        *ret_size = (size_t)(line.end - path);
        is_found = true;
        if (unified && *ret_size > 1)
            break;
    }
    return is_found;
}

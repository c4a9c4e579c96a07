/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_reason.h"

/* Reads the names of drop reasons from the BTF of the running kernel. The collector's thread. */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "base/array.h"
#include "base/cleanup.h"

DEFINE_CLEANUP(struct btf *, btf__free)

/* The enums that list the kernel's reasons. The reasons of a subsystem that is a module are in the module's
 * own BTF, whose types continue the kernel's. The high 16 bits of their numbers are the subsystem. */
static const struct {
    const char *module; /* NULL: the kernel itself */
    const char *name;
} enums[] = {
    {NULL, "skb_drop_reason"},
    {"mac80211", "mac80211_drop_reason"},
    {"openvswitch", "ovs_drop_reason"},
};

void drop_reasons_done(struct drop_reasons *reasons)
{
    for (size_t i = 0; i < DROP_SUBSYSTEMS_MAX; i++) {
        struct drop_reasons_list *list = &reasons->subsystems[i];

        for (size_t k = 0; k < list->count; k++)
            free(list->names[k]);
        free(list->names);
    }
    *reasons = (struct drop_reasons){};
}

static int list_grow(struct drop_reasons_list *list, size_t count)
{
    size_t known = list->count;

    if (count <= known)
        return 0;
    if (array_resize(list->names, list->count, count) < 0)
        return -ENOMEM;
    memset(list->names + known, 0, (count - known) * sizeof(*list->names));
    return 0;
}

/* If a number has several names, the first counts: markers such as the last one come later. */
static int reason_put(struct drop_reasons *reasons, uint32_t number, const char *name)
{
    static const char prefix[] = "SKB_DROP_REASON_";
    uint32_t subsystem = number >> 16, index = number & 0xffff;
    struct drop_reasons_list *list;
    int error;

    if (subsystem >= DROP_SUBSYSTEMS_MAX || index >= DROP_REASONS_MAX)
        return 0;
    list = &reasons->subsystems[subsystem];
    error = list_grow(list, index + 1);
    if (error < 0)
        return error;
    if (list->names[index])
        return 0;
    if (strncmp(name, prefix, strlen(prefix)) == 0)
        name += strlen(prefix);
    list->names[index] = strdup(name);
    return list->names[index] ? 0 : -ENOMEM;
}

int drop_reasons_take(struct drop_reasons *reasons, const struct btf *btf)
{
    for (size_t i = 0; i < ELEMENTS(enums); i++) {
        __s32 id = btf__find_by_name_kind(btf, enums[i].name, BTF_KIND_ENUM);
        const struct btf_type *type = id < 0 ? NULL : btf__type_by_id(btf, (__u32)id);

        for (unsigned k = 0; type && k < btf_vlen(type); k++) {
            const struct btf_enum *value = &btf_enum(type)[k];
            const char *name = btf__name_by_offset(btf, value->name_off);
            int error = name ? reason_put(reasons, (uint32_t)value->val, name) : 0;

            if (error < 0)
                return error;
        }
    }
    return 0;
}

/* Returns a bit for each loaded module that has reasons. */
static unsigned modules_present(const char *directory)
{
    unsigned modules = 0;

    for (size_t i = 0; i < ELEMENTS(enums); i++) {
        char path[PATH_MAX];

        if (enums[i].module && snprintf(path, sizeof(path), "%s/%s", directory, enums[i].module) < PATH_MAX &&
            access(path, F_OK) == 0)
            modules |= 1U << i;
    }
    return modules;
}

static int modules_load(struct drop_reasons *reasons, const char *directory, struct btf *kernel)
{
    int error = 0;

    for (size_t i = 0; i < ELEMENTS(enums) && error == 0; i++) {
        _cleanup_(btf__freep) struct btf *btf = NULL;
        _cleanup_(freep) char *path = NULL;

        if (!enums[i].module)
            continue;
        if (asprintf(&path, "%s/%s", directory, enums[i].module) < 0)
            return -ENOMEM;
        btf = btf__parse_split(path, kernel);
        if (btf)
            error = drop_reasons_take(reasons, btf);
    }
    return error;
}

int drop_reasons_load(struct drop_reasons *ret_reasons, const char *directory)
{
    _cleanup_(btf__freep) struct btf *kernel = NULL;
    _cleanup_(freep) char *path = NULL;
    struct drop_reasons reasons = {.modules = modules_present(directory)};
    int error;

    if (asprintf(&path, "%s/vmlinux", directory) < 0)
        return -ENOMEM;
    kernel = btf__parse(path, NULL);
    error = kernel ? drop_reasons_take(&reasons, kernel) : 0;
    if (kernel && error == 0)
        error = modules_load(&reasons, directory, kernel);
    if (error < 0) {
        drop_reasons_done(&reasons);
        return error;
    }
    *ret_reasons = reasons;
    return 0;
}

static bool known(const struct drop_reasons *reasons, uint32_t reason)
{
    uint32_t subsystem = reason >> 16, index = reason & 0xffff;

    return subsystem < DROP_SUBSYSTEMS_MAX && index < reasons->subsystems[subsystem].count &&
           reasons->subsystems[subsystem].names[index];
}

bool drop_reasons_renew(struct drop_reasons *reasons, uint32_t reason, const char *directory)
{
    struct drop_reasons next;

    /* The kernel's own reasons are always loaded. */
    if (reason >> 16 == 0 || known(reasons, reason))
        return false;
    if ((modules_present(directory) & ~reasons->modules) == 0 || drop_reasons_load(&next, directory) < 0)
        return false;
    drop_reasons_done(reasons);
    *reasons = next;
    return true;
}

void drop_reason_name(const struct drop_reasons *reasons, uint32_t reason, char name[DROP_REASON_SIZE])
{
    if (known(reasons, reason))
        (void)snprintf(name, DROP_REASON_SIZE, "%s",
                       reasons->subsystems[reason >> 16].names[reason & 0xffff]);
    else
        (void)snprintf(name, DROP_REASON_SIZE, "%u", reason);
}

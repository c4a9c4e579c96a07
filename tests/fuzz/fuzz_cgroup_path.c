/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cgroup's path of arbitrary bytes, and the same as the file of a process. What is told stands in the path,
 * and a folder below changes nothing. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/kernel/cgroup_path_parse.h"
#include "tests/fuzz/fuzz.h"

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void check_container(const struct workload *workload, const char *path, size_t size)
{
    size_t digits = strspn(workload->container_id, "0123456789abcdef");

    expect(digits == strlen(workload->container_id) && (digits == 0 || digits == WORKLOAD_CONTAINER_DIGITS));
    expect(memmem(path, size, workload->container_id, digits) != NULL);
}

static void check_pod(const struct workload *workload, const char *path, size_t size)
{
    static const char *const separators[] = {"-", "_"};
    size_t digits = strspn(workload->pod_uid, "0123456789abcdef"), length = strlen(workload->pod_uid);

    expect(strspn(workload->pod_uid, "0123456789abcdef-") == length);
    expect((digits == 0 && length == 0) || (digits == 32 && length == 32) || (digits == 8 && length == 36));
    expect(memmem(path, size, workload->pod_uid, digits) != NULL);
    for (size_t i = 0; length == 36 && i < 2; i++)
        if (memmem(path, size, separators[i], 1))
            return;
    expect(length != 36);
}

/* Each name of the unit stands in the path, but those that stand for what is not there, and templates. */
static void check_unit(const struct workload *workload, const char *path, size_t size)
{
    char unit[WORKLOAD_UNIT_SIZE], *rest = unit;

    expect(strlen(workload->unit) > 0 && strlen(workload->unit) < WORKLOAD_UNIT_SIZE);
    strcpy(unit, workload->unit);
    for (const char *name = strsep(&rest, "/"); name; name = strsep(&rest, "/")) {
        const char *at = strstr(name, "@.service");
        size_t length = at ? (size_t)(at - name) + 1 : strlen(name);

        expect(length > 0);
        expect(memmem(path, size, name, length) || !strcmp(name, "...") || !strcmp(name, "-.slice"));
    }
}

static void check_below(const struct workload *workload, const char *path, size_t size)
{
    char *below = malloc(size + 2);
    struct workload again;

    expect(below != NULL);
    memcpy(below, path, size);
    memcpy(below + size, "/x", 2);
    cgroup_path_parse(below, size + 2, &again);
    /* But in the folder of LXC's containers, where it is one. */
    if (size && strncmp(again.unit + strlen(again.unit) - 2, "/x", 2) != 0)
        expect(memcmp(workload, &again, sizeof(again)) == 0);
    free(below);
}

static void check_file(const char *text, size_t size)
{
    const char *path;
    size_t path_size;

    if (!cgroup_path_find(text, size, &path, &path_size))
        return;
    expect(path > text && path + path_size < text + size);
    expect(!memchr(path, '\n', path_size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = (const char *)data;
    struct workload workload;

    cgroup_path_parse(path, size, &workload);
    check_container(&workload, path, size);
    check_pod(&workload, path, size);
    check_unit(&workload, path, size);
    check_below(&workload, path, size);
    check_file(path, size);
    return 0;
}

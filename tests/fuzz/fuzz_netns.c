/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary bytes as mountinfo and as cgroup.procs: nothing is read outside of them, names are valid, and
 * numbers are the same in whichever pieces they come. */

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "collectors/kernel/netns_parse.h"
#include "tests/fuzz/fuzz.h"

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void check_mounts(const char *text, size_t size)
{
    const char *at = text, *before = text;
    struct netns_mount mount;

    while (netns_mount_next(&at, text + size, &mount)) {
        expect(at > before && at <= text + size);
        expect(mount.name[0] && strlen(mount.name) < NETNS_NAME_SIZE && !strchr(mount.name, '/'));
        expect(utf8_valid(mount.name, strlen(mount.name)));
        expect(strlen(mount.path) > strlen(mount.name));
        before = at;
    }
    expect(at == text + size);
}

static void check_pids(const char *text, size_t size)
{
    struct pid_reader whole = {}, pieces = {};
    const char *at = text, *byte = text;
    uint32_t pid, other;

    do {
        pid = pid_next(&whole, &at, text + size);
        for (other = 0; !other && byte < text + size;) {
            const char *begin = byte++;

            other = pid_next(&pieces, &begin, byte);
        }
        expect(pid == other && pid <= INT32_MAX);
    } while (pid);
    expect(at == text + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size ? size : 1);

    expect(text);
    memcpy(text, data, size);
    check_mounts(text, size);
    check_pids(text, size);
    free(text);
    return 0;
}

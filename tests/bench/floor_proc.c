/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of a collector that reads files of /proc: they are kept open, read whole and thrown away. Without
 * a file, snmp's three.
 *
 *     floor_proc [FILE...] COUNT
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/median.h"

enum { FILES_MAX = 8 };

struct files {
    int fds[FILES_MAX];
    unsigned count;
};

static void read_all(void *data)
{
    static char buffer[64 * 1024];
    const struct files *files = data;

    for (unsigned i = 0; i < files->count; i++)
        if (pread(files->fds[i], buffer, sizeof(buffer), 0) <= 0)
            fail("pread");
}

int main(int argc, char *argv[])
{
    static const char *const snmp[] = {"/proc/self/net/snmp", "/proc/self/net/netstat",
                                       "/proc/self/net/snmp6"};
    struct files files = {.count = argc > 2 ? (unsigned)argc - 2 : 3};

    if (argc < 2 || files.count > FILES_MAX)
        fail("floor_proc [FILE...] COUNT");
    for (unsigned i = 0; i < files.count; i++) {
        const char *path = argc > 2 ? argv[1 + i] : snmp[i];

        files.fds[i] = open(path, O_RDONLY | O_CLOEXEC);
        if (files.fds[i] < 0)
            fail(path);
    }
    printf("%llu\n", (unsigned long long)median_cpu_ns(read_all, &files, (unsigned)atoi(argv[argc - 1])));
    return 0;
}

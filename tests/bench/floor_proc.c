/*
 * The floor of an snmp collection: its three files, kept open, read whole and thrown away.
 *
 *     floor_proc COUNT
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/bench/median.h"

enum { FILES = 3 };

static void read_all(void *data)
{
    static char buffer[64 * 1024];
    const int *fds = data;

    for (unsigned i = 0; i < FILES; i++)
        if (pread(fds[i], buffer, sizeof(buffer), 0) <= 0)
            fail("pread");
}

int main(int argc, char *argv[])
{
    static const char *const paths[FILES] = {"/proc/self/net/snmp", "/proc/self/net/netstat",
                                             "/proc/self/net/snmp6"};
    int fds[FILES];

    if (argc != 2)
        fail("floor_proc COUNT");
    for (unsigned i = 0; i < FILES; i++) {
        fds[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
        if (fds[i] < 0)
            fail(paths[i]);
    }
    printf("%llu\n", (unsigned long long)median_cpu_ns(read_all, fds, (unsigned)atoi(argv[1])));
    return 0;
}

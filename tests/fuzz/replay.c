/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz target over every file of its corpus directories, so that each input that ever mattered is an
 * ordinary test. The bytes are copied to an exact-size allocation: the sanitizers see every overrun.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "tests/fuzz/fuzz.h"

DEFINE_CLEANUP(DIR *, closedir)

static int replay_file(const char *path)
{
    _cleanup_(fclosep) FILE *file = fopen(path, "rb");
    _cleanup_(freep) uint8_t *data = NULL;
    struct stat status;
    size_t size;

    if (!file || fstat(fileno(file), &status) < 0)
        return -1;
    size = (size_t)status.st_size;
    data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size)
        return -1;
    LLVMFuzzerTestOneInput(data, size);
    return 0;
}

int main(int argc, char *argv[])
{
    unsigned files = 0;

    for (int i = 1; i < argc; i++) {
        _cleanup_(closedirp) DIR *directory = opendir(argv[i]);
        struct dirent *entry;
        char path[4096];

        while (directory && (entry = readdir(directory))) {
            if (entry->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            if (replay_file(path) < 0) {
                perror(path);
                return 1;
            }
            files++;
        }
    }
    printf("%u inputs replayed\n", files);
    return files ? 0 : 1;
}

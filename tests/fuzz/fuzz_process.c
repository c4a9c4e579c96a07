/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/stat from arbitrary bytes: what is accepted must stand in the text, as whole numbers. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/process/process_parse.h"
#include "tests/fuzz/fuzz.h"

/* The number once more, by the C library. */
static const char *expect(const char *at, uint64_t value)
{
    char *end;

    errno = 0;
    if (strtoull(at, &end, 10) != value || errno || *end != ' ')
        abort();
    return end + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct process_stat stat;
    const char *at;

    if (process_parse_stat((const char *)data, size, &stat) < 0)
        return 0;
    at = (const char *)memrchr(data, ')', size) + 2;
    for (unsigned field = 3; field < 22; field++)
        at = (const char *)memchr(at, ' ', size) + 1;
    at = expect(at, stat.start_ticks);
    at = expect(at, stat.virtual_bytes);
    (void)expect(at, stat.resident_pages);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* softnet_stat from arbitrary bytes: a line that is accepted says, by the C library too, what was read from
 * it. */

#include <stdlib.h>
#include <string.h>

#include "collectors/softnet/softnet_parse.h"
#include "tests/fuzz/fuzz.h"

static void check(bool good)
{
    if (!good)
        abort();
}

/* The columns of the line between `text` and `end`, once more. */
static void check_line(const char *text, const char *end, const struct softnet_line *line)
{
    static const int places[SOFTNET_COUNTER_COUNT] = {0, 1, 2, 10, 8, 9, 11};
    size_t count = 0;
    unsigned long columns[16] = {};

    check(end > text && end[-1] == '\n' && !memchr(text, '\n', (size_t)(end - text) - 1));
    for (char *next; text < end; text = next + 1, count++)
        columns[count < 15 ? count : 15] = strtoul(text, &next, 16);
    check(count >= 9 && line->has_flow_limit == (count >= 11) && line->has_cpu == (count >= 13));
    for (size_t i = 0; i < SOFTNET_COUNTER_COUNT; i++)
        check(line->counters[i] == columns[places[i]]);
    check(line->cpu == columns[12] && line->cpu < SOFTNET_CPUS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data, *begin = at, *end = at + size;
    struct softnet_line line;

    while (softnet_parse_line(&at, end, &line) == 0) {
        check_line(begin, at, &line);
        begin = at;
    }
    check(at == begin);
    return 0;
}

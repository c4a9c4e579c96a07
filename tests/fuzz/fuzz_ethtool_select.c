/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A driver's whole list, lines of the input: no two strings have equal names, the limit holds, and what is
 * kept is in order. The first byte chooses driver, limit and per_queue. */

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "collectors/ethtool/ethtool_select.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/ethtool_fixture.h"

static uint32_t split_lines(const uint8_t *data, size_t size, char *strings, uint32_t max)
{
    uint32_t count = 0;

    while (size > 0 && count < max) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;

        memcpy(strings + (size_t)count++ * ETH_GSTRING_LEN, data,
               length < ETH_GSTRING_LEN ? length : ETH_GSTRING_LEN);
        length += end != NULL;
        data += length;
        size -= length;
    }
    return count;
}

static void check(const struct ethtool_selection *selection, const struct ethtool_statistic *statistics,
                  size_t count, uint32_t strings)
{
    size_t series = 0;

    for (size_t i = 0; i < count; i++) {
        const struct ethtool_name *name = &statistics[i].name, *before = i ? &statistics[i - 1].name : NULL;
        int order = before ? strcmp(before->statistic, name->statistic) : -1;

        if (statistics[i].index >= strings || !(statistics[i].shown || statistics[i].loss))
            abort();
        if (order > 0 || (order == 0 && strcmp(before->queue, name->queue) == 0))
            abort();
        if (!utf8_valid(name->statistic, strlen(name->statistic)))
            abort();
        if (!statistics[i].counter && name->queue[0] != '\0')
            abort();
        if (!statistics[i].shown)
            continue;
        series += order != 0;
        series += selection->per_queue && name->queue[0] != '\0';
    }
    if (series > selection->series_max)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const drivers[] = {"virtio_net", "mlx5_core", "vmxnet3", ""};
    struct glob_storage include, exclude;
    struct ethtool_selection selection = {.include = globs_split(&include, "*")};
    struct ethtool_strings given;
    struct ethtool_selected selected;
    char *strings;

    if (size < 2)
        return 0;
    strings = calloc(FIXTURE_STRINGS_MAX, ETH_GSTRING_LEN);
    if (!strings)
        return 0;
    selection.exclude = globs_split(&exclude, data[0] & 64 ? ETHTOOL_NO_LOSS_GLOBS : "");
    selection.per_queue = data[0] & 4;
    selection.series_max = data[0] & 8 ? 5 : SIZE_MAX;
    given = (struct ethtool_strings){.driver = drivers[data[0] & 3], .strings = strings};
    given.count = split_lines(data + 1, size - 1, strings, FIXTURE_STRINGS_MAX);
    if (ethtool_select(&selection, &given, &selected) < 0)
        abort();
    check(&selection, selected.statistics, selected.count, given.count);
    if (selection.exclude->count == 0 && !selected.cut && selected.count != given.count)
        abort();
    free(selected.statistics);
    free(strings);
    return 0;
}

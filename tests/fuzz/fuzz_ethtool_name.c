/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One driver string: its name is valid UTF-8 in bounds, and where the string is, gives it back exactly. */

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "collectors/ethtool/ethtool_name.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/ethtool_fixture.h"

static void check(const char *raw, const struct ethtool_name *name)
{
    char back[ETH_GSTRING_LEN + 8], plain[ETHTOOL_STATISTIC_MAX];
    size_t size = strnlen(raw, ETH_GSTRING_LEN);
    unsigned number;

    if (!utf8_valid(name->statistic, strlen(name->statistic)))
        abort();
    ethtool_name_plain(name, plain, sizeof(plain));
    if (strlen(plain) > strlen(name->statistic) || !!strchr(name->statistic, '#') != !!strchr(plain, '#'))
        abort();
    if (!utf8_valid(raw, size))
        return;
    if (name_join(name, back, sizeof(back), &number) != size || memcmp(back, raw, size) != 0 || number != 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const drivers[] = {"", "mana", "qede", "hv_netvsc"};
    char *raw = calloc(1, ETH_GSTRING_LEN);
    struct ethtool_name name;

    if (!raw)
        return 0;
    memcpy(raw, data, size < ETH_GSTRING_LEN ? size : ETH_GSTRING_LEN);
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        ethtool_name_split(drivers[i], raw, &name);
        check(raw, &name);
    }
    ethtool_name_whole(raw, &name);
    if (name.queue[0] != '\0')
        abort();
    check(raw, &name);
    free(raw);
    return 0;
}

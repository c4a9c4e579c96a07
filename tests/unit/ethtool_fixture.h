/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The real string lists of drivers in tests/fixtures/ethtool, and the way back from a series to its string.
 */

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/ethtool/ethtool_name.h"
#include "config/option.h"

enum { FIXTURE_STRINGS_MAX = 1024, FIXTURE_GLOBS_MAX = 128 };

/* One file each; what is behind a "+" is not of the driver's name. */
static const char *const fixture_drivers[] = {
    "atlantic", "atlantic+qos", "be2net",    "bnx2x", "bnxt_en",   "cxgb4", "e1000",      "e1000e",
    "ena",      "enic",         "gve",       "hns3",  "hv_netvsc", "i40e",  "iavf",       "ice",
    "idpf",     "igb",          "igc",       "ionic", "iwlwifi",   "ixgbe", "ixgbevf",    "mana",
    "mlx4_en",  "mlx5_core",    "mlx5e_rep", "nfp",   "qede",      "r8169", "rvu-nicpf",  "rvu-nicvf",
    "sfc",      "st_gmac",      "st_xgmac",  "tg3",   "veth",      "vif",   "virtio_net", "virtio_net+6.18",
    "vmxnet3"};

struct fixture {
    char driver[32];
    char strings[FIXTURE_STRINGS_MAX * ETH_GSTRING_LEN]; /* as ETHTOOL_GSTRINGS gives them */
    uint32_t count;
};

static inline void fixture_read(const char *name, struct fixture *ret_fixture)
{
    const char *directory = getenv("FIXTURES");
    char path[512], line[256];
    FILE *file;

    memset(ret_fixture, 0, sizeof(*ret_fixture));
    (void)snprintf(ret_fixture->driver, sizeof(ret_fixture->driver), "%.*s", (int)strcspn(name, "+"), name);
    (void)snprintf(path, sizeof(path), "%s/ethtool/%s.txt", directory ? directory : "tests/fixtures", name);
    file = fopen(path, "r");
    assert(file);
    while (fgets(line, sizeof(line), file)) {
        size_t length = strcspn(line, "\n");

        if (line[0] == '#' && line[1] == ' ')
            continue;
        assert(length <= ETH_GSTRING_LEN && ret_fixture->count < FIXTURE_STRINGS_MAX);
        memcpy(ret_fixture->strings + (size_t)ret_fixture->count++ * ETH_GSTRING_LEN, line, length);
    }
    fclose(file);
    assert(ret_fixture->count > 0);
}

/* Comma-separated globs as a list; both are good until the next call for the same storage. */
struct glob_storage {
    char text[2048];
    char *items[FIXTURE_GLOBS_MAX];
    struct string_list list;
};

static inline const struct string_list *globs_split(struct glob_storage *storage, const char *globs)
{
    char *rest = storage->text, *glob;

    (void)snprintf(storage->text, sizeof(storage->text), "%s", globs);
    storage->list = (struct string_list){.items = storage->items};
    while ((glob = strsep(&rest, ",")) && *glob != '\0' && storage->list.count < FIXTURE_GLOBS_MAX)
        storage->items[storage->list.count++] = glob;
    return &storage->list;
}

/* The inverse of ethtool_name_split() and ethtool_name_whole(): that it exists is the proof that no two
 * strings share a name. Returns the number of bytes. `ret_number`: the n of a numbered name, else 1. */
static inline size_t name_join(const struct ethtool_name *name, char *raw, size_t size, unsigned *ret_number)
{
    size_t length = 0;

    *ret_number = 1;
    for (const char *from = name->statistic; *from != '\0'; from++) {
        if (*from == '\\' && from[1] == '~') {
            *ret_number = (unsigned)strtoul(from + 2, NULL, 10);
            break;
        }
        if (*from == '#') {
            assert(length + strlen(name->queue) <= size);
            memcpy(raw + length, name->queue, strlen(name->queue));
            length += strlen(name->queue);
            continue;
        }
        if (*from == '\\')
            from++;
        assert(length < size);
        raw[length++] = *from;
    }
    return length;
}

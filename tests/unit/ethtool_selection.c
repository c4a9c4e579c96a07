/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints what the default selection takes of the statistics of each driver in tests/fixtures/ethtool, and
 * what it leaves: for tests/golden/ethtool_selection.txt, so that a change of a glob shows in full. No test
 * itself.
 */

#include "collectors/ethtool/ethtool_select.h"
#include "tests/unit/ethtool_fixture.h"

static bool select_strings(const char *include, const char *exclude, const struct fixture *fixture,
                           struct ethtool_selected *ret_selected)
{
    static struct glob_storage included, excluded;
    const struct ethtool_selection selection = {.include = globs_split(&included, include),
                                                .exclude = globs_split(&excluded, exclude),
                                                .series_max = SIZE_MAX};

    return ethtool_select(&selection,
                          &(struct ethtool_strings){.driver = fixture->driver,
                                                    .strings = fixture->strings,
                                                    .count = fixture->count},
                          ret_selected) == 0;
}

/* Statistics are in one order in both; those of a name are neighbours. */
static bool takes(const struct ethtool_selected *taken, const char *statistic)
{
    for (size_t i = 0; i < taken->count; i++)
        if (taken->statistics[i].shown && strcmp(taken->statistics[i].name.statistic, statistic) == 0)
            return true;
    return false;
}

static void print_statistic(const struct ethtool_selected *taken, const struct ethtool_statistic *statistic)
{
    printf("%s %s \"%s\"", takes(taken, statistic->name.statistic) ? "takes" : "leaves",
           statistic->counter ? "counter" : "value", statistic->name.statistic);
    if (statistic->loss)
        printf(" %s %s", nic_direction_name(statistic->loss->direction),
               nic_cause_name(statistic->loss->cause));
    printf("\n");
}

static bool print_driver(const char *name)
{
    static struct fixture fixture;
    struct ethtool_selected all, taken;
    const char *previous = "";

    fixture_read(name, &fixture);
    if (!select_strings("*", "", &fixture, &all))
        return false;
    if (!select_strings(ETHTOOL_LOSS_GLOBS, ETHTOOL_NO_LOSS_GLOBS, &fixture, &taken)) {
        free(all.statistics);
        return false;
    }
    printf("%s\n", name);
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(previous, all.statistics[i].name.statistic) != 0)
            print_statistic(&taken, &all.statistics[i]);
        previous = all.statistics[i].name.statistic;
    }
    free(all.statistics);
    free(taken.statistics);
    return true;
}

int main(void)
{
    for (size_t i = 0; i < sizeof(fixture_drivers) / sizeof(fixture_drivers[0]); i++)
        if (!print_driver(fixture_drivers[i]))
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}

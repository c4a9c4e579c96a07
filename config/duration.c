/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/duration.h"

/* Reads and writes durations such as "500ms". Pure; any thread. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* The largest unit first. */
static const struct {
    const char *name;
    uint64_t ns;
} units[] = {{"h", 3600 * NS_PER_SECOND},
             {"m", 60 * NS_PER_SECOND},
             {"s", NS_PER_SECOND},
             {"ms", NS_PER_SECOND / 1000}};

uint64_t duration_unit(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(units); i++)
        if (strcmp(name, units[i].name) == 0)
            return units[i].ns;
    return 0;
}

void duration_text(uint64_t ns, char text[DURATION_TEXT_MAX])
{
    size_t i = 0;

    while (i + 1 < ELEMENTS(units) && (ns % units[i].ns || ns < units[i].ns))
        i++;
    (void)snprintf(text, DURATION_TEXT_MAX, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
}

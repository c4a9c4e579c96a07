/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_places.h"

/*
 * Remembers which meaning belongs to which place during one reading, because a lookup is slow. The
 * collector's thread.
 */

#include <string.h>

static const char *function_of(const struct ksyms *ksyms, uint64_t location)
{
    const struct ksym *symbol = ksyms_find(ksyms, location);

    return symbol && symbol->function[0] ? symbol->function : "unknown";
}

const struct drop_meaning *drop_places_find(struct drop_places *places, const struct ksyms *ksyms,
                                            struct drop_place place)
{
    for (size_t i = 0; i < places->count; i++) {
        const struct drop_place *known = &places->items[i];

        if (known->location == place.location && known->circumstances == place.circumstances &&
            strcmp(known->reason, place.reason) == 0)
            return known->meaning;
    }
    place.meaning = drop_meaning_find(place.reason, function_of(ksyms, place.location), place.circumstances);
    if (places->count < DROP_PLACES_MAX)
        places->items[places->count++] = place;
    return place.meaning;
}

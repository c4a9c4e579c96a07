/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Remembers meanings that were found, because finding one means to search hundreds. Only for one reading,
 * since more names may become known. Pure memory, one thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "collectors/kernel/ksyms.h"
#include "collectors/meaning/drop_meaning.h"

enum { DROP_PLACES_MAX = 64 };

struct drop_place {
    uint64_t location;
    const char *reason; /* of what is pending */
    unsigned circumstances;
    const struct drop_meaning *meaning;
};

/* Zeroed: none. */
struct drop_places {
    struct drop_place items[DROP_PLACES_MAX];
    size_t count;
};

/* Returns what a drop at this place means, or NULL if that is not known. */
const struct drop_meaning *drop_places_find(struct drop_places *places, const struct ksyms *ksyms,
                                            struct drop_place place);

static inline enum drop_cause drop_places_cause(const struct drop_meaning *meaning)
{
    return meaning ? meaning->cause : CAUSE_UNKNOWN;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/known_sites.h"

/* Remembers the causes of drop sites. Any thread, under the lock of the incidents. */

#include <string.h>

#include "base/hash.h"
#include "collectors/meaning/drop_meaning.h"

static bool is_same(const struct known_site *one, const struct known_site *other)
{
    return one->loss_class == other->loss_class && strcmp(one->function, other->function) == 0 &&
           strcmp(one->reason, other->reason) == 0;
}

const struct known_site *known_sites_find(struct known_sites *sites, const struct trend_counter *counter)
{
    struct known_site site = {.loss_class = counter->meaning->loss_class};
    const struct drop_meaning *meaning;
    struct known_site *known;

    (void)row_set_label(counter->rows, counter->row, "reason", site.reason, sizeof(site.reason));
    (void)row_set_label(counter->rows, counter->row, "function", site.function, sizeof(site.function));
    known = &sites->items[hash_text(hash_text(site.loss_class, site.reason), site.function) % KNOWN_SITES];
    if (!is_same(known, &site)) {
        meaning = drop_meaning_of_class(site.reason, site.function, loss_class_name(site.loss_class));
        site.cause = meaning ? meaning->cause : CAUSE_UNKNOWN;
        *known = site;
    }
    return known;
}

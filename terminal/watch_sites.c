/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch_sites.h"

/* Keeps drop sites, their rates and their last packets for the live view. Main thread. */

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

#define SMOOTH_SECONDS 3.0 /* after so long, most of a change shows */
#define RATE_UNKNOWN   (-1.0)

static void site_free(struct watch_site *site)
{
    for (size_t i = 0; i < site->recent_count; i++)
        free(site->recent[i].stack);
    free(site);
}

void watch_sites_forget(struct watch_sites *sites)
{
    while (sites->count > 0)
        site_free(sites->items[--sites->count]);
    sites->shown_count = 0;
    sites->looked_ns = 0;
}

void watch_sites_done(struct watch_sites *sites)
{
    watch_sites_forget(sites);
    free(sites->items);
    free(sites->shown);
    *sites = (struct watch_sites){};
}

static struct watch_site *find(const struct watch_sites *sites, uint64_t id)
{
    size_t at = array_position(sites->items, sites->count, ->site.id, id);

    return at < sites->count && sites->items[at]->site.id == id ? sites->items[at] : NULL;
}

/* A site that the last answer did not have began to count after it. */
static void rate_update(struct watch_site *site, const struct record_site *now, double seconds)
{
    uint64_t more = now->packets >= site->site.packets ? now->packets - site->site.packets : 0;
    double rate;

    if (!(seconds > 0))
        return;
    rate = (double)more / seconds;
    if (site->rate < 0)
        site->rate = rate;
    else
        site->rate += (rate - site->rate) * seconds / (seconds + SMOOTH_SECONDS);
}

static struct watch_site *site_new(bool first)
{
    struct watch_site *site = calloc(1, sizeof(*site));

    if (site)
        site->rate = first ? RATE_UNKNOWN : 0;
    return site;
}

/* Removes the sites that the daemon has removed. */
static void remove_gone(struct watch_sites *sites, const struct records *records)
{
    size_t kept = 0;

    for (size_t i = 0; i < sites->count; i++)
        if (records_site(records, sites->items[i]->site.id))
            sites->items[kept++] = sites->items[i];
        else
            site_free(sites->items[i]);
    sites->count = kept;
}

static int room_to_show(struct watch_sites *sites)
{
    return sites->count <= sites->shown_capacity
               ? 0
               : array_resize(sites->shown, sites->shown_capacity, sites->capacity);
}

static int add_new(struct watch_sites *sites, const struct records *records)
{
    for (size_t i = 0; i < records->site_count; i++) {
        struct watch_site *site;
        size_t at;

        if (find(sites, records->sites[i].id))
            continue;
        if (array_grow(sites->items, sites->count, sites->capacity) < 0)
            return -ENOMEM;
        site = site_new(!sites->looked_ns);
        if (!site)
            return -ENOMEM;
        site->site.id = records->sites[i].id;
        at = array_position(sites->items, sites->count, ->site.id, site->site.id);
        memmove(sites->items + at + 1, sites->items + at, (sites->count - at) * sizeof(*sites->items));
        sites->items[at] = site;
        sites->count++;
    }
    return room_to_show(sites);
}

static bool passes(const struct record *record, const struct filter *filter)
{
    const struct packet packet = record_packet(record);

    return filter_match(filter, &packet);
}

/* Returns the packet to replace: the oldest that does not pass the filter, else the oldest. */
static size_t least_wanted(const struct watch_site *site, const struct filter *filter)
{
    for (size_t i = site->recent_count; i > 0; i--)
        if (!passes(&site->recent[i - 1], filter))
            return i - 1;
    return site->recent_count - 1;
}

static void remove_recent(struct watch_site *site, size_t i)
{
    free(site->recent[i].stack);
    site->recent_count--;
    memmove(site->recent + i, site->recent + i + 1, (site->recent_count - i) * sizeof(*site->recent));
}

/* Takes ownership of the record, unless it does not pass the filter and all that the site has do: a flood
 * must not push out the few packets that pass. */
static void site_take(struct watch_site *site, struct record *record, const struct filter *filter)
{
    if (site->recent_count == WATCH_RECENT) {
        size_t least = least_wanted(site, filter);

        if (passes(&site->recent[least], filter) && !passes(record, filter))
            return;
        remove_recent(site, least);
    }
    memmove(site->recent + 1, site->recent, site->recent_count * sizeof(*site->recent));
    site->recent[0] = *record;
    site->recent_count++;
    record->stack = NULL;
}

int watch_sites_update(struct watch_sites *sites, struct records *records, const struct filter *filter,
                       uint64_t now_ns)
{
    double seconds = sites->looked_ns ? (double)(now_ns - sites->looked_ns) / (double)NS_PER_SECOND : 0;
    int error;

    sites->shown_count = 0;
    remove_gone(sites, records);
    error = add_new(sites, records);
    for (size_t i = 0; i < sites->count; i++) {
        const struct record_site *now = records_site(records, sites->items[i]->site.id);

        rate_update(sites->items[i], now, seconds);
        sites->items[i]->site = *now;
    }
    for (size_t i = 0; i < records->count; i++) {
        struct watch_site *site = find(sites, records->items[i].site);

        if (site)
            site_take(site, &records->items[i], filter);
    }
    sites->looked_ns = now_ns;
    return error;
}

const struct record *watch_site_packet(const struct watch_site *site, const struct filter *filter,
                                       size_t *index)
{
    while (*index < site->recent_count) {
        const struct record *record = &site->recent[(*index)++];

        if (passes(record, filter))
            return record;
    }
    return NULL;
}

static int compare_numbers(double left, double right)
{
    return (left < right) - (left > right);
}

static uint64_t latest(const struct watch_site *site)
{
    return site->recent_count ? site->recent[0].time_ns : 0;
}

static int compare_totals(const struct watch_site *left, const struct watch_site *right)
{
    return (left->site.packets < right->site.packets) - (left->site.packets > right->site.packets);
}

static int compare_names(const struct watch_site *left, const struct watch_site *right)
{
    int order = strcmp(left->site.function, right->site.function);

    if (!order)
        order = strcmp(left->site.reason, right->site.reason);
    return order ? order : (left->site.id > right->site.id) - (left->site.id < right->site.id);
}

static int compare(const void *left, const void *right, void *context)
{
    const struct watch_site *a = *(const struct watch_site *const *)left;
    const struct watch_site *b = *(const struct watch_site *const *)right;
    enum watch_order by = *(const enum watch_order *)context;
    int order = 0;

    if (by == WATCH_BY_RATE)
        order = compare_numbers(a->rate, b->rate);
    else if (by == WATCH_BY_LATEST)
        order = (latest(a) < latest(b)) - (latest(a) > latest(b));
    if (!order && by != WATCH_BY_NAME)
        order = compare_totals(a, b);
    return order ? order : compare_names(a, b);
}

void watch_sites_arrange(struct watch_sites *sites, enum watch_order order, const struct filter *filter)
{
    bool all = !*filter_text(filter);

    sites->shown_count = 0;
    for (size_t i = 0; i < sites->count && sites->shown_count < sites->shown_capacity; i++) {
        size_t index = 0;

        if (all || watch_site_packet(sites->items[i], filter, &index))
            sites->shown[sites->shown_count++] = sites->items[i];
    }
    if (sites->shown_count)
        qsort_r(sites->shown, sites->shown_count, sizeof(*sites->shown), compare, &order);
}

double watch_sites_rate(const struct watch_sites *sites)
{
    double sum = sites->count ? RATE_UNKNOWN : 0;

    for (size_t i = 0; i < sites->count; i++)
        if (sites->items[i]->rate >= 0)
            sum = (sum < 0 ? 0 : sum) + sites->items[i]->rate;
    return sum;
}

const char *watch_order_name(enum watch_order order)
{
    static const char *const names[] = {
        [WATCH_BY_RATE] = "rate",
        [WATCH_BY_TOTAL] = "total",
        [WATCH_BY_LATEST] = "latest",
        [WATCH_BY_NAME] = "function",
    };

    return names[order];
}

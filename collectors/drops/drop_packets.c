/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_packets.h"

/* Shows recorded packets with names, cut after their headers. The collector's thread. */

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/reference.h"
#include "base/sort.h"
#include "base/utf8.h"
#include "collectors/drops/drop_places.h"
#include "collectors/drops/drop_rows.h"
#include "collectors/drops/packet_headers.h"
#include "collectors/kernel/cgroup_path_parse.h"

static_assert(sizeof(((struct packet_site *)NULL)->function) == KSYM_FUNCTION_SIZE &&
                  sizeof(((struct packet_site *)NULL)->reason) == DROP_REASON_SIZE &&
                  sizeof(((struct packet_site *)NULL)->netns) == DROP_SPACE_SIZE &&
                  sizeof(((struct packet_owner *)NULL)->unit) == WORKLOAD_UNIT_SIZE &&
                  sizeof(((struct packet_owner *)NULL)->pod_uid) == WORKLOAD_POD_SIZE &&
                  (unsigned)PACKET_DATA_SIZE == (unsigned)DROP_RECORD_DATA_SIZE &&
                  (unsigned)PACKET_DEVICE_SIZE == (unsigned)DROP_RECORD_DEVICE_SIZE,
              "texts fit");
static_assert(sizeof(struct packet_record) <= SORT_SIZE_MAX, "records are sorted");

/* A site as it was read, and how many packets its key has. */
struct held {
    struct drop_recorder_site site;
    size_t place;
    uint64_t total;
};

/* What was read from the recorder's memory, before it has names. The arrays are reused. */
struct drop_packets_reading {
    struct drop_packets *packets;
    struct drop_naming *naming;
    const struct drop_recorder *recorder;
    struct packet_records *shown;
    struct held *held;
    size_t held_count, held_capacity;
    struct hash_index by_key; /* indexes `held` */
    uint64_t *cgroups;        /* one for each of shown->owners */
    size_t cgroup_capacity;
    struct hash_index by_cgroup;
    struct drop_record_stack *chains; /* one for each of shown->records; NULL: no stacks */
    size_t chain_capacity;
    uint64_t clock_offset_ns; /* from CLOCK_BOOTTIME to CLOCK_REALTIME */
};

static void reading_free(struct drop_packets_reading *reading)
{
    if (!reading)
        return;
    free(reading->held);
    free(reading->cgroups);
    free(reading->chains);
    hash_index_done(&reading->by_key);
    hash_index_done(&reading->by_cgroup);
    free(reading);
}

void drop_packets_rest(struct drop_packets *packets)
{
    for (size_t i = 0; i < DROP_PACKETS_SHOWN; i++)
        packets->shown[i] = packet_records_unref(packets->shown[i]);
    reading_free(packets->reading);
    packets->reading = NULL;
}

void drop_packets_done(struct drop_packets *packets)
{
    drop_packets_rest(packets);
    free(packets->totals);
    *packets = (struct drop_packets){};
}

static uint64_t key_hash(const struct drop_recorder_key *key)
{
    uint64_t hash = hash_word(HASH_EMPTY, key->location);

    hash = hash_word(hash, (uint64_t)key->netns << 32 | key->ifindex);
    return hash_word(hash, (uint64_t)key->reason << 32 | key->circumstances);
}

static void count_total(const struct drop_recorder_key *key, uint64_t count, void *data)
{
    struct drop_packets_reading *reading = data;
    size_t i = hash_index_find(&reading->by_key, key_hash(key), item,
                               memcmp(&reading->held[item].site.key, key, sizeof(*key)) == 0);

    if (i != HASH_NONE)
        reading->held[i].total += count;
}

/* Reads the sites, and notes which names they need. Returns -ENOMEM if memory runs out. */
static int read_sites(struct drop_packets_reading *reading)
{
    struct drop_recorder_site site;
    int error = 0;

    for (size_t place = 0; place < reading->recorder->used && error == 0; place++) {
        bool there = drop_recorder_site(reading->recorder, place, &site);

        if (!site.generation)
            break;
        if (!there)
            continue;
        error = array_grow(reading->held, reading->held_count, reading->held_capacity);
        if (error == 0)
            error = hash_index_add(&reading->by_key, key_hash(&site.key), reading->held_count);
        if (error == 0)
            error = drop_naming_want(reading->naming, site.key.location, NULL);
        if (error == 0)
            reading->held[reading->held_count++] = (struct held){.site = site, .place = place};
    }
    return error;
}

/* Finds or adds the owner of the control group. Returns -ENOMEM if memory runs out. */
static int owner_of(struct drop_packets_reading *reading, uint64_t cgroup, uint32_t *ret_owner)
{
    const struct drop_book *book = &reading->naming->book;
    struct packet_records *shown = reading->shown;
    uint64_t hash = hash_word(HASH_EMPTY, cgroup);
    size_t i = hash_index_find(&reading->by_cgroup, hash, item, reading->cgroups[item] == cgroup);
    char path[DROP_CGROUP_PATH_SIZE];
    struct workload who;

    *ret_owner = (uint32_t)i;
    if (i != HASH_NONE)
        return 0;
    *ret_owner = PACKET_OWNER_NONE;
    if (!cgroup || !book->source->cgroup || !book->source->cgroup(book->source_state, cgroup, path))
        return 0;
    if (array_grow(shown->owners, shown->owner_count, shown->owner_capacity) < 0 ||
        array_grow(reading->cgroups, shown->owner_count, reading->cgroup_capacity) < 0 ||
        hash_index_add(&reading->by_cgroup, hash, shown->owner_count) < 0)
        return -ENOMEM;
    utf8_mend(path);
    cgroup_path_parse(path[0] ? path : "/", path[0] ? strlen(path) : 1, &who);
    *ret_owner = (uint32_t)shown->owner_count;
    reading->cgroups[shown->owner_count] = cgroup;
    memcpy(shown->owners[shown->owner_count].unit, who.unit, sizeof(who.unit));
    memcpy(shown->owners[shown->owner_count].container_id, who.container_id, sizeof(who.container_id));
    memcpy(shown->owners[shown->owner_count].pod_uid, who.pod_uid, sizeof(who.pod_uid));
    shown->owner_count++;
    return 0;
}

/* Returns how many bytes of the record are shown. */
static size_t shown_size(const struct drop_packets *packets, const struct drop_record *record)
{
    size_t headers =
        packet_headers_size(&(struct packet_view){.data = record->data,
                                                  .size = record->size,
                                                  .ethernet = record->link == DROP_RECORD_ETHERNET,
                                                  .protocol = record->protocol});

    if (headers >= packets->keep)
        return headers;
    return packets->keep < record->size ? packets->keep : record->size;
}

static int add_record(struct drop_packets_reading *reading, uint32_t site, const struct drop_record *record)
{
    struct packet_records *shown = reading->shown;
    struct packet_record *to;
    uint32_t owner;

    if (array_grow(shown->records, shown->record_count, shown->record_capacity) < 0 ||
        owner_of(reading, record->cgroup, &owner) < 0)
        return -ENOMEM;
    to = &shown->records[shown->record_count++];
    *to = (struct packet_record){
        .sequence = record->sequence,
        .time_ns = record->time_ns + reading->clock_offset_ns,
        .site = site,
        .owner = owner,
        .stack = PACKET_STACK_NONE,
        .length = record->length,
        .protocol = record->protocol,
        .link_type = record->link == DROP_RECORD_ETHERNET ? PACKET_ETHERNET : PACKET_RAW,
        .size = (uint8_t)shown_size(reading->packets, record),
    };
    memcpy(to->device, record->device, sizeof(to->device));
    utf8_mend(to->device);
    memcpy(to->data, record->data, to->size);
    return 0;
}

static int want_chain(struct drop_packets_reading *reading, const struct drop_record_stack *stack)
{
    size_t at = reading->shown->record_count;
    int error = array_grow(reading->chains, at, reading->chain_capacity);

    for (size_t i = 0; i < DROP_RECORD_STACK_DEPTH && stack->addresses[i] && error == 0; i++)
        error = drop_naming_want(reading->naming, stack->addresses[i], NULL);
    if (error == 0)
        reading->chains[at] = *stack;
    return error;
}

/* Reads the records of all sites. Returns -ENOMEM if memory runs out. */
static int read_records(struct drop_packets_reading *reading)
{
    struct drop_record_stack stack;
    struct drop_record record;
    int error = 0;

    for (size_t i = 0; i < reading->held_count && error == 0; i++) {
        const struct held *held = &reading->held[i];

        for (unsigned slot = 0; slot < DROP_RECORDS_PER_SITE && error == 0; slot++) {
            if (!drop_recorder_record(reading->recorder, held->place, slot, &held->site, &record, &stack))
                continue;
            if (reading->recorder->stacks)
                error = want_chain(reading, &stack);
            if (error == 0)
                error = add_record(reading, (uint32_t)i, &record);
        }
    }
    return error;
}

/* Returns how many packets the site had. A key that lost its place and comes back is a new site. */
static uint64_t packets_of(struct drop_packets *packets, const struct held *held)
{
    struct drop_place_total *total = &packets->totals[held->place];

    if (total->generation != held->site.generation)
        *total = (struct drop_place_total){.generation = held->site.generation};
    total->packets += held->total >= total->last ? held->total - total->last : held->total;
    total->last = held->total;
    return total->packets;
}

/* Returns the namespace's name, if it has one and names are asked for; else its kind. */
static const char *netns_of(const struct drop_naming *naming, uint32_t netns)
{
    const char *name = "";

    if (naming->label_netns && netns >> DROP_NETNS_BITS)
        name = drop_spaces_name(&naming->book.spaces, netns >> DROP_NETNS_BITS);
    return name[0] ? name : drop_netns_name(netns & DROP_NETNS_KINDS);
}

static void name_site(const struct drop_packets_reading *reading, struct drop_places *places,
                      const struct held *held, struct packet_site *site)
{
    const struct drop_naming *naming = reading->naming;
    const struct drop_recorder_key *key = &held->site.key;
    const struct ksym *symbol = ksyms_find(&naming->ksyms, key->location);
    const struct cause_meaning *meaning;

    *site = (struct packet_site){.number = (uint64_t)held->site.generation / 2 * reading->recorder->count +
                                           held->place,
                                 .packets = packets_of(reading->packets, held)};
    strcpy(site->function, symbol && symbol->function[0] ? symbol->function : "unknown");
    site->offset = symbol ? symbol->offset : 0;
    naming->book.source->reason(naming->book.source_state, key->reason, site->reason);
    meaning = &cause_meanings[drop_places_cause(drop_places_find(
        places, &naming->ksyms,
        (struct drop_place){
            .location = key->location, .reason = site->reason, .circumstances = key->circumstances}))];
    site->cause = meaning->name;
    site->loss_class = loss_class_name(meaning->loss_class);
    memcpy(site->device, held->site.device, sizeof(site->device));
    utf8_mend(site->device);
    strcpy(site->netns, netns_of(naming, key->netns));
}

/* Writes "function+0x2f1" lines from the function that dropped on. Earlier frames belong to the tracing. */
static size_t chain_text(const struct drop_packets_reading *reading, const struct packet_record *record,
                         const struct drop_record_stack *stack)
{
    struct buffer *stacks = &reading->shown->stacks;
    size_t begin = stacks->size, first = 0;

    for (size_t i = 0; i < DROP_RECORD_STACK_DEPTH; i++)
        if (stack->addresses[i] == reading->held[record->site].site.key.location)
            first = i;
    for (size_t i = first; i < DROP_RECORD_STACK_DEPTH && stack->addresses[i]; i++) {
        const struct ksym *symbol = ksyms_find(&reading->naming->ksyms, stack->addresses[i]);

        if (symbol && symbol->function[0])
            buffer_printf(stacks, "%s+0x%x\n", symbol->function, symbol->offset);
        else
            buffer_printf(stacks, "0x%llx\n", (unsigned long long)stack->addresses[i]);
    }
    buffer_append(stacks, "", 1);
    return begin;
}

static int compare_records(const void *a, const void *b)
{
    const struct packet_record *left = a, *right = b;

    return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

/* Names all that was read. Returns -ENOMEM if memory runs out. */
static int name_all(struct drop_packets_reading *reading)
{
    const struct drop_book *book = &reading->naming->book;
    struct packet_records *shown = reading->shown;
    struct drop_places places = {};
    int error = ksyms_resolve(&reading->naming->ksyms);

    if (error < 0 || !reading->held_count)
        return error;
    if (shown->site_capacity < reading->held_count &&
        array_resize(shown->sites, shown->site_capacity, reading->held_count) < 0)
        return -ENOMEM;
    book->source->totals(book->source_state, count_total, reading);
    for (; shown->site_count < reading->held_count; shown->site_count++)
        name_site(reading, &places, &reading->held[shown->site_count], &shown->sites[shown->site_count]);
    for (size_t i = 0; reading->recorder->stacks && i < shown->record_count; i++)
        shown->records[i].stack = chain_text(reading, &shown->records[i], &reading->chains[i]);
    sort_items(shown->records, shown->record_count, sizeof(*shown->records), compare_records);
    return shown->stacks.error;
}

static int packets_init(struct drop_packets *packets, size_t count)
{
    if (packets->count == count)
        return 0;
    free(packets->totals);
    packets->count = 0;
    packets->totals = calloc(count, sizeof(*packets->totals));
    if (!packets->totals)
        return -ENOMEM;
    packets->count = count;
    return 0;
}

/* Returns an empty set, of which the caller owns a reference, or NULL if memory runs out. */
static struct packet_records *shown_take(struct drop_packets *packets, const char *source)
{
    for (size_t i = 0; i < DROP_PACKETS_SHOWN; i++) {
        struct packet_records **shown = &packets->shown[i];

        if (!*shown)
            *shown = packet_records_new(source);
        if (*shown && packet_records_reset(*shown)) {
            reference_take(&(*shown)->attachment.references);
            return *shown;
        }
    }
    return packet_records_new(source);
}

/* Empties the last reading, but keeps its memory. Returns -ENOMEM if memory runs out. */
static int reading_begin(struct drop_packets *packets, struct drop_naming *naming,
                         const struct drop_recorder *recorder)
{
    struct drop_packets_reading *reading = packets->reading;

    if (!reading)
        reading = packets->reading = calloc(1, sizeof(*reading));
    if (!reading)
        return -ENOMEM;
    reading->packets = packets;
    reading->naming = naming;
    reading->recorder = recorder;
    reading->held_count = 0;
    hash_index_clear(&reading->by_key);
    hash_index_clear(&reading->by_cgroup);
    reading->clock_offset_ns = clock_realtime_ns() - clock_boottime_ns();
    return packets_init(packets, recorder->count);
}

int drop_packets_show(struct drop_packets *packets, struct drop_naming *naming,
                      const struct drop_recorder *recorder, struct snapshot *draft)
{
    struct packet_records *shown;
    int error;

    if (!recorder->count)
        return 0;
    error = reading_begin(packets, naming, recorder);
    shown = error == 0 ? shown_take(packets, naming->book.source->name) : NULL;
    if (!shown)
        return error < 0 ? error : -ENOMEM;
    packets->reading->shown = shown;
    error = read_sites(packets->reading);
    if (error == 0)
        error = read_records(packets->reading);
    if (error == 0)
        error = name_all(packets->reading);
    if (error == 0)
        snapshot_attach(draft, &shown->attachment);
    (void)packet_records_unref(shown);
    return error;
}

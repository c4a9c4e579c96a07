/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_recording.h"

/*
 * Records some of the packets that drop_monitor reports. The collector's thread writes and reads them, so no
 * lock is needed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define WINDOW_NS (4 * NS_PER_SECOND / 1000)

enum { ETHERNET_SIZE = 14, ETHERNET_TYPE = 12, TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, IPV6_SIZE = 40 };

int drop_recording_init(struct drop_recording *recording, size_t sites)
{
    struct drop_recording made = {};

    if (sites) {
        made.sites = calloc(sites, sizeof(*made.sites));
        made.records = calloc(sites * DROP_RECORDS_PER_SITE, sizeof(*made.records));
        made.packets = calloc(sites, sizeof(*made.packets));
        made.reasons = calloc(DROP_RECORDING_REASONS_MAX, sizeof(*made.reasons));
    }
    made.recorder = (struct drop_recorder){.sites = made.sites, .records = made.records, .count = sites};
    if (sites && (!made.sites || !made.records || !made.packets || !made.reasons ||
                  hash_index_reserve(&made.by_key, sites) < 0)) {
        drop_recording_done(&made);
        return -ENOMEM;
    }
    *recording = made;
    return 0;
}

void drop_recording_done(struct drop_recording *recording)
{
    free(recording->sites);
    free(recording->records);
    free(recording->packets);
    free(recording->reasons);
    hash_index_done(&recording->by_key);
    *recording = (struct drop_recording){};
}

/* Returns the number of a reason, from 1 on, or 0 if it has no name or there are too many. */
static uint32_t reason_number(struct drop_recording *recording, const char *text)
{
    if (!text[0])
        return 0;
    for (size_t i = 0; i < recording->reason_count; i++)
        if (strcmp(recording->reasons[i], text) == 0)
            return (uint32_t)i + 1;
    if (recording->reason_count == DROP_RECORDING_REASONS_MAX)
        return 0;
    strcpy(recording->reasons[recording->reason_count], text);
    return (uint32_t)++recording->reason_count;
}

const char *drop_recording_reason(const struct drop_recording *recording, uint32_t reason)
{
    return reason && reason <= recording->reason_count ? recording->reasons[reason - 1] : "";
}

static uint64_t key_hash(const struct drop_recorder_key *key)
{
    return hash_word(hash_word(HASH_EMPTY, key->location), key->reason);
}

/* Returns the site that has been idle longest, or the number of sites if none has been idle for long
 * enough. */
static size_t site_idle(struct drop_recording *recording, uint32_t window)
{
    size_t count = recording->recorder.count, best = count;
    uint32_t longest = DROP_RECORDS_IDLE - 1;

    if ((int32_t)(window - recording->full) < 0)
        return count;
    for (size_t i = 0; i < count; i++) {
        uint32_t idle = window - recording->sites[i].seen;

        if (idle <= longest)
            continue;
        longest = idle;
        best = i;
    }
    if (best == count)
        recording->full = window + DROP_RECORDS_PACE;
    return best;
}

/* Gives the site to the key, and removes the packets of its predecessor. */
static void site_give(struct drop_recording *recording, size_t site, const struct drop_recorder_key *key,
                      uint32_t window)
{
    bool again = site < recording->used;

    recording->sites[site] = (struct drop_recorder_site){
        .generation = recording->sites[site].generation + 2, .seen = window, .due = window, .key = *key};
    recording->packets[site] = 0;
    if (!again) {
        recording->used++;
        (void)hash_index_add(&recording->by_key, key_hash(key), site); /* cannot fail: room is reserved */
        return;
    }
    hash_index_clear(&recording->by_key);
    for (size_t i = 0; i < recording->used; i++)
        (void)hash_index_add(&recording->by_key, key_hash(&recording->sites[i].key), i);
}

/* Returns the key's site, or NULL if there is no room. */
static struct drop_recorder_site *site_find(struct drop_recording *recording,
                                            const struct drop_recorder_key *key, uint32_t window)
{
    size_t site = hash_index_find(&recording->by_key, key_hash(key), item,
                                  memcmp(&recording->sites[item].key, key, sizeof(*key)) == 0);

    if (site == HASH_NONE) {
        site = recording->used < recording->recorder.count ? recording->used : site_idle(recording, window);
        if (site == recording->recorder.count)
            return NULL;
        site_give(recording, site, key, window);
    }
    recording->packets[site]++;
    return &recording->sites[site];
}

/* Returns the slot for this packet, or DROP_RECORDS_PER_SITE if none is due. */
static unsigned slot_take(struct drop_recorder_site *site, uint32_t window)
{
    int32_t ahead = (int32_t)(site->due - window);
    uint32_t taken;

    if (ahead < 0)
        ahead = 0;
    site->seen = window;
    if (site->taken >= DROP_RECORDS_FIRST) {
        if (ahead > (DROP_RECORDS_RING - 1) * DROP_RECORDS_PACE)
            return DROP_RECORDS_PER_SITE;
        site->due = window + (uint32_t)ahead + DROP_RECORDS_PACE;
    }
    taken = site->taken++;
    return taken < DROP_RECORDS_FIRST ? taken : DROP_RECORDS_FIRST + taken % DROP_RECORDS_RING;
}

/* Returns true if the bytes begin with an IP header and are the whole packet. */
static bool is_ip(const struct drop_payload *payload)
{
    const uint8_t *data = payload->data;
    size_t length = payload->size >= ETHERNET_SIZE ? (size_t)data[2] << 8 | data[3] : 0;

    if (payload->protocol == TYPE_IPV4)
        return length == payload->length && data[0] >> 4 == 4;
    length = payload->size >= ETHERNET_SIZE ? ((size_t)data[4] << 8 | data[5]) + IPV6_SIZE : 0;
    return payload->protocol == TYPE_IPV6 && length == payload->length && data[0] >> 4 == 6;
}

/* Says whether the bytes begin with an Ethernet header. The kernel reports no packet without a link-layer
 * header (net_dm_packet_trace_kfree_skb_hit(), net/core/drop_monitor.c), and the bytes begin there. But it
 * does not say which kind of header, and for a link without one (tun) this is the network header. If the
 * ethertype fits, the header is Ethernet's. An offloaded packet may be longer than its header says. */
static uint8_t link_of(const struct drop_payload *payload)
{
    const uint8_t *type = &payload->data[ETHERNET_TYPE];

    if (payload->size < ETHERNET_SIZE || is_ip(payload))
        return DROP_RECORD_RAW;
    return (type[0] << 8 | type[1]) == payload->protocol ? DROP_RECORD_ETHERNET : DROP_RECORD_RAW;
}

static void record_write(struct drop_recording *recording, struct drop_record *record, uint32_t generation,
                         const struct drop_payload *payload)
{
    size_t size = payload->size < sizeof(record->data) ? payload->size : sizeof(record->data);

    *record = (struct drop_record){
        .generation = generation,
        .sequence = ++recording->recorded,
        .time_ns = payload->time_ns,
        .length = payload->length,
        .protocol = payload->protocol,
        .link = link_of(payload),
        .size = (uint8_t)size,
    };
    memcpy(record->data, payload->data, size);
}

void drop_recording_add(struct drop_recording *recording, const struct drop_packet *packet,
                        const struct drop_payload *payload, uint64_t now_ns)
{
    struct drop_recorder_key key = {.location = packet->location};
    uint32_t window = (uint32_t)(now_ns / WINDOW_NS);
    struct drop_recorder_site *site;
    unsigned slot;

    if (!recording->recorder.count || !packet->location)
        return;
    key.reason = reason_number(recording, packet->reason);
    site = site_find(recording, &key, window);
    if (!site) {
        recording->unrecorded++;
        return;
    }
    slot = slot_take(site, window);
    if (slot < DROP_RECORDS_PER_SITE)
        record_write(recording,
                     &recording->records[(size_t)(site - recording->sites) * DROP_RECORDS_PER_SITE + slot],
                     site->generation, payload);
}

void drop_recording_totals(const struct drop_recording *recording,
                           void (*each)(const struct drop_recorder_key *key, uint64_t count, void *data),
                           void *data)
{
    for (size_t i = 0; i < recording->used; i++)
        each(&recording->sites[i].key, recording->packets[i], data);
}

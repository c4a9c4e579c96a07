/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_recorder.h"

/*
 * Copies packets from the memory that the BPF program writes, without stopping it. Any thread. A record that
 * is being written, or was written during the copy, is copied again. The kernel writes a record in a few
 * hundred nanoseconds, and seldom writes the same one several times in a row. If a record is not complete
 * after a few tries, its writer was stopped (a virtual CPU), and it is skipped.
 */

#include <linux/if_ether.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

enum { TRIES = 16, TAG_SIZE = 4 };

/* A part of the memory. It begins with a number that tells whether a copy is complete. */
struct part {
    const void *from;
    void *to;
    size_t size;
};

static bool copy_whole(const struct part *parts, size_t count)
{
    const _Atomic uint32_t *number = parts[0].from;

    for (unsigned i = 0; i < TRIES; i++) {
        uint32_t before = atomic_load_explicit(number, memory_order_acquire);

        if (before & 1)
            continue;
        for (size_t k = 0; k < count; k++)
            memcpy(parts[k].to, parts[k].from, parts[k].size);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(number, memory_order_relaxed) == before)
            return true;
    }
    return false;
}

bool drop_recorder_site(const struct drop_recorder *recorder, size_t place,
                        struct drop_recorder_site *ret_site)
{
    const struct part part = {.from = &recorder->sites[place], .to = ret_site, .size = sizeof(*ret_site)};

    ret_site->generation = 1; /* if nothing was copied, it is not unused */
    if (!copy_whole(&part, 1))
        return false;
    ret_site->device[sizeof(ret_site->device) - 1] = '\0';
    return ret_site->key.location != 0;
}

/* Puts the VLAN tag back that the kernel keeps beside the packet, between the addresses and the ethertype. */
static void put_vlan(struct drop_record *record)
{
    const uint8_t tag[TAG_SIZE] = {(uint8_t)(record->vlan_protocol >> 8), (uint8_t)record->vlan_protocol,
                                   (uint8_t)(record->vlan_tag >> 8), (uint8_t)record->vlan_tag};
    uint8_t *at = record->data + 2 * ETH_ALEN;
    size_t size = record->size + sizeof(tag), room = sizeof(record->data);

    if (!record->vlan_protocol || record->link != DROP_RECORD_ETHERNET || record->size < ETH_HLEN)
        return;
    if (size > room)
        size = room;
    memmove(at + sizeof(tag), at, size - sizeof(tag) - 2 * ETH_ALEN);
    memcpy(at, tag, sizeof(tag));
    record->size = (uint8_t)size;
    record->length += sizeof(tag);
    record->protocol = record->vlan_protocol;
}

bool drop_recorder_record(const struct drop_recorder *recorder, size_t place, unsigned slot,
                          const struct drop_recorder_site *site, struct drop_record *ret_record,
                          struct drop_record_stack *ret_stack)
{
    size_t at = place * DROP_RECORDS_PER_SITE + slot;
    const struct part parts[] = {
        {.from = &recorder->records[at], .to = ret_record, .size = sizeof(*ret_record)},
        {.from = recorder->stacks ? &recorder->stacks[at] : NULL,
         .to = ret_stack,
         .size = sizeof(*ret_stack)},
    };

    if (!copy_whole(parts, recorder->stacks ? 2 : 1) || !ret_record->sequence ||
        ret_record->generation != site->generation)
        return false;
    ret_record->device[sizeof(ret_record->device) - 1] = '\0';
    if (ret_record->size > sizeof(ret_record->data))
        ret_record->size = sizeof(ret_record->data);
    put_vlan(ret_record);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_device.h"

/*
 * Keeps what is known of each device between two collections: driver, strings, moves. The ethtool collector's
 * thread.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/hash.h"
#include "collectors/ethtool/ethtool_inherit.h"

enum { TURN_SHARE = 16 }; /* in so many collections, the strings of every device are compared once */

static void devices_free(void *left);

static void device_free(struct ethtool_device *device)
{
    if (!device)
        return;
    free(device->selected.statistics);
    free(device->moves);
    free(device);
}

bool ethtool_device_is(const struct ethtool_device *device, const struct link *link)
{
    return device->born == link->born && strcmp(device->name, link->name) == 0 &&
           strcmp(device->label, link->device) == 0 && strcmp(device->kind, link->kind) == 0;
}

/* Links of hardware may have a kind as well (dsa, ipoib, can, wwan). Since 5.14 the kernel names their parent
 * device. Software devices have none (veth, bridge, tun, ...). */
static bool is_hardware(const struct link *link)
{
    return strcmp(link->kind, "physical") == 0 || link->bus[0] != '\0';
}

/* Takes over the sums that the collector's last instance kept for this device. They count as those of
 * statistics that are gone, until the driver has named its statistics. */
static void device_inherit(struct ethtool_device *device, struct ethtool_devices *before)
{
    struct ethtool_device *last;
    size_t position;

    if (!before)
        return;
    position = array_position(before->items, before->count, ->ifindex, device->ifindex);
    last = position < before->count ? before->items[position] : NULL;
    if (!last || last->ifindex != device->ifindex || strcmp(last->name, device->name) != 0)
        return;
    device->selected = last->selected;
    last->selected = (struct ethtool_selected){};
    for (size_t i = 0; i < device->selected.count; i++)
        device->selected.statistics[i].gone = true;
}

static struct ethtool_device *device_new(const struct link *link, bool virtual_devices)
{
    struct ethtool_device *device = calloc(1, sizeof(*device));

    if (!device)
        return NULL;
    device->ifindex = link->ifindex;
    device->born = link->born;
    strcpy(device->name, link->name);
    strcpy(device->label, link->device);
    strcpy(device->kind, link->kind);
    device->wants_statistics = virtual_devices || is_hardware(link);
    device->load_due = true;
    return device;
}

/* Returns the device of the link: the known one, taken out of `known`, or a new one. */
static struct ethtool_device *device_for(struct ethtool_device **known, const struct link *link,
                                         bool virtual_devices, struct ethtool_devices *before)
{
    struct ethtool_device *device;

    if (known && ethtool_device_is(*known, link))
        return take_ptr(*known);
    device = device_new(link, virtual_devices);
    if (device)
        device_inherit(device, before);
    return device;
}

int ethtool_devices_update(struct ethtool_devices *devices, const struct link_table *links,
                           const struct device_filter *filter, bool virtual_devices, bool *ret_changed)
{
    struct ethtool_devices next = {.generation = links->generation, .turn = devices->turn};
    size_t known = 0;

    if (devices->generation == links->generation)
        return 0;
    next.items = calloc(links->count ? links->count : 1, sizeof(*next.items));
    if (!next.items)
        return -ENOMEM;
    for (size_t i = 0; i < links->count; i++) {
        const struct link *link = links->items[i];
        struct ethtool_device *device, **same = NULL;
        const struct ethtool_device *was;

        if (!device_filter_match(filter, link->device, link->kind))
            continue;
        while (known < devices->count && devices->items[known]->ifindex < link->ifindex)
            known++;
        if (known < devices->count && devices->items[known]->ifindex == link->ifindex)
            same = &devices->items[known++];
        was = same ? *same : NULL;
        device = device_for(same, link, virtual_devices, devices->before);
        *ret_changed |= device != was;
        if (!device) {
            /* Devices already taken out of the known ones are lost too: the next round makes all anew. */
            ethtool_devices_done(&next);
            ethtool_devices_done(devices);
            return -ENOMEM;
        }
        next.items[next.count++] = device;
    }
    if (next.count != devices->count)
        *ret_changed = true;
    ethtool_devices_done(devices);
    *devices = next;
    return 0;
}

void ethtool_devices_done(struct ethtool_devices *devices)
{
    for (size_t i = 0; i < devices->count; i++)
        device_free(devices->items[i]);
    free(devices->items);
    if (devices->before)
        devices_free(devices->before);
    *devices = (struct ethtool_devices){};
}

static void devices_free(void *left)
{
    struct ethtool_devices *devices = left;

    ethtool_devices_done(devices);
    free(devices);
}

/* If this instance has not looked at any device yet, leaves what its predecessor had left. */
void ethtool_devices_leave(struct ethtool_devices *devices, struct handover *handover)
{
    struct ethtool_devices *left = devices->items ? malloc(sizeof(*left)) : take_ptr(devices->before);

    if (left && devices->items) {
        *left = *devices;
        *devices = (struct ethtool_devices){};
    }
    if (left)
        handover_leave(handover, left, devices_free);
    ethtool_devices_done(devices);
}

void ethtool_devices_take(struct ethtool_devices *devices, struct handover *handover)
{
    devices->before = handover_take(handover);
}

const struct ethtool_device *ethtool_devices_find(const struct ethtool_devices *devices, int ifindex,
                                                  size_t *hint)
{
    size_t position;

    if (*hint < devices->count && devices->items[*hint]->ifindex == ifindex)
        return devices->items[*hint];
    position = array_position(devices->items, devices->count, ->ifindex, ifindex);
    if (position == devices->count || devices->items[position]->ifindex != ifindex)
        return NULL;
    *hint = position;
    return devices->items[position];
}

void ethtool_devices_turn(struct ethtool_devices *devices)
{
    size_t share = (devices->count + TURN_SHARE - 1) / TURN_SHARE;

    for (size_t i = 0; i < share; i++)
        devices->items[devices->turn++ % devices->count]->load_due = true;
}

static uint64_t hash_strings(const char *strings, uint32_t count)
{
    uint64_t hash = HASH_EMPTY, word;

    for (size_t i = 0; i < (size_t)count * ETH_GSTRING_LEN; i += sizeof(word)) {
        memcpy(&word, strings + i, sizeof(word));
        hash = hash_word(hash, word);
    }
    return hash;
}

static void load_info(struct ethtool_device *device, struct ethtool_ioctl *ethtool, bool *ret_changed)
{
    struct ethtool_drvinfo info;
    bool has_info = ethtool_ioctl_driver(ethtool, device->name, &info) == 0;

    if (has_info == device->has_info && (!has_info || memcmp(&info, &device->info, sizeof(info)) == 0))
        return;
    device->has_info = has_info;
    if (has_info)
        device->info = info;
    *ret_changed = true;
}

/* Takes ownership of the selection, and adds the sums of the old one to it. */
static int set_selected(struct ethtool_device *device, struct ethtool_selected *selected,
                        struct limits *limits)
{
    bool cut;
    int error = ethtool_inherit(selected, &device->selected, &cut);

    if (error < 0) {
        free(selected->statistics);
        return error;
    }
    if (cut || selected->cut)
        limit_hit(limits, LIMIT_STATISTICS);
    free(device->selected.statistics);
    device->selected = *selected;
    return 0;
}

/*
 * Called if there are no strings. Only a driver that never had statistics certainly has none. A driver that
 * is being reset has none for a moment, or seems to be absent (dev_ethtool() returns ENODEV for a device that
 * its driver detached). It is asked again in the next round.
 */
static int forget_strings(struct ethtool_device *device, int error, struct limits *limits, bool *ret_changed)
{
    struct ethtool_selected nothing = {};

    if (error == -E2BIG)
        limit_hit(limits, LIMIT_STATISTICS);
    device->load_due = error != -E2BIG && (error != -EOPNOTSUPP || device->had_strings);
    if (device->count == 0)
        return 0;
    *ret_changed = true;
    device->count = 0;
    return set_selected(device, &nothing, limits);
}

static int load_strings(struct ethtool_device *device, struct ethtool_ioctl *ethtool,
                        const struct ethtool_selection *selection, struct limits *limits, bool *ret_changed)
{
    struct ethtool_strings strings = {.driver = device->info.driver};
    struct ethtool_selected selected;
    uint64_t hash;
    int error = ethtool_ioctl_count(ethtool, device->name, &strings.count);

    if (error == 0)
        error = ethtool_ioctl_strings(ethtool, device->name, strings.count, &strings.strings);
    if (error < 0)
        return forget_strings(device, error, limits, ret_changed);
    device->load_due = false;
    hash = hash_strings(strings.strings, strings.count);
    if (strings.count == device->count && hash == device->hash)
        return 0;
    error = ethtool_select(selection, &strings, &selected);
    if (error == 0)
        error = set_selected(device, &selected, limits);
    if (error < 0)
        return error;
    device->had_strings = true;
    device->count = strings.count;
    device->hash = hash;
    *ret_changed = true;
    return 0;
}

int ethtool_device_load(struct ethtool_device *device, struct ethtool_ioctl *ethtool,
                        const struct ethtool_selection *selection, struct limits *limits, bool *ret_changed)
{
    if (!device->load_due)
        return 0;
    load_info(device, ethtool, ret_changed);
    if (device->wants_statistics)
        return load_strings(device, ethtool, selection, limits, ret_changed);
    device->load_due = false;
    return 0;
}

int ethtool_device_move(struct ethtool_device *device, struct ethtool_move move)
{
    int error = array_grow(device->moves, device->move_count, device->move_capacity);

    if (error < 0)
        return error;
    device->moves[device->move_count++] = move;
    return 0;
}

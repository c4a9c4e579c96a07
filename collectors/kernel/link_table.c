/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/link_table.h"

/*
 * Keeps the links of this network namespace current. The thread of the collector that embeds it.
 *
 * A resync changes the kept links in place, and then removes those that the dump did not name. So it
 * allocates nothing if nothing changed, and a dump that fails half-way does no harm. Notifications that were
 * queued before the dump are applied after it: the last one of each link is at least as new as the dump.
 */

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"

enum { ROUNDS_MAX = 3 }; /* attempts at a dump without a lost notification */

#define RESYNC_INTERVAL_NS (60 * NS_PER_SECOND)

static int dump_request_new(struct nl_msg **ret_request)
{
    _cleanup_(nlmsg_freep) struct nl_msg *request = NULL;
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC};

    if (netlink_message_new(RTM_GETLINK, &header, sizeof(header), &request) < 0 ||
        nla_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
        return -ENOMEM;
    *ret_request = take_ptr(request);
    return 0;
}

int link_table_open(struct link_table *links, struct limits *limits, struct fault *fault)
{
    int error;

    *links = (struct link_table){.limits = limits, .generation = 1};
    error = dump_request_new(&links->dump);
    if (error < 0)
        fault_set(fault, error, "links: out of memory");
    /* Listening starts before the first dump, so that no change during the dump is missed. */
    if (error == 0)
        error = netlink_listen(NETLINK_ROUTE, RTNLGRP_LINK, &links->listener, fault);
    if (error == 0)
        error = netlink_open(NETLINK_ROUTE, limits, &links->request, fault);
    if (error < 0)
        link_table_close(links);
    return error;
}

void link_table_close(struct link_table *links)
{
    netlink_close(&links->request);
    netlink_close(&links->listener);
    nlmsg_freep(&links->dump);
    for (size_t i = 0; i < links->count; i++)
        free(links->items[i]);
    free(links->items);
    *links = (struct link_table){};
}

int link_table_fd(const struct link_table *links)
{
    return netlink_fd(&links->listener);
}

/* Returns the index of the first link whose ifindex is not smaller. */
static size_t link_table_position(const struct link_table *links, int ifindex)
{
    if (links->count > 0 && links->items[links->count - 1]->ifindex < ifindex)
        return links->count;
    return array_position(links->items, links->count, ->ifindex, ifindex);
}

static struct link *link_table_at(const struct link_table *links, size_t position, int ifindex)
{
    if (position < links->count && links->items[position]->ifindex == ifindex)
        return links->items[position];
    return NULL;
}

static bool texts_equal(const struct link *a, const struct link *b)
{
    return a->master == b->master && a->other == b->other && a->netns_id == b->netns_id &&
           strcmp(a->name, b->name) == 0 && strcmp(a->device, b->device) == 0 &&
           strcmp(a->kind, b->kind) == 0 && strcmp(a->alias, b->alias) == 0 &&
           strcmp(a->address, b->address) == 0 && strcmp(a->broadcast, b->broadcast) == 0 &&
           strcmp(a->bus, b->bus) == 0;
}

/* Copies the link and appends its texts: struct link with the longest texts is ten times as large. Returns
 * NULL if memory runs out. */
static struct link *link_copy(const struct link *link)
{
    const char *const texts[] = {link->device,  link->kind,      link->alias,
                                 link->address, link->broadcast, link->bus};
    struct link *copy;
    size_t size = 0;
    char *at;

    for (size_t i = 0; i < ELEMENTS(texts); i++)
        size += strlen(texts[i]) + 1;
    copy = malloc(sizeof(*copy) + size);
    if (!copy)
        return NULL;
    *copy = *link;
    copy->device = at = (char *)(copy + 1);
    copy->kind = at = stpcpy(at, link->device) + 1;
    copy->alias = at = stpcpy(at, link->kind) + 1;
    copy->address = at = stpcpy(at, link->alias) + 1;
    copy->broadcast = at = stpcpy(at, link->address) + 1;
    copy->bus = at = stpcpy(at, link->broadcast) + 1;
    strcpy(at, link->bus);
    return copy;
}

static int link_table_insert(struct link_table *links, size_t position, const struct link *link)
{
    struct link *copy;
    int error;

    if (links->count >= DEVICES_MAX) {
        links->full = true;
        limit_hit(links->limits, LIMIT_DEVICES);
        return 0;
    }
    error = array_grow(links->items, links->count, links->capacity);
    if (error < 0)
        return error;
    copy = link_copy(link);
    if (!copy)
        return -ENOMEM;
    copy->born = links->round;
    memmove(&links->items[position + 1], &links->items[position],
            (links->count - position) * sizeof(*links->items));
    links->items[position] = copy;
    links->count++;
    links->generation++;
    return 0;
}

static int link_table_put(struct link_table *links, struct link *link)
{
    size_t position = link_table_position(links, link->ifindex);
    struct link *known = link_table_at(links, position, link->ifindex), *renewed;

    link->seen = links->sweep;
    if (!known)
        return link_table_insert(links, position, link);
    if (texts_equal(known, link)) {
        known->seen = link->seen;
        known->present = link->present;
        memcpy(known->numbers, link->numbers, sizeof(known->numbers));
        return 0;
    }
    link->born = known->born;
    link->row = known->row;
    link->owner_asked = link->netns_id == known->netns_id && known->owner_asked;
    renewed = link_copy(link);
    if (!renewed)
        return -ENOMEM;
    free(known);
    links->items[position] = renewed;
    links->generation++;
    return 0;
}

static void link_table_remove(struct link_table *links, int ifindex)
{
    size_t position = link_table_position(links, ifindex);

    if (!link_table_at(links, position, ifindex))
        return;
    free(links->items[position]);
    links->count--;
    memmove(&links->items[position], &links->items[position + 1],
            (links->count - position) * sizeof(*links->items));
    links->generation++;
    links->removed++;
}

int link_table_take(struct link_table *links, const struct nlmsghdr *message)
{
    struct link_texts texts = {};
    struct link link;
    int error;

    if (message->nlmsg_type != RTM_NEWLINK && message->nlmsg_type != RTM_DELLINK)
        return 0;
    error = link_parse(message, &texts, &link);
    if (error == -ENODATA)
        return 0;
    if (error < 0)
        return error;
    if (message->nlmsg_type == RTM_NEWLINK)
        return link_table_put(links, &link);
    link_table_remove(links, link.ifindex);
    /* The link moved into another namespace. If its peer is here, the peer's link-netnsid changed, and the
     * kernel sends no notification (net/core/dev.c, __dev_change_net_namespace()). */
    if (links->follow_peers && netlink_attribute(message, sizeof(struct ifinfomsg), IFLA_NEW_NETNSID))
        links->resync_due = true;
    return 0;
}

static int link_table_message(const struct nlmsghdr *message, void *data)
{
    return link_table_take(data, message);
}

int link_table_drain(struct link_table *links, struct fault *fault)
{
    int error = netlink_drain(&links->listener, link_table_message, links);

    if (error == -ENOBUFS) {
        limit_hit(links->limits, LIMIT_NOTIFICATIONS);
        links->lost = links->resync_due = true;
        return 0;
    }
    return error < 0 ? fault_errno(fault, error, "link notifications") : 0;
}

static void resync_begin(void *data)
{
    struct link_table *links = data;

    links->sweep++;
    links->full = false;
}

static void link_table_sweep(struct link_table *links)
{
    size_t kept = 0;

    for (size_t i = 0; i < links->count; i++) {
        if (links->items[i]->seen == links->sweep)
            links->items[kept++] = links->items[i];
        else
            free(links->items[i]);
    }
    if (kept == links->count)
        return;
    links->removed += links->count - kept;
    links->generation++;
    links->count = kept;
}

static int link_table_resync(struct link_table *links, uint64_t now_ns, struct fault *fault)
{
    static const struct netlink_reader reader = {
        .what = "RTM_GETLINK dump", .begin = resync_begin, .message = link_table_message};
    int error = netlink_dump(&links->request, links->dump, &reader, links, fault);

    links->resync_due = error < 0;
    /* If links change all the time, no dump may ever be consistent. The notifications still tell all
     * changes. */
    if (error == -EAGAIN && links->synced_ns)
        return 0;
    if (error < 0)
        return error;
    link_table_sweep(links);
    links->lost = false;
    links->synced_ns = now_ns;
    return 0;
}

/* Returns true if all links must be dumped: at first, after a lost notification, and each minute. */
static bool link_table_due(const struct link_table *links, uint64_t now_ns)
{
    return links->resync_due || !links->synced_ns || now_ns - links->synced_ns >= RESYNC_INTERVAL_NS;
}

int link_table_update(struct link_table *links, uint64_t now_ns, struct fault *fault)
{
    int error = link_table_drain(links, fault);

    if (error < 0)
        return error;
    if (!link_table_due(links, now_ns))
        return 0;
    error = link_table_resync(links, now_ns, fault);
    return error < 0 ? error : link_table_drain(links, fault);
}

void link_table_begin(struct link_table *links)
{
    links->round++;
    links->removed = 0;
}

int link_table_round(struct link_table *links, int (*dump)(void *data, struct fault *fault), void *data,
                     struct fault *fault)
{
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        uint64_t now_ns = clock_boottime_ns();
        int error = link_table_due(links, now_ns) ? link_table_update(links, now_ns, fault) : 0;

        if (error < 0)
            return error;
        link_table_begin(links);
        error = dump(data, fault);
        if (error < 0)
            return error;
        error = link_table_drain(links, fault);
        if (error < 0)
            return error;
        if (!links->lost)
            return 0;
    }
    return fault_set(fault, -ENOBUFS, "link notifications are lost faster than links can be read again");
}

struct link *link_table_find(const struct link_table *links, int ifindex)
{
    return link_table_at(links, link_table_position(links, ifindex), ifindex);
}

struct link *link_table_join(struct link_table *links, int ifindex, size_t *hint)
{
    size_t position = link_table_at(links, *hint, ifindex) ? *hint : link_table_position(links, ifindex);
    struct link *link = link_table_at(links, position, ifindex);

    if (link) {
        *hint = position + 1;
        return link->born < links->round ? link : NULL;
    }
    /* The kernel lists a device before it notifies: the notification may still be on its way. */
    if (!links->removed && !links->full)
        links->resync_due = true;
    return NULL;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/link/link_neighbours.h"

/* Counts the neighbour entries of each link, from one RTM_GETNEIGH dump. The link collector's thread. */

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/link/link_rows.h"

static const struct node_metric metrics[] = {
    {.metric = {.name = "node_arp_entries", .help = "ARP entries by device", .type = METRIC_GAUGE},
     .note = "Entries of proxies do not count, as in node_exporter since 1.6."},
};

const struct node_names link_arp = {"arp", metrics, ELEMENTS(metrics), NULL};

int link_neighbours_open(struct link_neighbours *neighbours, struct link_table *links)
{
    static const struct ndmsg header = {.ndm_family = AF_INET};
    int error = netlink_message_new(RTM_GETNEIGH, &header, sizeof(header), &neighbours->request);

    neighbours->links = links;
    return error == 0 ? node_columns_new(&link_arp, &neighbours->columns) : error;
}

void link_neighbours_close(struct link_neighbours *neighbours)
{
    nlmsg_freep(&neighbours->request);
    column_set_unref(neighbours->columns);
    free(neighbours->counts);
    *neighbours = (struct link_neighbours){};
}

int link_neighbours_parse(const struct nlmsghdr *message)
{
    struct ndmsg header;

    if (message->nlmsg_type != RTM_NEWNEIGH || !nlmsg_valid_hdr(message, sizeof(header)))
        return 0;
    memcpy(&header, nlmsg_data(message), sizeof(header));
    return header.ndm_family == AF_INET && (header.ndm_state & ~NUD_NOARP) && header.ndm_ifindex > 0
               ? header.ndm_ifindex
               : 0;
}

static void dump_begin(void *data)
{
    struct link_neighbours *neighbours = data;

    for (size_t i = 0; i < neighbours->count; i++)
        neighbours->counts[i] = 0;
}

static int dump_message(const struct nlmsghdr *message, void *data)
{
    struct link_neighbours *neighbours = data;
    const struct link *link = link_table_find(neighbours->links, link_neighbours_parse(message));

    if (link && link->row != LINK_NO_ROW && link->row < neighbours->count)
        neighbours->counts[link->row]++;
    return 0;
}

static int reserve(struct link_neighbours *neighbours, size_t count)
{
    uint32_t *counts = neighbours->counts;

    if (count > neighbours->capacity) {
        counts = reallocarray(counts, count, sizeof(*counts));
        if (!counts)
            return -ENOMEM;
        neighbours->counts = counts;
        neighbours->capacity = count;
    }
    neighbours->count = count;
    return 0;
}

int link_neighbours_fill(struct link_neighbours *neighbours, struct row_set *rows, struct snapshot *draft,
                         struct fault *fault)
{
    static const struct netlink_reader reader = {
        .what = "RTM_GETNEIGH dump", .begin = dump_begin, .message = dump_message};
    struct table *table;
    int error = reserve(neighbours, rows->count);

    if (error == 0)
        error = netlink_dump(&neighbours->links->request, neighbours->request, &reader, neighbours, fault);
    if (error < 0)
        return error;
    table = snapshot_add_table(draft, neighbours->columns, rows);
    if (!table)
        return -ENOMEM;
    for (size_t row = 0; row < rows->count; row++)
        if (neighbours->counts[row])
            table_set(table, row, 0, neighbours->counts[row]);
    return 0;
}

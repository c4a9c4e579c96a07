/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram of arbitrary bytes as the answer to a dump and as notifications of links: nothing is read
 * outside it, and what is kept holds together. */

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "collectors/kernel/link_table.h"
#include "collectors/link/link_neighbours.h"
#include "tests/fuzz/fuzz.h"

struct fuzz {
    struct link_table links;
    size_t seen;
};

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void check_statistics(const struct nlmsghdr *message)
{
    struct link_statistics statistics;

    if (link_parse_statistics(message, &statistics) < 0)
        return;
    expect(statistics.ifindex > 0);
    expect(statistics.count >= 1 && statistics.count <= LINK_STATISTIC_COUNT);
    /* The last value does stand in the message. */
    expect(memmem(message, message->nlmsg_len, &statistics.values[statistics.count - 1], sizeof(uint64_t)) !=
           NULL);
}

static int take(const struct nlmsghdr *message, void *data)
{
    struct fuzz *fuzz = data;

    fuzz->seen++;
    check_statistics(message);
    expect(link_neighbours_parse(message) >= 0);
    return link_table_take(&fuzz->links, message);
}

static void check_links(struct link_table *links)
{
    size_t hint = 0;

    link_table_begin(links);
    for (size_t i = 0; i < links->count; i++) {
        const struct link *link = links->items[i];

        expect(i == 0 || links->items[i - 1]->ifindex < link->ifindex);
        expect(link_table_join(links, link->ifindex, &hint) == link);
        expect(link->ifindex > 0 && link->name[0] && link->device[0] && link->kind[0]);
        expect(utf8_valid(link->device, strlen(link->device)));
        expect(strlen(link->alias) < LINK_ALIAS_SIZE && strlen(link->bus) < LINK_BUS_SIZE);
        expect(strlen(link->address) < LINK_ADDRESS_SIZE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct netlink_reader reader = {.what = "fuzz", .message = take};
    struct limits limits = {};
    struct fuzz fuzz = {.links.limits = &limits};
    struct netlink_answer answer = {.reader = &reader, .data = &fuzz, .sequence = 77, .port = 4242};
    int error;

    error = netlink_answer_take(&answer, data, size);
    expect(error <= 0 && answer.error <= 0);
    expect(fuzz.seen <= answer.accepted && answer.accepted <= size / sizeof(struct nlmsghdr));
    expect(memchr(answer.text, '\0', sizeof(answer.text)) != NULL);
    check_links(&fuzz.links);
    (void)netlink_walk(data, size, take, &fuzz);
    check_links(&fuzz.links);
    link_table_close(&fuzz.links);
    return 0;
}

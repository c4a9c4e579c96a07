/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics of connection tracking from arbitrary bytes: as the file, as a message, as a dump. What the file
 * is accepted for must be in it; nothing is read outside of a message. */

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/conntrack/conntrack_parse.h"
#include "tests/fuzz/fuzz.h"

static void check(bool good)
{
    if (!good)
        abort();
}

/* The last line's first number, once more by the C library, where the file begins with the entries. */
static void check_entries(const char *text, size_t size, const struct conntrack_reading *reading)
{
    const char *line = memrchr(text, '\n', size - 1);

    check(text[size - 1] == '\n' && line != NULL);
    check(reading->has[CONNTRACK_ENTRIES] && reading->has[CONNTRACK_DROP]);
    check(!reading->has[CONNTRACK_ENTRIES_LIMIT]);
    if (!memcmp(text, "entries ", 8))
        check(reading->values[CONNTRACK_ENTRIES] == strtoul(line + 1, NULL, 16));
}

static int take(const struct nlmsghdr *message, void *data)
{
    return conntrack_take_message(data, message);
}

static void check_message(const uint8_t *data, size_t size, uint16_t type)
{
    struct conntrack_reading reading = {};
    struct nlmsghdr *message = malloc(sizeof(*message) + size);

    if (!message)
        return;
    *message = (struct nlmsghdr){.nlmsg_len = (uint32_t)(sizeof(*message) + size), .nlmsg_type = type};
    memcpy(message + 1, data, size);
    (void)conntrack_take_message(&reading, message);
    for (size_t i = 0; i < CONNTRACK_FIELD_COUNT; i++)
        check(reading.has[i] || reading.values[i] == 0);
    free(message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct netlink_reader reader = {.what = "fuzz", .message = take};
    struct conntrack_reading reading = {};
    struct netlink_answer answer = {.reader = &reader, .data = &reading, .sequence = 77, .port = 4242};

    if (conntrack_parse_proc((const char *)data, size, &reading) == 0)
        check_entries((const char *)data, size, &reading);
    check_message(data, size, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU);
    check_message(data, size, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS);
    (void)netlink_answer_take(&answer, data, size);
    return 0;
}

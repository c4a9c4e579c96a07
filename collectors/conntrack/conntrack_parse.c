/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/conntrack/conntrack_parse.h"

/*
 * Parses the statistics of connection tracking, from text and from netlink messages. Pure; the conntrack
 * collector's thread.
 */

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/hexadecimal.h"

enum { COLUMNS_MAX = 32 };

/* The same counter's name in both sources. When the kernel drops a counter, its column stays, and may get
 * another name and counter: "delete_list" became "chainlength". */
static const struct {
    const char *column;
    int attribute;
} counters[CONNTRACK_FIELD_COUNT] = {
    [CONNTRACK_ENTRIES] = {"entries", 0},
    [CONNTRACK_DROP] = {"drop", CTA_STATS_DROP},
    [CONNTRACK_EARLY_DROP] = {"early_drop", CTA_STATS_EARLY_DROP},
    [CONNTRACK_INSERT_FAILED] = {"insert_failed", CTA_STATS_INSERT_FAILED},
    [CONNTRACK_INVALID] = {"invalid", CTA_STATS_INVALID},
    [CONNTRACK_ERROR] = {"icmp_error", CTA_STATS_ERROR},
    [CONNTRACK_CHAIN_TOO_LONG] = {"chainlength", CTA_STATS_CHAIN_TOOLONG},
    [CONNTRACK_FOUND] = {"found", CTA_STATS_FOUND},
    [CONNTRACK_IGNORE] = {"ignore", CTA_STATS_IGNORE},
    [CONNTRACK_INSERT] = {"insert", CTA_STATS_INSERT},
    [CONNTRACK_SEARCH_RESTART] = {"search_restart", CTA_STATS_SEARCH_RESTART},
};

/* Which field each column holds. */
struct header {
    size_t count;
    enum conntrack_field fields[COLUMNS_MAX]; /* CONNTRACK_FIELD_COUNT: no field of ours */
};

static enum conntrack_field field_of(const char *name, size_t size)
{
    size_t i = 0;

    while (i < CONNTRACK_FIELD_COUNT && !(counters[i].column && strlen(counters[i].column) == size &&
                                          !memcmp(counters[i].column, name, size)))
        i++;
    return (enum conntrack_field)i;
}

/* Finds the next word of the line, after any blanks. Returns its size, or 0 at the end of the line. */
static size_t next_word(const char **at, const char *end)
{
    const char *word;

    while (*at < end && **at == ' ')
        (*at)++;
    for (word = *at; word < end && *word != ' ';)
        word++;
    return (size_t)(word - *at);
}

static int parse_header(const char *at, const char *end, struct header *header)
{
    bool seen[CONNTRACK_FIELD_COUNT + 1] = {false};
    size_t size;

    for (; (size = next_word(&at, end)); at += size) {
        enum conntrack_field field = field_of(at, size);

        if (header->count == COLUMNS_MAX || (seen[field] && field < CONNTRACK_FIELD_COUNT))
            return -EBADMSG;
        seen[field] = true;
        header->fields[header->count++] = field;
    }
    return seen[CONNTRACK_ENTRIES] && seen[CONNTRACK_DROP] ? 0 : -EBADMSG;
}

static int parse_cpu(const char *at, const char *end, const struct header *header,
                     struct conntrack_reading *reading)
{
    size_t column = 0, size;

    for (; (size = next_word(&at, end)); column++) {
        const char *word_end = at + size;
        enum conntrack_field field;
        uint32_t value;

        if (column == header->count || !hexadecimal_uint32(&at, word_end, &value) || at != word_end)
            return -EBADMSG;
        field = header->fields[column];
        if (field == CONNTRACK_FIELD_COUNT)
            continue;
        /* Entries are not per CPU: each line has the whole table's number, read at its own moment. */
        reading->values[field] = field == CONNTRACK_ENTRIES ? value : reading->values[field] + value;
        reading->has[field] = true;
    }
    return column == header->count ? 0 : -EBADMSG;
}

int conntrack_parse_proc(const char *text, size_t size, struct conntrack_reading *ret_reading)
{
    const char *end = text + size, *newline = memchr(text, '\n', size);
    struct conntrack_reading reading = {};
    struct header header = {};
    int error = newline ? parse_header(text, newline, &header) : -EBADMSG;

    if (error == 0 && newline + 1 == end)
        error = -EBADMSG;
    while (error == 0 && newline + 1 < end) {
        const char *line = newline + 1;

        newline = memchr(line, '\n', (size_t)(end - line));
        error = newline ? parse_cpu(line, newline, &header, &reading) : -EBADMSG;
    }
    if (error < 0)
        return error;
    *ret_reading = reading;
    return 0;
}

static bool number(const struct nlmsghdr *message, int attribute, uint32_t *ret_value)
{
    uint32_t value;

    if (!netlink_u32(netlink_attribute(message, sizeof(struct nfgenmsg), attribute), &value))
        return false;
    *ret_value = be32toh(value);
    return true;
}

static void add_cpu(struct conntrack_reading *reading, const struct nlmsghdr *message)
{
    for (size_t i = 0; i < CONNTRACK_FIELD_COUNT; i++) {
        uint32_t value;

        if (!counters[i].attribute || !number(message, counters[i].attribute, &value))
            continue;
        reading->values[i] += value;
        reading->has[i] = true;
    }
}

int conntrack_take_message(struct conntrack_reading *reading, const struct nlmsghdr *message)
{
    static const int gauges[] = {
        [CONNTRACK_ENTRIES] = CTA_STATS_GLOBAL_ENTRIES,
        [CONNTRACK_ENTRIES_LIMIT] = CTA_STATS_GLOBAL_MAX_ENTRIES,
    };

    if (nlmsg_datalen(message) < (int)sizeof(struct nfgenmsg))
        return -EBADMSG;
    switch (message->nlmsg_type) {
    case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS_CPU:
        add_cpu(reading, message);
        return 0;
    case NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS:
        for (size_t i = 0; i < ELEMENTS(gauges); i++)
            if (number(message, gauges[i], &reading->values[i]))
                reading->has[i] = true;
        return 0;
    default:
        return 0;
    }
}

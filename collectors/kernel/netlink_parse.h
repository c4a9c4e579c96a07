/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The pure part of netlink.h: bytes of a datagram in, messages and the state of an exchange out. No system
 * call, no allocation, any thread.
 */

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

enum { NETLINK_TEXT_SIZE = 128 }; /* of the kernel's own words about an error */

/* Who reads the answers to one kind of request. */
struct netlink_reader {
    const char *what;          /* the request, for faults: "RTM_GETLINK" */
    void (*begin)(void *data); /* a dump starts, or starts again: forget what came so far; may be NULL */
    int (*message)(const struct nlmsghdr *message, void *data); /* a negative errno ends the exchange */
};

/* Calls `each` for every message in the bytes (aligned to 4) until it returns something else than 0, and
 * returns that. Returns 0 at the end, or -EBADMSG if a length makes no sense, and then looks at nothing
 * behind it. */
int netlink_walk(const void *bytes, size_t size, int (*each)(const struct nlmsghdr *message, void *data),
                 void *data);

/* The state of one exchange: netlink_dump() is this in a loop around recvfrom(). */
struct netlink_answer {
    const struct netlink_reader *reader;
    void *data;
    uint32_t sequence; /* other messages are late or strange: discarded */
    uint32_t port;
    size_t accepted;              /* messages that were not discarded */
    bool done;                    /* the kernel said that this is all */
    bool interrupted;             /* NLM_F_DUMP_INTR was seen; the reader gets no more */
    int error;                    /* what the kernel says of the request, 0 or a negative errno */
    char text[NETLINK_TEXT_SIZE]; /* and in its own words, "" where it has none */
};

/* Takes one datagram. A negative errno: the answer is unusable, and more of it may be on its way. */
int netlink_answer_take(struct netlink_answer *answer, const void *bytes, size_t size);

/* Returns the first attribute of this type after the family's header, or NULL if there is none. The header
 * must be there. */
static inline const struct nlattr *netlink_attribute(const struct nlmsghdr *message, size_t header_size,
                                                     int type)
{
    return nla_find(nlmsg_attrdata(message, (int)header_size), nlmsg_attrlen(message, (int)header_size),
                    type);
}

/* Reads an attribute's number. Returns false if the attribute is not there or too short. */
static inline bool netlink_u32(const struct nlattr *attribute, uint32_t *ret_value)
{
    if (!attribute || nla_len(attribute) < (int)sizeof(uint32_t))
        return false;
    *ret_value = nla_get_u32(attribute);
    return true;
}

/* Copies an attribute's string, which need not end in NUL, cut to the size of the buffer; "" if there is
 * none. */
void netlink_string(const struct nlattr *attribute, char *buffer, size_t size);

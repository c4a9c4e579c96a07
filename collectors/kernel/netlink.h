/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Netlink for collectors: one kept socket for requests and dumps, one for notifications. libnl makes sockets
 * and messages and reads attributes. Receiving is our own code, into one kept buffer, because libnl allocates
 * and copies each message and waits without end: here nothing is allocated in the steady state, and every
 * wait has a deadline.
 *
 * A struct netlink belongs to one thread. Errors are negative errnos; libnl's own codes end in netlink.c.
 */

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/limits.h"
#include "collectors/kernel/netlink_parse.h"

DEFINE_CLEANUP(struct nl_msg *, nlmsg_free)

enum {
    NETLINK_BUFFER_SIZE = 32 * 1024, /* what the kernel fills at most in one go of a dump */
};

struct netlink {
    struct nl_sock *socket; /* NULL after an error: it is opened again at the next use */
    struct limits *limits;
    char *buffer; /* NETLINK_BUFFER_SIZE bytes */
    int protocol;
    uint32_t sequence;
};

/* Opens a socket for requests. EPERM, EACCES, EAFNOSUPPORT and the like (a sandbox without AF_NETLINK) are
 * fault_unsupported. The limits are borrowed. */
int netlink_open(int protocol, struct limits *limits, struct netlink *ret_netlink, struct fault *fault);

/* Opens a non-blocking socket that gets the notifications of one multicast group, with a large receive
 * buffer. */
int netlink_listen(int protocol, unsigned group, struct netlink *ret_netlink, struct fault *fault);
void netlink_close(struct netlink *netlink); /* accepts a zeroed struct */
int netlink_fd(const struct netlink *netlink);

/* Makes a message of this type that begins with the header of its family. Returns 0 or -ENOMEM. */
int netlink_message_new(uint16_t type, const void *header, size_t size, struct nl_msg **ret_message);

/* Does the same for generic netlink. */
int netlink_generic_new(uint16_t family, uint8_t command, uint8_t version, struct nl_msg **ret_message);

/*
 * Sends the message as a dump request and gives every answer to the reader. Inconsistent dumps
 * (NLM_F_DUMP_INTR) are asked for again, DUMP_RETRIES_MAX times, then it is -EAGAIN and LIMIT_DUMP_RETRIES
 * counts; no answer in time is -ETIMEDOUT. The message can be used again: its header's flags, sequence and
 * port are set here.
 */
int netlink_dump(struct netlink *netlink, struct nl_msg *request, const struct netlink_reader *reader,
                 void *data, struct fault *fault);

/* Does the same for a request that is acknowledged: answers come before the acknowledgement, or none do. */
int netlink_request(struct netlink *netlink, struct nl_msg *request, const struct netlink_reader *reader,
                    void *data, struct fault *fault);

/* Gives every waiting notification to `each`. Returns 0 if none is left, or if very many came and the rest is
 * for the next time; -ENOBUFS if some were lost besides. */
int netlink_drain(struct netlink *netlink, int (*each)(const struct nlmsghdr *message, void *data),
                  void *data);

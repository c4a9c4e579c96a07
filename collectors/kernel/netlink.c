/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/netlink.h"

/*
 * Sends netlink requests and receives dumps and notifications, with a deadline. The thread of the collector
 * that owns the socket.
 *
 * Netlink is synchronous: the kernel runs a request inside our send(), and continues a dump inside
 * recvfrom(). So the time limit on receiving does not help against slow drivers (they block in the kernel,
 * and nothing helps). It is for answers that were lost or never made.
 */

#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <netlink/errno.h>
#include <netlink/socket.h>

enum {
    RECEIVE_TIMEOUT_SECONDS = 2,
    IDLE_RECEIVES_MAX = 64, /* in a row without a message for us: interrupted, late, or not from the kernel */
    DRAIN_RECEIVES_MAX = 64 * 1024,
    LISTEN_BUFFER_BYTES = 1024 * 1024,
};

DEFINE_CLEANUP(struct nl_sock *, nl_socket_free)

/* Converts libnl's codes, which stay in this file. */
static int errno_from_libnl(int code)
{
    static const struct {
        int libnl;
        int system;
    } codes[] = {
        {NLE_NOMEM, ENOMEM},
        {NLE_PERM, EPERM},
        {NLE_NOACCESS, EACCES},
        {NLE_AF_NOSUPPORT, EAFNOSUPPORT},
        {NLE_PROTO_MISMATCH, EPROTONOSUPPORT},
        {NLE_OPNOTSUPP, EOPNOTSUPP},
        {NLE_EXIST, EADDRINUSE},
        {NLE_INVAL, EINVAL},
        {NLE_OBJ_NOTFOUND, ENOENT},
        {NLE_AGAIN, EAGAIN},
        {NLE_BUSY, EBUSY},
    };

    for (size_t i = 0; i < ELEMENTS(codes); i++)
        if (codes[i].libnl == abs(code))
            return -codes[i].system;
    return -EIO;
}

static int open_fault(struct fault *fault, int error)
{
    switch (-error) {
    case EPERM:
    case EACCES:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return fault_unsupported(
            fault,
            "netlink socket: %s (in a systemd unit, RestrictAddressFamilies= must name AF_NETLINK "
            "and SystemCallFilter= allow @network-io)",
            error_text(error));
    case ENOMEM:
        return fault_set(fault, error, "netlink socket: out of memory");
    default:
        return fault_errno(fault, error, "netlink socket");
    }
}

static int socket_connect(int protocol, struct nl_sock **ret_socket)
{
    _cleanup_(nl_socket_freep) struct nl_sock *socket = nl_socket_alloc();
    int error;

    if (!socket)
        return -ENOMEM;
    error = nl_connect(socket, protocol);
    if (error < 0)
        return errno_from_libnl(error);
    *ret_socket = take_ptr(socket);
    return 0;
}

static int request_connect(struct netlink *netlink)
{
    const struct timeval timeout = {.tv_sec = RECEIVE_TIMEOUT_SECONDS};
    _cleanup_(nl_socket_freep) struct nl_sock *socket = NULL;
    const int on = 1;
    int error;

    error = socket_connect(netlink->protocol, &socket);
    if (error < 0)
        return error;
    if (setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0)
        return -errno;
    /* Asks for texts with errors, and for no copy of the request. Kernels before 4.12 know neither; that does
     * little harm. */
    (void)setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    netlink->socket = take_ptr(socket);
    return 0;
}

/* Gives a connected socket its buffer. Sets the fault if connecting failed. */
static int open_end(struct netlink *netlink, int error, struct netlink *ret_netlink, struct fault *fault)
{
    if (error == 0) {
        netlink->buffer = malloc(NETLINK_BUFFER_SIZE);
        error = netlink->buffer ? 0 : -ENOMEM;
    }
    if (error < 0) {
        netlink_close(netlink);
        return open_fault(fault, error);
    }
    *ret_netlink = *netlink;
    return 0;
}

int netlink_open(int protocol, struct limits *limits, struct netlink *ret_netlink, struct fault *fault)
{
    struct netlink netlink = {.protocol = protocol, .limits = limits};

    return open_end(&netlink, request_connect(&netlink), ret_netlink, fault);
}

static int listen_connect(struct netlink *netlink, unsigned group)
{
    const int size = LISTEN_BUFFER_BYTES;
    int error;

    error = socket_connect(netlink->protocol, &netlink->socket);
    if (error < 0)
        return error;
    /* The first is cut to net.core.rmem_max, and the second needs CAP_NET_ADMIN: the larger that we get is
     * used. */
    (void)setsockopt(netlink_fd(netlink), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    (void)setsockopt(netlink_fd(netlink), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    error = nl_socket_set_nonblocking(netlink->socket);
    if (error < 0)
        return errno_from_libnl(error);
    error = nl_socket_add_membership(netlink->socket, (int)group);
    return error < 0 ? errno_from_libnl(error) : 0;
}

int netlink_listen(int protocol, unsigned group, struct netlink *ret_netlink, struct fault *fault)
{
    struct netlink netlink = {.protocol = protocol};

    return open_end(&netlink, listen_connect(&netlink, group), ret_netlink, fault);
}

static void netlink_disconnect(struct netlink *netlink)
{
    if (netlink->socket)
        nl_socket_free(netlink->socket);
    netlink->socket = NULL;
}

void netlink_close(struct netlink *netlink)
{
    netlink_disconnect(netlink);
    free(netlink->buffer);
    *netlink = (struct netlink){};
}

int netlink_fd(const struct netlink *netlink)
{
    return nl_socket_get_fd(netlink->socket);
}

/* Receives one datagram into the buffer. Its size is 0 if it is not from the kernel: any process may send us
 * one. */
static int netlink_receive(struct netlink *netlink, size_t *ret_size)
{
    struct sockaddr_nl sender = {};
    socklen_t sender_size = sizeof(sender);
    /* MSG_TRUNC returns the datagram's own size, even if it does not fit. */
    ssize_t size = recvfrom(netlink_fd(netlink), netlink->buffer, NETLINK_BUFFER_SIZE, MSG_TRUNC,
                            (struct sockaddr *)&sender, &sender_size);

    if (size < 0)
        return -errno;
    if (size > NETLINK_BUFFER_SIZE)
        return -EMSGSIZE;
    *ret_size = sender.nl_pid == 0 ? (size_t)size : 0;
    return 0;
}

/* Receives until the answer is complete. */
static int answer_receive(struct netlink_answer *answer, struct netlink *netlink)
{
    for (unsigned idle = 0; idle < IDLE_RECEIVES_MAX; idle++) {
        size_t accepted = answer->accepted, size = 0;
        int error = netlink_receive(netlink, &size);

        if (error == -EINTR)
            continue;
        if (error < 0)
            return error == -EAGAIN ? -ETIMEDOUT : error;
        error = netlink_answer_take(answer, netlink->buffer, size);
        if (error < 0)
            return error;
        if (answer->done)
            return answer->error;
        if (answer->accepted != accepted)
            idle = 0;
    }
    return -EPROTO;
}

static int netlink_exchange(struct netlink *netlink, struct nl_msg *request, struct netlink_answer *answer)
{
    struct nlmsghdr *header = nlmsg_hdr(request);
    int error;

    if (!netlink->socket) {
        error = request_connect(netlink);
        if (error < 0)
            return error;
    }
    answer->sequence = header->nlmsg_seq = ++netlink->sequence;
    answer->port = header->nlmsg_pid = nl_socket_get_local_port(netlink->socket);
    error = send(netlink_fd(netlink), header, header->nlmsg_len, 0) < 0 ? -errno
                                                                        : answer_receive(answer, netlink);
    /* The rest of this answer must not be taken for the answer to the next request. */
    if (error < 0 && !answer->done)
        netlink_disconnect(netlink);
    return error;
}

static int exchange_fault(struct fault *fault, int error, const struct netlink_answer *answer)
{
    return fault_set(fault, error, "%s: %s%s%s", answer->reader->what, error_text(error),
                     answer->text[0] ? ": " : "", answer->text);
}

int netlink_message_new(uint16_t type, const void *header, size_t size, struct nl_msg **ret_message)
{
    _cleanup_(nlmsg_freep) struct nl_msg *message = nlmsg_alloc_simple(type, 0);

    if (!message || nlmsg_append(message, (void *)header, size, NLMSG_ALIGNTO) < 0)
        return -ENOMEM;
    *ret_message = take_ptr(message);
    return 0;
}

int netlink_generic_new(uint16_t family, uint8_t command, uint8_t version, struct nl_msg **ret_message)
{
    struct genlmsghdr header = {.cmd = command, .version = version};

    return netlink_message_new(family, &header, sizeof(header), ret_message);
}

int netlink_dump(struct netlink *netlink, struct nl_msg *request, const struct netlink_reader *reader,
                 void *data, struct fault *fault)
{
    nlmsg_hdr(request)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_DUMP;
    for (unsigned attempt = 0; attempt <= DUMP_RETRIES_MAX; attempt++) {
        struct netlink_answer answer = {.reader = reader, .data = data};
        int error;

        if (reader->begin)
            reader->begin(data);
        error = netlink_exchange(netlink, request, &answer);
        if (error < 0)
            return exchange_fault(fault, error, &answer);
        if (!answer.interrupted)
            return 0;
    }
    limit_hit(netlink->limits, LIMIT_DUMP_RETRIES);
    return fault_set(fault, -EAGAIN, "%s: still inconsistent (NLM_F_DUMP_INTR) after %d attempts",
                     reader->what, DUMP_RETRIES_MAX + 1);
}

int netlink_request(struct netlink *netlink, struct nl_msg *request, const struct netlink_reader *reader,
                    void *data, struct fault *fault)
{
    struct netlink_answer answer = {.reader = reader, .data = data};
    int error;

    nlmsg_hdr(request)->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
    error = netlink_exchange(netlink, request, &answer);
    return error < 0 ? exchange_fault(fault, error, &answer) : 0;
}

int netlink_drain(struct netlink *netlink, int (*each)(const struct nlmsghdr *message, void *data),
                  void *data)
{
    bool lost = false;

    for (unsigned receives = 0; receives < DRAIN_RECEIVES_MAX; receives++) {
        size_t size = 0;
        int error = netlink_receive(netlink, &size);

        if (error == -EAGAIN)
            break;
        if (error == -EINTR)
            continue;
        if (error == -ENOBUFS || error == -EMSGSIZE) {
            lost = true; /* messages after the gap are still used */
            continue;
        }
        if (error == 0)
            error = netlink_walk(netlink->buffer, size, each, data);
        if (error < 0)
            return error;
    }
    return lost ? -ENOBUFS : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets_parse.h"

/* Parses what sock_diag says of a socket, and writes the filter for its dumps. Pure; any thread. */

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "collectors/kernel/netlink_parse.h"

static_assert(sizeof(struct inet_diag_bc_op) == 4,
              "the size of an instruction is part of the kernel's interface");

static void parse_drops(struct socket_report *report, const struct nlattr *memory)
{
    const size_t offset = SK_MEMINFO_DROPS * sizeof(report->drops);

    if (!memory || (size_t)nla_len(memory) < offset + sizeof(report->drops))
        return;
    memcpy(&report->drops, (const char *)nla_data(memory) + offset, sizeof(report->drops));
    report->has_drops = true;
    memcpy(&report->receive_buffer,
           (const char *)nla_data(memory) + SK_MEMINFO_RCVBUF * sizeof(report->receive_buffer),
           sizeof(report->receive_buffer));
}

static void parse_cgroup(struct socket_report *report, const struct nlattr *id)
{
    if (id && (size_t)nla_len(id) >= sizeof(report->cgroup_id))
        memcpy(&report->cgroup_id, nla_data(id),
               sizeof(report->cgroup_id)); /* may be aligned to 4 bytes only */
}

int sockets_parse(const struct nlmsghdr *message, struct socket_report *ret_report)
{
    struct socket_report report = {};
    struct inet_diag_msg socket;

    if (message->nlmsg_type != SOCK_DIAG_BY_FAMILY)
        return -ENODATA;
    if (!nlmsg_valid_hdr(message, sizeof(socket)))
        return -EBADMSG;
    memcpy(&socket, nlmsg_data(message), sizeof(socket));
    report.cookie = (uint64_t)socket.id.idiag_cookie[1] << 32 | socket.id.idiag_cookie[0];
    report.port = ntohs(socket.id.idiag_sport);
    report.ipv6 = socket.idiag_family == AF_INET6;
    report.connected = socket.idiag_state == TCP_ESTABLISHED;
    report.queue_length = socket.idiag_rqueue;
    report.queue_limit = socket.idiag_wqueue;
    /* The kernel numbers sockets from 1 (net/core/sock_diag.c, __sock_gen_cookie()). */
    if (report.cookie == 0 || report.port == 0)
        return -EBADMSG;
    parse_drops(&report, netlink_attribute(message, sizeof(socket), INET_DIAG_SKMEMINFO));
    parse_cgroup(&report, netlink_attribute(message, sizeof(socket), INET_DIAG_CGROUP_ID));
    *ret_report = report;
    return 0;
}

/*
 * Each instruction says how far to jump if it is true, and if not. A socket passes if the program ends
 * exactly at its end; it is refused if the program jumps beyond the end (net/ipv4/inet_diag.c,
 * inet_diag_bc_run()). The kernel requires that the path of all "yes" ends at the end, so a condition is
 * negated by a jump.
 */
void sockets_filter(uint16_t highest_port, uint8_t filter[SOCKETS_FILTER_SIZE])
{
    const struct inet_diag_bc_op code[] = {
        {.code = INET_DIAG_BC_S_LE, .yes = 8, .no = SOCKETS_FILTER_SIZE + 4},
        {.no = highest_port},                           /* the operand */
        {.code = INET_DIAG_BC_AUTO, .yes = 4, .no = 8}, /* true if the kernel chose the port: a client */
        {.code = INET_DIAG_BC_JMP, .yes = 4, .no = 8},  /* never true */
    };

    static_assert(sizeof(code) == SOCKETS_FILTER_SIZE, "room for the filter");
    memcpy(filter, code, sizeof(code));
}

void sockets_filter_rest(uint16_t highest_port, uint8_t filter[SOCKETS_FILTER_REST_SIZE])
{
    const struct inet_diag_bc_op code[] = {
        {.code = INET_DIAG_BC_S_LE, .yes = 8, .no = SOCKETS_FILTER_REST_SIZE},
        {.no = highest_port}, /* the operand */
        {.code = INET_DIAG_BC_AUTO, .yes = 4, .no = 8},
    };

    static_assert(sizeof(code) == SOCKETS_FILTER_REST_SIZE, "room for the filter");
    memcpy(filter, code, sizeof(code));
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets_node.h"

/* node_exporter's names for sockets, as in its collector/sockstat_linux.go and udp_queues_linux.go. The
 * collector's thread. The latter reads /proc/net/udp; sock_diag has the same numbers (the kernel's
 * net/ipv4/udp_diag.c, udp_diag_get_info()). */

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "collectors/sockets/sockets_parse.h"
#include "collectors/sockets/sockstat_parse.h"

static const char prefix[] = "node_sockstat_";

#define SOCKSTAT(protocol, key)                                                                              \
    {                                                                                                        \
        .metric = {                                                                                          \
            .name = "node_sockstat_" #protocol "_" #key,                                                     \
            .help = "Number of " #protocol " sockets in state " #key,                                        \
            .type = METRIC_GAUGE,                                                                            \
            .value = VALUE_INT64,                                                                            \
        }                                                                                                    \
    }

enum {
    TCP_MEMORY,
    UDP_MEMORY,
    IN_FILE
}; /* those before IN_FILE are computed from another number, in pages */

static const struct node_metric sockstat_metrics[] = {
    [TCP_MEMORY] = SOCKSTAT(TCP, mem_bytes),
    [UDP_MEMORY] = SOCKSTAT(UDP, mem_bytes),
    {.metric = {.name = "node_sockstat_sockets_used",
                .help = "Number of IPv4 sockets in use",
                .type = METRIC_GAUGE,
                .value = VALUE_INT64}},
    SOCKSTAT(TCP, inuse),
    SOCKSTAT(TCP, orphan),
    SOCKSTAT(TCP, tw),
    SOCKSTAT(TCP, alloc),
    SOCKSTAT(TCP, mem),
    SOCKSTAT(UDP, inuse),
    SOCKSTAT(UDP, mem),
    SOCKSTAT(UDPLITE, inuse),
    SOCKSTAT(RAW, inuse),
    SOCKSTAT(FRAG, inuse),
    SOCKSTAT(FRAG, memory),
    SOCKSTAT(TCP6, inuse),
    SOCKSTAT(UDP6, inuse),
    SOCKSTAT(UDPLITE6, inuse),
    SOCKSTAT(RAW6, inuse),
    SOCKSTAT(FRAG6, inuse),
    SOCKSTAT(FRAG6, memory),
};

static const struct node_metric queue_metrics[] = {
    {.metric = {.name = "node_udp_queues",
                .help = "Number of allocated memory in the kernel for UDP datagrams in bytes",
                .type = METRIC_GAUGE}},
};

static const struct node_names sockstat = {"sockstat", sockstat_metrics, ELEMENTS(sockstat_metrics), NULL};
static const struct node_names udp_queues = {"udp_queues", queue_metrics, ELEMENTS(queue_metrics), NULL};

const struct node_names *const sockets_node[] = {&sockstat, &udp_queues, NULL};

static int make_queue_rows(struct row_set **ret_rows)
{
    static const char *const labels[] = {"queue", "ip"};
    static const char *const values[SOCKETS_NODE_QUEUES][2] = {
        {"tx", "v4"}, {"rx", "v4"}, {"tx", "v6"}, {"rx", "v6"}};
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL;
    int error = row_set_new(labels, ELEMENTS(labels), &rows);

    for (size_t i = 0; i < SOCKETS_NODE_QUEUES && error >= 0; i++)
        error = row_set_add(rows, values[i]);
    if (error < 0)
        return error;
    row_set_replace(ret_rows, take_ptr(rows));
    return 0;
}

int sockets_node_open(struct sockets_node *node, const struct collector_context *context)
{
    static const char *const names[SOCKETS_NODE_FILES] = {"self/net/sockstat", "self/net/sockstat6"};
    const struct inet_diag_req_v2 query = {};
    int error = 0;

    node->limits = context->limits;
    for (size_t i = 0; i < SOCKETS_NODE_FILES && error == 0; i++)
        error = procfile_init(&node->files[i], context->procfs, names[i]);
    if (error == 0)
        error = node_columns_new(&sockstat, &node->sockstat);
    if (error == 0)
        error = node_columns_new(&udp_queues, &node->queues);
    if (error == 0)
        error = netlink_message_new(SOCK_DIAG_BY_FAMILY, &query, sizeof(query), &node->question);
    return error == 0 ? make_queue_rows(&node->queue_rows) : error;
}

void sockets_node_close(struct sockets_node *node)
{
    for (size_t i = 0; i < SOCKETS_NODE_FILES; i++)
        procfile_done(&node->files[i]);
    column_set_unref(node->sockstat);
    nlmsg_freep(&node->question);
    column_set_unref(node->queues);
    row_set_unref(node->queue_rows);
    *node = (struct sockets_node){};
}

/* Returns the number's column, or the number of columns if it has none. */
static size_t find(const struct sockstat_number *number)
{
    size_t i = IN_FILE;

    while (i < ELEMENTS(sockstat_metrics) &&
           !snmp_text_joins(sockstat_metrics[i].metric.name + strlen(prefix), number->protocol, number->name))
        i++;
    return i;
}

static void set_memory(struct table *table, const struct sockstat_number *number)
{
    bool tcp = snmp_text_is(number->protocol, "TCP");

    if (snmp_text_is(number->name, "mem") && (tcp || snmp_text_is(number->protocol, "UDP")))
        table_set(table, 0, tcp ? TCP_MEMORY : UDP_MEMORY, number->value * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void fill_file(struct sockets_node *node, struct procfile *file, struct table *table,
                      struct fault *fault)
{
    struct sockstat_cursor cursor = {};
    struct sockstat_number number;
    struct fault reason = {};
    int error = procfile_read(file, &reason);

    if (error < 0) {
        if (error != -ENOENT) /* ENOENT: no IPv6 */
            fault_note(fault, "without %s", reason.text);
        return;
    }
    cursor.at = file->data;
    cursor.end = file->data + file->size;
    while (sockstat_next(&cursor, &number)) {
        size_t column = find(&number);

        if (column < ELEMENTS(sockstat_metrics))
            table_set(table, 0, column, number.value);
        set_memory(table, &number);
    }
    for (uint64_t line = 0; line < cursor.malformed; line++)
        limit_hit(node->limits, LIMIT_PROC_MALFORMED);
}

static void dump_begin(void *data)
{
    struct sockets_node *node = data;

    node->lengths[2 * node->family] = node->lengths[2 * node->family + 1] = 0;
}

static int dump_message(const struct nlmsghdr *message, void *data)
{
    struct sockets_node *node = data;
    struct socket_report report;

    if (sockets_parse(message, &report) < 0)
        return 0;
    node->lengths[2 * node->family] += report.queue_limit;
    node->lengths[2 * node->family + 1] += report.queue_length;
    return 0;
}

static int fill_queues(struct sockets_node *node, struct netlink *netlink, struct table *table,
                       struct fault *fault)
{
    static const struct netlink_reader reader = {
        .what = "sock_diag dump of all UDP", .begin = dump_begin, .message = dump_message};
    static const uint8_t families[] = {AF_INET, AF_INET6};
    int error = 0;

    for (node->family = 0; node->family < ELEMENTS(families) && error == 0; node->family++) {
        *(struct inet_diag_req_v2 *)nlmsg_data(nlmsg_hdr(node->question)) =
            (struct inet_diag_req_v2){.sdiag_family = families[node->family],
                                      .sdiag_protocol = IPPROTO_UDP,
                                      .idiag_states = UINT32_MAX};
        error = netlink_dump(netlink, node->question, &reader, node, fault);
        for (size_t i = 2 * node->family; error == 0 && i < 2 * node->family + 2; i++)
            table_set(table, i, 0, node->lengths[i]);
    }
    return error == -ENOENT ? 0 : error; /* ENOENT: no IPv6 */
}

int sockets_node_fill(struct sockets_node *node, struct netlink *netlink, struct row_set *single,
                      struct snapshot *draft, struct fault *fault)
{
    struct table *table;

    if (!node->sockstat)
        return 0;
    table = snapshot_add_table(draft, node->sockstat, single);
    if (!table)
        return -ENOMEM;
    for (size_t i = 0; i < SOCKETS_NODE_FILES; i++)
        fill_file(node, &node->files[i], table, fault);
    table = snapshot_add_table(draft, node->queues, node->queue_rows);
    if (!table)
        return -ENOMEM;
    return netlink ? fill_queues(node, netlink, table, fault) : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/qdisc/qdisc_parse.h"

/* Parses the kernel's messages about queueing disciplines. Pure; any thread. */

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/kernel/netlink_parse.h"

static void qdisc_set(struct qdisc *qdisc, enum qdisc_value value, uint64_t number)
{
    qdisc->values[value] = number;
    qdisc->present |= UINT32_C(1) << value;
}

/* The kernel's struct has 12 bytes, or 16 with the padding of older kernels. */
static void parse_basic(struct qdisc *qdisc, const struct nlattr *basic, const struct nlattr *packets)
{
    struct gnet_stats_basic numbers = {};
    const int size = offsetof(struct gnet_stats_basic, packets) + sizeof(numbers.packets);
    uint64_t exact;

    if (!basic || nla_len(basic) < size)
        return;
    memcpy(&numbers, nla_data(basic), (size_t)size);
    qdisc_set(qdisc, QDISC_BYTES, numbers.bytes);
    qdisc_set(qdisc, QDISC_PACKETS, numbers.packets);
    /* If 32 bits are too few, another attribute has all 64 (net/core/gen_stats.c,
     * ___gnet_stats_copy_basic()). */
    if (!packets || nla_len(packets) < (int)sizeof(exact))
        return;
    memcpy(&exact, nla_data(packets), sizeof(exact));
    qdisc_set(qdisc, QDISC_PACKETS, exact);
}

static void parse_queue(struct qdisc *qdisc, const struct nlattr *queue)
{
    struct gnet_stats_queue numbers;

    if (!queue || nla_len(queue) < (int)sizeof(numbers))
        return;
    memcpy(&numbers, nla_data(queue), sizeof(numbers));
    qdisc_set(qdisc, QDISC_DROPS, numbers.drops);
    qdisc_set(qdisc, QDISC_OVERLIMITS, numbers.overlimits);
    qdisc_set(qdisc, QDISC_REQUEUES, numbers.requeues);
    qdisc_set(qdisc, QDISC_BACKLOG_BYTES, numbers.backlog);
    qdisc_set(qdisc, QDISC_BACKLOG_PACKETS, numbers.qlen);
}

static void parse_statistics(struct qdisc *qdisc, const struct nlattr *statistics)
{
    struct nlattr *attributes[TCA_STATS_MAX + 1];

    if (!statistics)
        return;
    (void)nla_parse(attributes, TCA_STATS_MAX, nla_data(statistics), nla_len(statistics), NULL);
    parse_basic(qdisc, attributes[TCA_STATS_BASIC], attributes[TCA_STATS_PKT64]);
    parse_queue(qdisc, attributes[TCA_STATS_QUEUE]);
}

/* The options of a fifo are a struct; those of others are attributes. Kinds that are not listed have more
 * than one limit, or lose their other settings when only the limit is given. */
static void parse_limit(struct qdisc *qdisc, const struct nlattr *options)
{
    static const struct {
        const char *kind;
        int attribute; /* 0: struct tc_fifo_qopt */
    } kinds[] = {{"pfifo", 0},
                 {"bfifo", 0},
                 {"pfifo_head_drop", 0},
                 {"codel", TCA_CODEL_LIMIT},
                 {"fq_codel", TCA_FQ_CODEL_LIMIT}};
    uint32_t limit;
    size_t i = 0;

    while (i < ELEMENTS(kinds) && strcmp(kinds[i].kind, qdisc->kind) != 0)
        i++;
    if (i < ELEMENTS(kinds) && options && kinds[i].attribute)
        options = nla_find(nla_data(options), nla_len(options), kinds[i].attribute);
    if (i == ELEMENTS(kinds) || !options || nla_len(options) < (int)sizeof(limit))
        return;
    memcpy(&limit, nla_data(options), sizeof(limit));
    qdisc_set(qdisc, QDISC_LIMIT, limit);
}

int qdisc_parse(const struct nlmsghdr *message, struct qdisc *ret_qdisc)
{
    struct nlattr *attributes[TCA_MAX + 1];
    struct qdisc qdisc = {};
    const struct tcmsg *header;

    if (message->nlmsg_type != RTM_NEWQDISC)
        return -ENODATA;
    if (!nlmsg_valid_hdr(message, sizeof(*header)))
        return -EBADMSG;
    header = nlmsg_data(message);
    (void)nla_parse(attributes, TCA_MAX, nlmsg_attrdata(message, sizeof(*header)),
                    nlmsg_attrlen(message, sizeof(*header)),
                    NULL); /* without a policy, parsing refuses nothing */
    qdisc.ifindex = header->tcm_ifindex;
    qdisc.handle = header->tcm_handle;
    qdisc.parent = header->tcm_parent;
    netlink_string(attributes[TCA_KIND], qdisc.kind, sizeof(qdisc.kind));
    if (qdisc.ifindex <= 0 || !qdisc.kind[0])
        return -EBADMSG;
    /* It has no enqueue function, so it never counts (net/core/dev.c, __dev_queue_xmit()). */
    if (strcmp(qdisc.kind, "noqueue") == 0)
        return -ENODATA;
    parse_statistics(&qdisc, attributes[TCA_STATS2]);
    parse_limit(&qdisc, attributes[TCA_OPTIONS]);
    *ret_qdisc = qdisc;
    return 0;
}

bool qdisc_same(const struct qdisc *a, const struct qdisc *b)
{
    return a->ifindex == b->ifindex && a->handle == b->handle && a->parent == b->parent &&
           strcmp(a->kind, b->kind) == 0;
}

bool qdisc_is_root(const struct qdisc *qdisc)
{
    return qdisc->parent == TC_H_ROOT || qdisc->parent == TC_H_INGRESS;
}

bool qdisc_is_below(const struct qdisc *qdisc, const struct qdisc *parent)
{
    return qdisc->ifindex == parent->ifindex && !qdisc_is_root(qdisc) &&
           TC_H_MAJ(qdisc->parent) == TC_H_MAJ(parent->handle);
}

void qdisc_format_handle(uint32_t handle, char text[QDISC_HANDLE_SIZE])
{
    (void)snprintf(text, QDISC_HANDLE_SIZE, "%x:", TC_H_MAJ(handle) >> 16);
}

void qdisc_format_parent(uint32_t parent, char text[QDISC_HANDLE_SIZE])
{
    unsigned major = TC_H_MAJ(parent) >> 16, minor = TC_H_MIN(parent);

    if (parent == TC_H_ROOT)
        text[0] = '\0';
    else if (major == 0)
        (void)snprintf(text, QDISC_HANDLE_SIZE, ":%x", minor);
    else if (minor == 0)
        (void)snprintf(text, QDISC_HANDLE_SIZE, "%x:", major);
    else
        (void)snprintf(text, QDISC_HANDLE_SIZE, "%x:%x", major, minor);
}

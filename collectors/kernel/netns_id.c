/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/netns_id.h"

/*
 * Asks the kernel for the number by which our namespace knows another one. The thread of the collector that
 * embeds it; a question takes 2 us.
 */

#include <errno.h>
#include <limits.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

static int question_new(int attribute, struct nl_msg **ret_question)
{
    _cleanup_(nlmsg_freep) struct nl_msg *question = NULL;
    struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};

    if (netlink_message_new(RTM_GETNSID, &header, sizeof(header), &question) < 0 ||
        nla_put_u32(question, attribute, 0) < 0)
        return -ENOMEM;
    *ret_question = take_ptr(question);
    return 0;
}

int netns_asker_init(struct netns_asker *asker, struct netlink *netlink)
{
    asker->netlink = netlink;
    if (question_new(NETNSA_PID, &asker->by_pid) < 0 || question_new(NETNSA_FD, &asker->by_fd) < 0)
        return -ENOMEM;
    return 0;
}

void netns_asker_done(struct netns_asker *asker)
{
    nlmsg_freep(&asker->by_pid);
    nlmsg_freep(&asker->by_fd);
    *asker = (struct netns_asker){};
}

int netns_id_parse(const struct nlmsghdr *message)
{
    uint32_t id;

    if (message->nlmsg_type != RTM_NEWNSID || !nlmsg_valid_hdr(message, sizeof(struct rtgenmsg)) ||
        !netlink_u32(netlink_attribute(message, sizeof(struct rtgenmsg), NETNSA_NSID), &id) || id > INT_MAX)
        return -1;
    return (int)id;
}

static int take_answer(const struct nlmsghdr *message, void *data)
{
    int *id = data, parsed = netns_id_parse(message);

    if (parsed >= 0)
        *id = parsed;
    return 0;
}

static int ask(struct netns_asker *asker, struct nl_msg *question, uint32_t value)
{
    static const struct netlink_reader reader = {.what = "RTM_GETNSID", .message = take_answer};
    struct nlattr *attribute = nlmsg_attrdata(nlmsg_hdr(question), sizeof(struct rtgenmsg));
    int id = -1;

    memcpy(nla_data(attribute), &value, sizeof(value));
    return netlink_request(asker->netlink, question, &reader, &id, NULL) < 0 ? -1 : id;
}

int netns_id_of_pid(struct netns_asker *asker, uint32_t pid)
{
    return ask(asker, asker->by_pid, pid);
}

int netns_id_of_fd(struct netns_asker *asker, int fd)
{
    return ask(asker, asker->by_fd, (uint32_t)fd);
}

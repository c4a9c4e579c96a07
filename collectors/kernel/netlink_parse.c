/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/netlink_parse.h"

/* Walks the messages of a netlink datagram and follows the state of an exchange. Pure; any thread. */

#include <errno.h>
#include <string.h>

int netlink_walk(const void *bytes, size_t size, int (*each)(const struct nlmsghdr *message, void *data),
                 void *data)
{
    const char *at = bytes;

    while (size > 0) {
        const struct nlmsghdr *message = (const void *)at;
        size_t step;
        int error;

        if (size < sizeof(*message) || message->nlmsg_len < sizeof(*message) || message->nlmsg_len > size)
            return -EBADMSG;
        error = each(message, data);
        if (error != 0)
            return error;
        step = NLMSG_ALIGN((size_t)message->nlmsg_len);
        if (step >= size) /* the last message may lack its padding */
            return 0;
        at += step;
        size -= step;
    }
    return 0;
}

void netlink_string(const struct nlattr *attribute, char *buffer, size_t size)
{
    size_t length = attribute ? (size_t)nla_len(attribute) : 0;

    if (length >= size)
        length = size - 1;
    length = length ? strnlen(nla_data(attribute), length) : 0;
    if (length)
        memcpy(buffer, nla_data(attribute), length);
    buffer[length] = '\0';
}

/* Finds the kernel's text (NETLINK_EXT_ACK) in the attributes that follow `skip` bytes of payload. */
static void answer_words(struct netlink_answer *answer, const struct nlmsghdr *message, size_t skip)
{
    size_t size = (size_t)nlmsg_datalen(message);

    skip = NLMSG_ALIGN(skip);
    if (!(message->nlmsg_flags & NLM_F_ACK_TLVS) || skip >= size)
        return;
    netlink_string(nla_find((const struct nlattr *)((const char *)nlmsg_data(message) + skip),
                            (int)(size - skip), NLMSGERR_ATTR_MSG),
                   answer->text, sizeof(answer->text));
}

static int answer_done(struct netlink_answer *answer, const struct nlmsghdr *message)
{
    int error = 0;

    if (nlmsg_datalen(message) >= (int)sizeof(error))
        memcpy(&error, nlmsg_data(message), sizeof(error));
    answer_words(answer, message, sizeof(error));
    answer->error = error <= 0 ? error : -EPROTO;
    answer->done = true;
    return 0;
}

static int answer_error(struct netlink_answer *answer, const struct nlmsghdr *message)
{
    struct nlmsgerr error;
    size_t echo = 0;

    if (nlmsg_datalen(message) < (int)sizeof(error))
        return -EBADMSG;
    memcpy(&error, nlmsg_data(message), sizeof(error));
    if (!(message->nlmsg_flags & NLM_F_CAPPED) && error.msg.nlmsg_len > sizeof(error.msg))
        echo = error.msg.nlmsg_len - sizeof(error.msg);
    answer_words(answer, message, sizeof(error) + echo);
    answer->error = error.error <= 0 ? error.error : -EPROTO;
    if (answer->error < 0 && answer->accepted > 1)
        return answer->error; /* in the middle of a dump: more messages may be queued */
    answer->done = true;
    return 0;
}

static int answer_message(const struct nlmsghdr *message, void *data)
{
    struct netlink_answer *answer = data;

    if (message->nlmsg_seq != answer->sequence || message->nlmsg_pid != answer->port || answer->done)
        return 0;
    answer->accepted++;
    if (message->nlmsg_flags & NLM_F_DUMP_INTR)
        answer->interrupted = true;
    switch (message->nlmsg_type) {
    case NLMSG_NOOP:
        return 0;
    case NLMSG_DONE:
        return answer_done(answer, message);
    case NLMSG_ERROR:
        return answer_error(answer, message);
    default:
        return answer->interrupted ? 0 : answer->reader->message(message, answer->data);
    }
}

int netlink_answer_take(struct netlink_answer *answer, const void *bytes, size_t size)
{
    return netlink_walk(bytes, size, answer_message, answer);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Netlink: the walk and the state of an exchange from bytes; sockets against the running kernel, which
 * answers anybody. */

#include "collectors/kernel/netlink.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/socket.h>

#include "tests/unit/damage.h"

static int count_message(const struct nlmsghdr *message, void *data)
{
    unsigned *count = data;

    (void)message;
    ++*count;
    return 0;
}

static int refuse_second(const struct nlmsghdr *message, void *data)
{
    count_message(message, data);
    return *(unsigned *)data == 2 ? -ENOMEM : 0;
}

static void restart_count(void *data)
{
    *(unsigned *)data = 0;
}

static const struct netlink_reader counting = {
    .what = "test", .begin = restart_count, .message = count_message};
static const struct netlink_reader refusing = {.what = "test", .message = refuse_second};

/* One message of `type` with a payload of one int, at the end of the bytes. */
static void append(struct bytes *bytes, int type, int flags, int payload)
{
    struct {
        struct nlmsghdr header;
        int payload;
    } message = {
        .header = {.nlmsg_len = sizeof(message),
                   .nlmsg_type = (uint16_t)type,
                   .nlmsg_flags = (uint16_t)flags,
                   .nlmsg_seq = CAPTURED_SEQUENCE,
                   .nlmsg_pid = CAPTURED_PORT},
        .payload = payload,
    };

    bytes->data = realloc(bytes->data, bytes->size + sizeof(message));
    assert_non_null(bytes->data);
    memcpy(bytes->data + bytes->size, &message, sizeof(message));
    bytes->size += sizeof(message);
}

static struct nlmsghdr *header_at(struct bytes *bytes, size_t offset)
{
    return (struct nlmsghdr *)(void *)(bytes->data + offset);
}

static void test_walk(void **state)
{
    static const struct {
        uint32_t first_length; /* what the first of two messages of 20 bytes says of itself */
        size_t size;
        unsigned count;
        int result;
    } cases[] = {
        {20, 40, 2, 0},        {20, 20, 1, 0},
        {20, 0, 0, 0},         {18, 18, 1, 0},
        {16, 16, 1, 0},        {20, 39, 1, -EBADMSG},
        {20, 35, 1, -EBADMSG}, {20, 21, 1, -EBADMSG},
        {20, 15, 0, -EBADMSG}, {20, 1, 0, -EBADMSG},
        {15, 40, 0, -EBADMSG}, {0, 40, 0, -EBADMSG},
        {41, 40, 0, -EBADMSG}, {UINT32_MAX, 40, 0, -EBADMSG},
        {40, 40, 1, 0},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct bytes bytes = {}, exact = {};
        unsigned count = 0;

        append(&bytes, RTM_NEWLINK, 0, 0);
        append(&bytes, RTM_NEWLINK, 0, 0);
        header_at(&bytes, 0)->nlmsg_len = cases[i].first_length;
        exact.data = memcpy(malloc(cases[i].size + 1), bytes.data, cases[i].size);
        assert_int_equal(netlink_walk(exact.data, cases[i].size, count_message, &count), cases[i].result);
        assert_int_equal(count, cases[i].count);
        bytes_done(&bytes);
        bytes_done(&exact);
    }
}

static void test_walk_stops_where_the_reader_says(void **state)
{
    struct bytes bytes = captured("getlink");
    unsigned count = 0;

    (void)state;
    assert_int_equal(netlink_walk(bytes.data, bytes.size, refuse_second, &count), -ENOMEM);
    assert_int_equal(count, 2);
    bytes_done(&bytes);
}

static struct netlink_answer answer_new(const struct netlink_reader *reader, unsigned *count)
{
    return (struct netlink_answer){
        .reader = reader, .data = count, .sequence = CAPTURED_SEQUENCE, .port = CAPTURED_PORT};
}

static void test_answer_complete(void **state)
{
    static const struct {
        const char *file;
        unsigned messages;
    } cases[] = {{"getlink", 6}, {"getlink_stats", 6}, {"getstats", 6}, {"acknowledged", 1}};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct bytes bytes = captured(cases[i].file);
        unsigned count = 0;
        struct netlink_answer answer = answer_new(&counting, &count);

        assert_int_equal(netlink_answer_take(&answer, bytes.data, bytes.size), 0);
        assert_true(answer.done);
        assert_false(answer.interrupted);
        assert_int_equal(answer.error, 0);
        assert_string_equal(answer.text, "");
        assert_int_equal(count, cases[i].messages);
        assert_int_equal(answer.accepted, cases[i].messages + 1);
        bytes_done(&bytes);
    }
}

static void test_answer_refused_in_the_kernels_words(void **state)
{
    struct bytes bytes = captured("refused");
    unsigned count = 0;
    struct netlink_answer answer = answer_new(&counting, &count);

    (void)state;
    assert_int_equal(netlink_answer_take(&answer, bytes.data, bytes.size), 0);
    assert_true(answer.done);
    assert_int_equal(answer.error, -EINVAL);
    assert_non_null(strstr(answer.text, "must be set for stats dump"));
    bytes_done(&bytes);
}

/* Row 14 of docs/faults.md: an answer to somebody else's or an earlier question is discarded. */
static void test_row_14_answer_discards_strangers(void **state)
{
    struct bytes bytes = captured("getlink");
    unsigned count = 0;
    struct netlink_answer late = answer_new(&counting, &count), stranger = answer_new(&counting, &count);

    (void)state;
    late.sequence++;
    stranger.port++;
    assert_int_equal(netlink_answer_take(&late, bytes.data, bytes.size), 0);
    assert_int_equal(netlink_answer_take(&stranger, bytes.data, bytes.size), 0);
    assert_int_equal(count, 0);
    assert_int_equal(late.accepted + stranger.accepted, 0);
    assert_false(late.done || stranger.done);
    bytes_done(&bytes);
}

static void test_answer_interrupted(void **state)
{
    struct bytes bytes = {};
    unsigned count = 0;
    struct netlink_answer answer = answer_new(&counting, &count);

    (void)state;
    append(&bytes, RTM_NEWLINK, NLM_F_MULTI, 0);
    append(&bytes, RTM_NEWLINK, NLM_F_MULTI | NLM_F_DUMP_INTR, 0);
    append(&bytes, RTM_NEWLINK, NLM_F_MULTI, 0);
    append(&bytes, NLMSG_DONE, NLM_F_MULTI, 0);
    assert_int_equal(netlink_answer_take(&answer, bytes.data, bytes.size), 0);
    assert_true(answer.done && answer.interrupted);
    assert_int_equal(count, 1);
    bytes_done(&bytes);
}

static void test_answer_ends_at_done(void **state)
{
    struct bytes bytes = {};
    unsigned count = 0;
    struct netlink_answer answer = answer_new(&counting, &count);

    (void)state;
    append(&bytes, NLMSG_NOOP, 0, 0);
    append(&bytes, NLMSG_DONE, NLM_F_MULTI, -ENODEV);
    append(&bytes, RTM_NEWLINK, NLM_F_MULTI, 0);
    assert_int_equal(netlink_answer_take(&answer, bytes.data, bytes.size), 0);
    assert_true(answer.done);
    assert_int_equal(answer.error, -ENODEV);
    assert_int_equal(count, 0);
    bytes_done(&bytes);
}

/* NLMSG_ERROR with a whole struct nlmsgerr. */
static void append_error(struct bytes *bytes, int error)
{
    append(bytes, NLMSG_ERROR, 0, error);
    append(bytes, 0, 0, 0); /* 20 bytes more make the room; only its first 16 are the error's */
    header_at(bytes, bytes->size - 40)->nlmsg_len = NLMSG_LENGTH(sizeof(struct nlmsgerr));
    bytes->size -= 4;
}

static void test_answer_error(void **state)
{
    static const struct {
        bool after_a_message;
        int error;
        bool done;
        int result, said;
    } cases[] = {
        {false, -EPERM, true, 0, -EPERM},      {false, 0, true, 0, 0}, {true, 0, true, 0, 0},
        {true, -EPERM, false, -EPERM, -EPERM}, /* the rest of the dump may be queued */
        {false, 5, true, 0, -EPROTO},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct bytes bytes = {};
        unsigned count = 0;
        struct netlink_answer answer = answer_new(&counting, &count);

        if (cases[i].after_a_message)
            append(&bytes, RTM_NEWLINK, NLM_F_MULTI, 0);
        append_error(&bytes, cases[i].error);
        assert_int_equal(netlink_answer_take(&answer, bytes.data, bytes.size), cases[i].result);
        assert_int_equal(answer.done, cases[i].done);
        assert_int_equal(answer.error, cases[i].said);
        bytes_done(&bytes);
    }
}

/* The kernel's words stand behind the request that it gives back, whole or (capped) without its payload. */
static void test_answer_words_behind_the_request(void **state)
{
    static const struct {
        int flags;
        size_t echo;
    } cases[] = {{NLM_F_ACK_TLVS, 0}, {NLM_F_ACK_TLVS, 8}, {NLM_F_ACK_TLVS | NLM_F_CAPPED, 0}};
    static const char request[8];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct nl_msg *message = nlmsg_alloc_simple(NLMSG_ERROR, cases[i].flags);
        struct nlmsgerr error = {.error = -EINVAL, .msg.nlmsg_len = NLMSG_HDRLEN + sizeof(request)};
        unsigned count = 0;
        struct netlink_answer answer = answer_new(&counting, &count);

        if (!(cases[i].flags & NLM_F_CAPPED))
            error.msg.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + cases[i].echo);
        assert_int_equal(nlmsg_append(message, &error, sizeof(error), NLMSG_ALIGNTO), 0);
        assert_int_equal(nlmsg_append(message, (void *)request, cases[i].echo, NLMSG_ALIGNTO), 0);
        assert_int_equal(nla_put_string(message, NLMSGERR_ATTR_MSG, "no"), 0);
        nlmsg_hdr(message)->nlmsg_seq = CAPTURED_SEQUENCE;
        nlmsg_hdr(message)->nlmsg_pid = CAPTURED_PORT;
        assert_int_equal(netlink_answer_take(&answer, nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len), 0);
        assert_int_equal(answer.error, -EINVAL);
        assert_string_equal(answer.text, "no");
        nlmsg_free(message);
    }
}

static void test_answer_done_without_and_with_a_wrong_error(void **state)
{
    struct bytes bytes = {};
    unsigned count = 0;
    struct netlink_answer bare = answer_new(&counting, &count), wrong = bare;

    (void)state;
    append(&bytes, NLMSG_DONE, NLM_F_MULTI, 5);
    assert_int_equal(netlink_answer_take(&wrong, bytes.data, bytes.size), 0);
    assert_int_equal(wrong.error, -EPROTO);
    header_at(&bytes, 0)->nlmsg_len = NLMSG_HDRLEN;
    assert_int_equal(netlink_answer_take(&bare, bytes.data, NLMSG_HDRLEN), 0);
    assert_true(bare.done);
    assert_int_equal(bare.error, 0);
    bytes_done(&bytes);
}

/* Row 12 of docs/faults.md: an answer that was cut is not taken for a whole one, whatever it was. */
static void take_answer(const struct bytes *bytes, void *context)
{
    unsigned count = 0;
    struct netlink_answer answer = answer_new(&counting, &count);
    int error = netlink_answer_take(&answer, bytes->data, bytes->size);

    assert_true(answer.error <= 0);
    assert_non_null(memchr(answer.text, '\0', sizeof(answer.text)));
    if (context)
        assert_true(!answer.done || bytes->size + NLMSG_ALIGNTO > *(const size_t *)context);
    else
        assert_true(error == 0 || (error < 0 && !answer.done) || error == -EBADMSG);
}

static void test_row_12_answers_cut_and_damaged(void **state)
{
    static const char *const files[] = {"getqdisc", "getstats", "acknowledged", "refused"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        struct bytes bytes = captured(files[i]);

        each_prefix(bytes.data, bytes.size, take_answer, &bytes.size);
        each_damage(bytes.data, bytes.size, take_answer, NULL);
        bytes_done(&bytes);
    }
}

static void test_answer_short_error(void **state)
{
    struct bytes bytes = {};
    unsigned count = 0;
    struct netlink_answer answer = answer_new(&counting, &count);

    (void)state;
    append(&bytes, NLMSG_ERROR, 0, -EPERM);
    assert_int_equal(netlink_answer_take(&answer, bytes.data, bytes.size), -EBADMSG);
    assert_false(answer.done);
    bytes_done(&bytes);
}

static void test_attributes(void **state)
{
    struct nl_msg *message = link_message(RTM_NEWLINK, AF_UNSPEC, 1, 0);
    char text[4] = "xxx";
    uint32_t value = 7;

    (void)state;
    assert_int_equal(nla_put(message, 1, 6, "abc\0ef"), 0);
    assert_int_equal(nla_put(message, 2, 2, "ab"), 0);
    assert_int_equal(nla_put(message, 3, 0, ""), 0);
    assert_int_equal(nla_put_u32(message, 4, 99), 0);
    assert_false(netlink_u32(NULL, &value));
    assert_false(netlink_u32(nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct ifinfomsg), 2), &value));
    assert_int_equal(value, 7);
    assert_true(netlink_u32(nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct ifinfomsg), 4), &value));
    assert_int_equal(value, 99);

    netlink_string(nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct ifinfomsg), 1), text, sizeof(text));
    assert_string_equal(text, "abc");
    netlink_string(nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct ifinfomsg), 1), text, 3);
    assert_string_equal(text, "ab");
    netlink_string(nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct ifinfomsg), 2), text, sizeof(text));
    assert_string_equal(text, "ab");
    netlink_string(nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct ifinfomsg), 3), text, sizeof(text));
    assert_string_equal(text, "");
    netlink_string(NULL, text, sizeof(text));
    assert_string_equal(text, "");
    nlmsg_free(message);
}

static int open_route(void **state)
{
    static struct limits limits;
    struct netlink *netlink = calloc(1, sizeof(*netlink));

    *state = netlink;
    return netlink_open(NETLINK_ROUTE, &limits, netlink, NULL);
}

static int close_route(void **state)
{
    netlink_close(*state);
    free(*state);
    return 0;
}

static void test_dump_of_the_running_kernel(void **state)
{
    struct netlink *netlink = *state;
    struct nl_msg *request = link_message(RTM_GETLINK, AF_UNSPEC, 0, 0);
    unsigned count = 0, again = 0;

    assert_int_equal(netlink_dump(netlink, request, &counting, &count, NULL), 0);
    assert_true(count >= 1);
    assert_int_equal(netlink_dump(netlink, request, &counting, &again, NULL), 0);
    assert_int_equal(again, count);
    nlmsg_free(request);
}

static void test_reader_that_refuses_costs_the_socket_only(void **state)
{
    struct netlink *netlink = *state;
    struct nl_msg *request = link_message(RTM_GETLINK, AF_UNSPEC, 0, 0);
    struct fault fault = {};
    unsigned count = 1; /* the first message is the second */

    assert_int_equal(netlink_dump(netlink, request, &refusing, &count, &fault), -ENOMEM);
    assert_non_null(strstr(fault.text, "test: "));
    assert_null(netlink->socket);
    count = 0;
    assert_int_equal(netlink_dump(netlink, request, &counting, &count, NULL), 0);
    assert_true(count >= 1);
    nlmsg_free(request);
}

static void test_request_of_the_running_kernel(void **state)
{
    struct netlink *netlink = *state;
    struct nl_msg *loopback = link_message(RTM_GETLINK, AF_UNSPEC, 1, 0);
    struct nl_msg *nobody = link_message(RTM_GETLINK, AF_UNSPEC, 0x7ffffff0, 0);
    struct fault fault = {};
    unsigned count = 0;

    assert_int_equal(netlink_request(netlink, loopback, &counting, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(netlink_request(netlink, nobody, &counting, &count, &fault), -ENODEV);
    assert_int_equal(fault.error, -ENODEV);
    assert_non_null(netlink->socket); /* it was told no, and all of that was read */
    nlmsg_free(loopback);
    nlmsg_free(nobody);
}

static void test_unknown_request_is_not_supported(void **state)
{
    struct nl_msg *request = nlmsg_alloc_simple(RTM_MAX + 1000, 0);
    unsigned count = 0;

    assert_int_equal(netlink_dump(*state, request, &counting, &count, NULL), -EOPNOTSUPP);
    nlmsg_free(request);
}

static void test_listening_without_news(void **state)
{
    struct netlink listener;
    unsigned count = 0;

    (void)state;
    assert_int_equal(netlink_listen(NETLINK_ROUTE, RTNLGRP_LINK, &listener, NULL), 0);
    assert_true(netlink_fd(&listener) >= 0);
    assert_int_equal(netlink_drain(&listener, count_message, &count), 0);
    netlink_close(&listener);
}

/* Row 14 of docs/faults.md: any process with CAP_NET_ADMIN may send us what looks like a notification. */
static void test_row_14_only_the_kernel_is_believed(void **state)
{
    struct netlink listener, forger;
    struct limits limits = {};
    struct nl_msg *message = newlink(1, "forged");
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    unsigned count = 0;
    ssize_t sent;

    (void)state;
    assert_int_equal(netlink_listen(NETLINK_ROUTE, RTNLGRP_LINK, &listener, NULL), 0);
    assert_int_equal(netlink_open(NETLINK_ROUTE, &limits, &forger, NULL), 0);
    address.nl_pid = nl_socket_get_local_port(listener.socket);
    sent = sendto(netlink_fd(&forger), nlmsg_hdr(message), nlmsg_hdr(message)->nlmsg_len, 0,
                  (struct sockaddr *)&address, sizeof(address));
    assert_int_equal(netlink_drain(&listener, count_message, &count), 0);
    assert_int_equal(count, 0);
    netlink_close(&listener);
    netlink_close(&forger);
    nlmsg_free(message);
    if (sent < 0)
        skip(); /* not permitted here */
}

static void test_no_such_protocol(void **state)
{
    struct netlink netlink;
    struct limits limits = {};
    struct fault fault = {};

    (void)state;
    assert_int_equal(netlink_open(31, &limits, &netlink, &fault), -EOPNOTSUPP);
    assert_true(fault.unsupported);
    assert_non_null(strstr(fault.text, "RestrictAddressFamilies"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_walk_stops_where_the_reader_says),
        cmocka_unit_test(test_answer_complete),
        cmocka_unit_test(test_answer_refused_in_the_kernels_words),
        cmocka_unit_test(test_row_14_answer_discards_strangers),
        cmocka_unit_test(test_answer_interrupted),
        cmocka_unit_test(test_answer_ends_at_done),
        cmocka_unit_test(test_answer_error),
        cmocka_unit_test(test_answer_words_behind_the_request),
        cmocka_unit_test(test_answer_done_without_and_with_a_wrong_error),
        cmocka_unit_test(test_answer_short_error),
        cmocka_unit_test(test_row_12_answers_cut_and_damaged),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test_setup_teardown(test_dump_of_the_running_kernel, open_route, close_route),
        cmocka_unit_test_setup_teardown(test_reader_that_refuses_costs_the_socket_only, open_route,
                                        close_route),
        cmocka_unit_test_setup_teardown(test_request_of_the_running_kernel, open_route, close_route),
        cmocka_unit_test_setup_teardown(test_unknown_request_is_not_supported, open_route, close_route),
        cmocka_unit_test(test_listening_without_news),
        cmocka_unit_test(test_row_14_only_the_kernel_is_believed),
        cmocka_unit_test(test_no_such_protocol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Netlink messages for tests: captured ones from tests/fixtures/netlink, and ones made with libnl. */

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "collectors/kernel/netlink.h"
#include "tests/unit/unit.h"

/* As capture.py asked. */
enum { CAPTURED_SEQUENCE = 77, CAPTURED_PORT = 4242 };

struct bytes {
    char *data;
    size_t size;
};

static inline void bytes_done(struct bytes *bytes)
{
    free(bytes->data);
}

/* An exact-size copy, so that the sanitizers see every overrun. */
static inline struct bytes captured(const char *name)
{
    struct bytes bytes = {};
    char path[512];
    FILE *file;

    assert_non_null(getenv("FIXTURES"));
    (void)snprintf(path, sizeof(path), "%s/netlink/%s", getenv("FIXTURES"), name);
    file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    bytes.size = (size_t)ftell(file);
    bytes.data = malloc(bytes.size);
    rewind(file);
    assert_int_equal(fread(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

/* The kernels of tests/fixtures/proc. */
static const char *const captured_kernels[] = {"4.19", "5.10", "6.1", "6.12", "6.18"};

/* A file below /proc/self/net, as the kernel of that number had it. */
static inline struct bytes captured_proc(const char *name, size_t kernel)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "../proc/%s/self/net/%s", captured_kernels[kernel], name);
    return captured(path);
}

/* A link message with nothing but its header. */
static inline struct nl_msg *link_message(int type, int family, int ifindex, unsigned flags)
{
    struct ifinfomsg header = {.ifi_family = (unsigned char)family, .ifi_index = ifindex, .ifi_flags = flags};
    struct nl_msg *message = nlmsg_alloc_simple(type, 0);

    assert_int_equal(nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO), 0);
    return message;
}

/* RTM_NEWLINK as a real one: a name and an MTU. */
static inline struct nl_msg *newlink(int ifindex, const char *name)
{
    struct nl_msg *message = link_message(RTM_NEWLINK, AF_UNSPEC, ifindex, 0);

    assert_int_equal(nla_put_string(message, IFLA_IFNAME, name), 0);
    assert_int_equal(nla_put_u32(message, IFLA_MTU, 1500), 0);
    return message;
}

static inline void put_kind(struct nl_msg *message, const char *kind)
{
    struct nlattr *information = nla_nest_start(message, IFLA_LINKINFO);

    assert_int_equal(nla_put_string(message, IFLA_INFO_KIND, kind), 0);
    nla_nest_end(message, information);
}

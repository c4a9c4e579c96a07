/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram of arbitrary bytes as queueing disciplines: nothing is read outside it, and what comes out holds
 * together. */

#include <stdlib.h>
#include <string.h>

#include "collectors/kernel/netlink_parse.h"
#include "collectors/qdisc/qdisc_parse.h"
#include "tests/fuzz/fuzz.h"

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static int take(const struct nlmsghdr *message, void *data)
{
    char handle[QDISC_HANDLE_SIZE], parent[QDISC_HANDLE_SIZE];
    struct qdisc qdisc;

    (void)data;
    if (qdisc_parse(message, &qdisc) < 0)
        return 0;
    expect(qdisc.ifindex > 0);
    expect(qdisc.kind[0] && memchr(qdisc.kind, '\0', sizeof(qdisc.kind)) != NULL);
    expect(qdisc.present >> QDISC_VALUE_COUNT == 0);
    expect(qdisc_same(&qdisc, &qdisc));
    qdisc_format_handle(qdisc.handle, handle);
    qdisc_format_parent(qdisc.parent, parent);
    expect(handle[strlen(handle) - 1] == ':');
    expect(!parent[0] || strchr(parent, ':'));
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    expect(netlink_walk(data, size, take, NULL) <= 0);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A datagram of arbitrary bytes as sockets, told of twice: nothing is read outside it, no drop counts twice,
 * and ports stay in order and within their bound, also where workloads have rows of their own. */

#include <stdlib.h>

#include "collectors/kernel/netlink_parse.h"
#include "collectors/sockets/socket_drops.h"
#include "collectors/sockets/socket_owners.h"
#include "collectors/sockets/socket_ports.h"
#include "collectors/sockets/sockets_parse.h"
#include "tests/fuzz/fuzz.h"

enum { PORTS_MAX = 4 };

struct fuzz {
    struct socket_drops drops;
    struct socket_ports ports;
    struct socket_owners owners;
    size_t hint;
    uint64_t total;
};

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static int take(const struct nlmsghdr *message, void *data)
{
    struct fuzz *fuzz = data;
    struct socket_report report;
    struct socket_port *port;
    enum socket_role role;
    uint32_t fresh;

    if (sockets_parse(message, &report) < 0)
        return 0;
    expect(report.cookie && report.port);
    expect(report.has_drops || report.drops == 0);
    role = report.connected ? SOCKET_CLIENT : SOCKET_SERVICE;
    expect(socket_drops_take(&fuzz->drops, report.cookie, report.drops, role, &fresh) == 0);
    expect(socket_owners_find(&fuzz->owners, &report)); /* there are no cgroups: nobody waits */
    port = socket_ports_get(&fuzz->ports, report.ipv6, report.port, report.workload, &fuzz->hint);
    port->has_socket = true;
    port->values[0] += fresh;
    fuzz->total += fresh;
    expect(socket_drops_take(&fuzz->drops, report.cookie, report.drops, role, &fresh) == 0 && fresh == 0);
    return 0;
}

static void check_ports(struct fuzz *fuzz)
{
    uint64_t total =
        fuzz->ports.forgotten[0] + fuzz->ports.other[0].values[0] + fuzz->ports.other[1].values[0];

    expect(socket_ports_end(&fuzz->ports) == 0);
    expect(fuzz->ports.count <= PORTS_MAX);
    for (size_t i = 0; i < fuzz->ports.count; i++) {
        expect(i == 0 || fuzz->ports.items[i - 1].key < fuzz->ports.items[i].key);
        total += fuzz->ports.items[i].values[0];
    }
    expect(total == fuzz->total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = {};
    struct fuzz fuzz = {};

    expect(socket_owners_init(&fuzz.owners, NULL, &limits) == 0);
    expect(socket_ports_init(&fuzz.ports, PORTS_MAX, size % 2 ? &fuzz.owners.workloads : NULL, &limits) == 0);
    for (unsigned round = 0; round < 2; round++) {
        socket_drops_begin(&fuzz.drops, SOCKETS_SERVICES);
        socket_owners_begin(&fuzz.owners);
        socket_ports_begin(&fuzz.ports, true);
        expect(netlink_walk(data, size, take, &fuzz) <= 0);
        check_ports(&fuzz);
    }
    socket_drops_done(&fuzz.drops);
    socket_ports_done(&fuzz.ports);
    socket_owners_done(&fuzz.owners);
    return 0;
}

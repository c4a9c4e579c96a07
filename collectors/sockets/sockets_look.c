/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/sockets/sockets_look.h"

/* Looks at all sockets and adds what is new to their ports. The sockets collector's thread. */

#include <errno.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "collectors/sockets/sockets_metrics.h"

#define REST_NS (60 * NS_PER_SECOND)
enum { REST_FEW = 256 };

void sockets_look_begin(struct sockets_look *look)
{
    socket_owners_begin(&look->owners);
}

void sockets_look_done(struct sockets_look *look)
{
    sockets_dump_close(&look->dump);
    socket_drops_done(&look->drops);
    socket_ports_done(&look->udp);
    socket_ports_done(&look->listeners);
    socket_owners_done(&look->owners);
}

/* `port` is the service's; NULL for a client's socket. */
static int take_drops(struct sockets_look *look, const struct socket_report *report, struct socket_port *port)
{
    uint32_t fresh;
    int error;

    if (!report->has_drops)
        return 0;
    error = socket_drops_take(&look->drops, report->cookie, report->drops,
                              port ? SOCKET_SERVICE : SOCKET_CLIENT, &fresh);
    if (error == -ENOSPC) {
        limit_hit(look->limits, LIMIT_SOCKETS);
        return 0;
    }
    if (error < 0)
        return error;
    if (port)
        port->values[0] += fresh;
    return 0;
}

static struct socket_port *port_of(struct sockets_look *look, struct socket_ports *ports,
                                   const struct socket_report *report)
{
    return socket_ports_get(ports, report->ipv6, report->port, report->workload, &look->hint);
}

static int take_service(struct sockets_look *look, const struct socket_report *report)
{
    struct socket_port *port;

    if (report->connected)
        return take_drops(look, report, NULL);
    port = port_of(look, &look->udp, report);
    port->has_socket = true;
    if (report->receive_buffer && (!port->buffer || report->receive_buffer < port->buffer))
        port->buffer = report->receive_buffer;
    return take_drops(look, report, port);
}

static int take_rest(void *data, const struct socket_report *report)
{
    struct sockets_look *look = data;

    look->rest++;
    return take_drops(look, report, NULL);
}

/* If several listeners share a port, the fullest is shown: each has its own queue, and a sum would hide that
 * one of many overflows. */
static int take_listener(struct sockets_look *look, const struct socket_report *report)
{
    struct socket_port *port = port_of(look, &look->listeners, report);

    if (!port->has_socket || report->queue_length * port->values[SOCKETS_LISTEN_LIMIT] >
                                 port->values[SOCKETS_LISTEN_LENGTH] * report->queue_limit) {
        port->values[SOCKETS_LISTEN_LENGTH] = report->queue_length;
        port->values[SOCKETS_LISTEN_LIMIT] = report->queue_limit;
    }
    port->has_socket = true;
    return 0;
}

static int take_owned(void *data, const struct socket_report *report)
{
    struct sockets_look *look = data;
    struct socket_report owned = *report;

    if (look->label_workload && !report->connected && !socket_owners_find(&look->owners, &owned))
        return socket_owners_wait(&look->owners, report);
    return look->take(look, &owned);
}

/* Takes the sockets that waited for a name. */
static int take_waiting(struct sockets_look *look, struct fault *fault)
{
    struct socket_owners *owners = &look->owners;
    int error = socket_owners_name(owners, clock_boottime_ns(), fault);

    for (size_t i = 0; i < owners->waiting_count && error == 0; i++) {
        (void)socket_owners_find(owners,
                                 &owners->waiting[i]); /* a socket without a name by now has no owner */
        error = look->take(look, &owners->waiting[i]);
    }
    owners->waiting_count = 0;
    return error < 0 ? fault_errno(fault, error, "sockets") : 0;
}

static int dump_services(struct sockets_look *look, int protocol, struct fault *fault)
{
    int error;

    look->dump.take = take_owned;
    error = sockets_dump_ask(&look->dump, look->dump.services, protocol, fault);
    return error < 0 ? error : take_waiting(look, fault);
}

/* Looks at services first: what a service drops before the rest is looked at must not be taken for the past
 * of a client. */
int sockets_look_udp(struct sockets_look *look, struct fault *fault)
{
    uint64_t now_ns = clock_boottime_ns();
    int error;

    socket_drops_begin(&look->drops, SOCKETS_SERVICES);
    socket_ports_begin(&look->udp, true);
    look->take = take_service;
    error = dump_services(look, IPPROTO_UDP, fault);
    if (error < 0 || (now_ns < look->rest_ns && look->rest > REST_FEW))
        return error;
    socket_drops_begin(&look->drops, SOCKETS_REST);
    look->rest_ns = now_ns + REST_NS;
    look->rest = 0;
    look->dump.take = take_rest;
    return sockets_dump_ask(&look->dump, look->dump.rest, IPPROTO_UDP, fault);
}

int sockets_look_listeners(struct sockets_look *look, struct fault *fault)
{
    socket_ports_begin(&look->listeners, false);
    look->take = take_listener;
    return dump_services(look, IPPROTO_TCP, fault);
}

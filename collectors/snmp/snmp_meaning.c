/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/snmp/snmp_meaning.h"

/* See snmp_meaning.h. By the kernel's own names; protocols stand here without their 6. */

#include <string.h>

#include "base/cleanup.h"
#include "collectors/meaning/remedy.h"

#define PROTOCOL(the_protocol, the_field, where, way, the_class, the_detail, name, text, todo)               \
    {                                                                                                        \
        .protocol = the_protocol, .field = the_field, .meaning = {                                           \
            .purpose = PURPOSE_LOSS,                                                                         \
            .stage = STAGE_##where,                                                                          \
            .direction = DIRECTION_##way,                                                                    \
            .loss_class = LOSS_##the_class,                                                                  \
            .subject = name,                                                                                 \
            .cause = text,                                                                                   \
            .remedy = &remedies[REMEDY_##todo],                                                              \
            .layer = LAYER_PROTOCOL,                                                                         \
            .detail = the_detail,                                                                            \
        }                                                                                                    \
    }
#define IP(field, way, the_class, detail, text, todo)                                                        \
    PROTOCOL("Ip", field, NETWORK, way, the_class, detail, "ip", text, todo)
/* UDP and UDP-Lite, which share UDP's code. */
#define UDP(protocol, name, from)                                                                            \
    PROTOCOL(protocol, "InCsumErrors", TRANSPORT, RECEIVE, ERROR, (from) + 1, name, "wrong checksum",        \
             DAMAGED),                                                                                       \
        PROTOCOL(protocol, "SndbufErrors", TRANSPORT, TRANSMIT, CAPACITY, (from) + 2, name,                  \
                 "no room in a queue or the send buffer", TRANSMIT_QUEUE),                                   \
        PROTOCOL(protocol, "MemErrors", TRANSPORT, RECEIVE, CAPACITY, (from) + 3, name,                      \
                 "out of socket memory", MEMORY),                                                            \
        PROTOCOL(protocol, "RcvbufErrors", TRANSPORT, RECEIVE, CAPACITY, (from) + 4, name,                   \
                 "receive buffer full", SOCKET_BUFFER)
#define TCP(field, the_class, detail, text, todo)                                                            \
    PROTOCOL("TcpExt", field, TRANSPORT, RECEIVE, the_class, detail, "tcp", text, todo)

static const struct {
    const char *protocol;
    const char *field;
    struct meaning meaning;
} losses[] = {
    IP("InDiscards", RECEIVE, UNKNOWN, 1, "discarded on arrival: no memory, or IPv6 off", DROP_SITES),
    IP("OutDiscards", TRANSMIT, UNKNOWN, 2, "not sent: a rule, a full queue or no memory", DROP_SITES),
    IP("ReasmFails", RECEIVE, UNKNOWN, 3, "fragments that made no packet", FRAGMENTS),
    UDP("Udp", "udp", 10),
    UDP("UdpLite", "udplite", 20),
    TCP("OfoPruned", CAPACITY, 31, "out-of-order queue pruned", TCP_RECEIVE_QUEUE),
    TCP("RcvPruned", CAPACITY, 32, "receive queue pruned", TCP_RECEIVE_QUEUE),
    TCP("TCPRcvQDrop", CAPACITY, 33, "receive queue full", TCP_RECEIVE_QUEUE),
    TCP("TCPOFODrop", CAPACITY, 34, "out-of-order queue full", TCP_RECEIVE_QUEUE),
    TCP("TCPBacklogDrop", CAPACITY, 35, "socket backlog full", SOCKET_BACKLOG),
    TCP("ListenDrops", UNKNOWN, 36, "connection attempts not taken by a listener", ACCEPT_QUEUE),
    TCP("ListenOverflows", CAPACITY, 37, "listen queue full", ACCEPT_QUEUE),
};

const struct meaning *snmp_meaning(const struct snmp_field *field, const struct snmp_name *name)
{
    struct snmp_text protocol = snmp_name_protocol(field, name);

    for (size_t i = 0; i < ELEMENTS(losses); i++)
        if (snmp_text_is(field->name, losses[i].field) && snmp_text_is(protocol, losses[i].protocol))
            return &losses[i].meaning;
    return NULL;
}

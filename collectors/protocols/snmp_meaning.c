/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/protocols/snmp_meaning.h"

/*
 * Says which protocol counters are losses, and what these mean. Constant data; any thread. Uses the kernel's
 * own names; protocols are listed without their 6.
 */

#include "base/cleanup.h"
#include "collectors/meaning/remedy.h"

#define MEANING(where, way, the_class, name, text, todo)                                                     \
    {                                                                                                        \
        .purpose = PURPOSE_LOSS, .stage = STAGE_##where, .direction = DIRECTION_##way,                       \
        .loss_class = LOSS_##the_class, .subject = name, .cause = text, .remedy = &remedies[REMEDY_##todo]   \
    }
#define PROTOCOL(the_protocol, the_field, where, way, the_class, name, text, todo)                           \
    {                                                                                                        \
        .protocol = the_protocol, .field = the_field, .meanings = {                                          \
            [SNMP_HERE] = MEANING(where, way, the_class, name, text, todo),                                  \
            [SNMP_OTHER] = MEANING(where, way, the_class, name SNMP_OTHER_SUBJECT, text, todo),              \
        }                                                                                                    \
    }
#define IP(field, way, the_class, text, todo) PROTOCOL("Ip", field, NETWORK, way, the_class, "ip", text, todo)
/* UDP and UDP-Lite share their code. */
#define UDP(protocol, name)                                                                                  \
    PROTOCOL(protocol, "InCsumErrors", TRANSPORT, RECEIVE, ERROR, name, "wrong checksum", DAMAGED),          \
        PROTOCOL(protocol, "SndbufErrors", TRANSPORT, TRANSMIT, CAPACITY, name,                              \
                 "no room in a queue or the send buffer", TRANSMIT_QUEUE),                                   \
        PROTOCOL(protocol, "MemErrors", TRANSPORT, RECEIVE, CAPACITY, name, "out of socket memory", MEMORY), \
        PROTOCOL(protocol, "RcvbufErrors", TRANSPORT, RECEIVE, CAPACITY, name, "receive buffer full",        \
                 SOCKET_BUFFER)
/* Traffic. What a protocol receives includes what it loses later; what it hands on does not. */
#define TRAFFIC(the_protocol, the_field, where, way, whole, name, text)                                      \
    {                                                                                                        \
        .protocol = the_protocol, .field = the_field, .meanings = {                                          \
            [SNMP_HERE] = {.purpose = PURPOSE_TRAFFIC,                                                       \
                           .stage = STAGE_##where,                                                           \
                           .direction = DIRECTION_##way,                                                     \
                           .subject = name,                                                                  \
                           .cause = text,                                                                    \
                           .with_lost = whole},                                                              \
        }                                                                                                    \
    }
#define TCP(field, the_class, text, todo)                                                                    \
    PROTOCOL("TcpExt", field, TRANSPORT, RECEIVE, the_class, "tcp", text, todo)

static const struct {
    const char *protocol;
    const char *field;
    struct meaning meanings[SNMP_PLACE_COUNT];
} entries[] = {
    TRAFFIC("Ip", "InReceives", NETWORK, RECEIVE, true, "ip", "IP packets"),
    TRAFFIC("Ip", "OutRequests", NETWORK, TRANSMIT, true, "ip", "IP packets"),
    TRAFFIC("Udp", "InDatagrams", TRANSPORT, RECEIVE, false, "udp", "UDP"),
    TRAFFIC("Tcp", "InSegs", TRANSPORT, RECEIVE, true, "tcp", "TCP"),
    IP("InDiscards", RECEIVE, UNKNOWN, "discarded on arrival: no memory, or IPv6 off", DROP_SITES),
    IP("OutDiscards", TRANSMIT, UNKNOWN, "not sent: a rule, a full queue or no memory", DROP_SITES),
    IP("ReasmFails", RECEIVE, UNKNOWN, "fragments that made no packet", FRAGMENTS),
    UDP("Udp", "udp"),
    UDP("UdpLite", "udplite"),
    TCP("OfoPruned", CAPACITY, "out-of-order queue pruned", TCP_RECEIVE_QUEUE),
    TCP("RcvPruned", CAPACITY, "receive queue pruned", TCP_RECEIVE_QUEUE),
    TCP("TCPRcvQDrop", CAPACITY, "receive queue full", TCP_RECEIVE_QUEUE),
    TCP("TCPOFODrop", CAPACITY, "out-of-order queue full", TCP_RECEIVE_QUEUE),
    TCP("TCPBacklogDrop", CAPACITY, "socket backlog full", SOCKET_BACKLOG),
    TCP("ListenDrops", UNKNOWN, "connection attempts not taken by a listener", ACCEPT_QUEUE),
    TCP("ListenOverflows", CAPACITY, "listen queue full", ACCEPT_QUEUE),
    PROTOCOL("MPTcpExt", "RcvPruned", TRANSPORT, RECEIVE, CAPACITY, "mptcp",
             "receive buffer of the connection full", TCP_RECEIVE_QUEUE),
};

const struct meaning *snmp_meaning(const struct snmp_field *field, const struct snmp_name *name,
                                   enum snmp_place place)
{
    struct snmp_text protocol = snmp_name_protocol(field, name);

    for (size_t i = 0; i < ELEMENTS(entries); i++)
        if (snmp_text_is(field->name, entries[i].field) && snmp_text_is(protocol, entries[i].protocol))
            return entries[i].meanings[place].purpose ? &entries[i].meanings[place] : NULL;
    return NULL;
}

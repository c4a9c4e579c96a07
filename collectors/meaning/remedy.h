/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What several collectors say about their losses: what to do, and which limit was reached. What only one
 * collector says stands beside its metrics. Constant data; any thread.
 */

#include "base/table/meaning.h"

/* Each has a page of docs/runbook. */
enum shared_remedy {
    REMEDY_NOTHING,
    REMEDY_NOBODY_LISTENS,
    REMEDY_SOCKET_BUFFER,
    REMEDY_MEMORY,
    REMEDY_DAMAGED,
    REMEDY_DEVICE,
    REMEDY_TAP_QUEUE,
    REMEDY_BACKLOG,
    REMEDY_FIREWALL,
    REMEDY_XDP,
    REMEDY_TC_FILTERS,
    REMEDY_BPF_CGROUP,
    REMEDY_SOCKET_FILTERS,
    REMEDY_SECURITY,
    REMEDY_IPV6_OFF,
    REMEDY_SOCKET_BACKLOG,
    REMEDY_PACKET_SOCKET,
    REMEDY_NO_CARRIER,
    REMEDY_QUEUE_EMPTIED,
    REMEDY_DROP_SITES,
    REMEDY_ROUTES,
    REMEDY_BRIDGE,
    REMEDY_TUNNEL,
    REMEDY_IP_HEADER,
    REMEDY_PATH_MTU,
    REMEDY_FRAGMENTS,
    REMEDY_NEIGHBOUR,
    REMEDY_TRANSMIT_QUEUE,
    REMEDY_TCP_SEGMENTS,
    REMEDY_TCP_RECEIVE_QUEUE,
    REMEDY_ACCEPT_QUEUE,
    REMEDY_OPEN_VSWITCH,
    REMEDY_WIRELESS,
    REMEDY_NIC_RING,
    REMEDY_NIC_MISSED,
    REMEDY_NIC_PORT,
    REMEDY_NIC_FAULT,
    REMEDY_NIC_FILTER,
    REMEDY_FRAME_LENGTH,
    REMEDY_DUPLEX,
    REMEDY_LINK_FLAPS,
    REMEDY_COUNT
};

extern const struct remedy remedies[REMEDY_COUNT];

/* How many packets a NIC can receive before the kernel looks (netdrop_nic_ring_entries). */
extern const struct meaning_limit receive_ring_limit;

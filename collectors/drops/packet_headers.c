/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/packet_headers.h"

/*
 * Finds where the headers of a packet end, so that no content is shown. Pure; any thread. Takes header after
 * header: each says how long it is and what follows. A header that is cut, or invalid, is the last one.
 */

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/packet/packet_extension.h"

enum {
    LENGTH_MAX = 1500, /* larger numbers are not lengths (IEEE 802.3) but ethertypes */
    ETHERTYPE_QINQ_OLD = 0x9100,
    SNAP = 0xaa,
    VERSION_4 = 4,
    VERSION_6 = 6,

    PROTOCOL_VRRP = 112,

    PORT_VXLAN = 4789,
    PORT_GENEVE = 6081,
    ICMP6_ROUTER_ADVERTISEMENT = 134,
    ICMP6_NEIGHBOUR_SOLICITATION = 135,
    ICMP6_NEIGHBOUR_ADVERTISEMENT = 136,

    GRE_CHECKSUM = 0x8000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGE = 0x0080, /* in version 1 */
    GRE_VERSION = 0x0007,
    GRE_ROUTING = 0x4000, /* obsolete; its length is not known */
};

struct walk {
    const uint8_t *at;
    size_t left;
    size_t kept;
};

static unsigned number16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

/* Takes the next bytes as a header. Returns NULL if they are not all there; then nothing can follow. */
static const uint8_t *take(struct walk *walk, size_t size)
{
    const uint8_t *taken = walk->at;

    if (walk->left < size) {
        walk->kept += walk->left;
        walk->left = 0;
        return NULL;
    }
    walk->at += size;
    walk->left -= size;
    walk->kept += size;
    return taken;
}

/* Returns the next bytes without taking them, or NULL if they are not all there. */
static const uint8_t *look(const struct walk *walk, size_t size)
{
    return walk->left < size ? NULL : walk->at;
}

/* Ends the packet there: what follows is padding. */
static void end_at(struct walk *walk, size_t size)
{
    if (size < walk->left)
        walk->left = size;
}

static void take_tcp(struct walk *walk)
{
    const uint8_t *header = take(walk, 20);
    size_t size = header ? (size_t)(header[12] >> 4) * 4 : 0;

    if (size > 20)
        (void)take(walk, size - 20);
}

/* Returns the length of the header of a tunnel in UDP, or 0 if it is none. The port alone does not make a
 * tunnel: the rest of the header must be valid too. */
static size_t tunnel_size(unsigned port, const uint8_t *header)
{
    static const uint8_t vxlan[] = {0x08, 0, 0, 0};

    if (header[7]) /* reserved in both kinds */
        return 0;
    if (port == PORT_VXLAN && memcmp(header, vxlan, sizeof(vxlan)) == 0)
        return 8;
    if (port == PORT_GENEVE && number16(header + 2) == ETH_P_TEB && !(header[0] & 0xc0) &&
        !(header[1] & 0x3f))
        return 8 + (size_t)(header[0] & 0x3f) * 4;
    return 0;
}

static void take_udp(struct walk *walk)
{
    const uint8_t *header = take(walk, 8), *tunnel;
    size_t length = header ? number16(header + 4) : 0;

    if (length >= 8)
        end_at(walk, length - 8);
    tunnel = look(walk, 8);
    if (tunnel)
        (void)take(walk, tunnel_size(number16(header + 2), tunnel));
}

static void take_gre(struct walk *walk)
{
    const uint8_t *header = take(walk, 4);
    unsigned flags = header ? number16(header) : GRE_ROUTING, version = flags & GRE_VERSION;
    size_t size = 0;

    if (flags & GRE_ROUTING || version > 1)
        return;
    size += flags & GRE_CHECKSUM ? 4 : 0;
    size += flags & GRE_KEY ? 4 : 0;
    size += flags & GRE_SEQUENCE ? 4 : 0;
    size += version == 1 && flags & GRE_ACKNOWLEDGE ? 4 : 0;
    (void)take(walk, size);
}

/* The address in a neighbour discovery message counts as a header. */
static void take_icmp6(struct walk *walk)
{
    const uint8_t *header = take(walk, 8);

    if (!header)
        return;
    if (header[0] == ICMP6_NEIGHBOUR_SOLICITATION || header[0] == ICMP6_NEIGHBOUR_ADVERTISEMENT)
        (void)take(walk, 16);
    else if (header[0] == ICMP6_ROUTER_ADVERTISEMENT)
        (void)take(walk, 8);
}

/* Transport headers, with their fixed size or how to find it. */
static const struct {
    uint8_t protocol;
    uint8_t size;
    void (*take)(struct walk *walk);
} transports[] = {
    {.protocol = IPPROTO_TCP, .take = take_tcp}, {.protocol = IPPROTO_UDP, .take = take_udp},
    {.protocol = IPPROTO_GRE, .take = take_gre}, {.protocol = IPPROTO_ICMPV6, .take = take_icmp6},
    {.protocol = IPPROTO_ICMP, .size = 8},       {.protocol = IPPROTO_IGMP, .size = 8},
    {.protocol = IPPROTO_SCTP, .size = 12},      {.protocol = IPPROTO_DCCP, .size = 12},
    {.protocol = IPPROTO_UDPLITE, .size = 8},    {.protocol = IPPROTO_ESP, .size = 8},
    {.protocol = PROTOCOL_VRRP, .size = 8},
};

static void take_transport(struct walk *walk, unsigned protocol)
{
    for (size_t i = 0; i < ELEMENTS(transports); i++) {
        if (transports[i].protocol != protocol)
            continue;
        if (transports[i].take)
            transports[i].take(walk);
        else
            (void)take(walk, transports[i].size);
        return;
    }
}

/* Returns the size of an extension header. IPv4 has only one kind. */
static size_t extension_size(unsigned version, unsigned protocol, const uint8_t *header)
{
    return version == VERSION_4 && protocol != IPPROTO_AH ? 0 : packet_extension_size(protocol, header);
}

/* Takes what follows an IP header: any number of extensions, then the transport header. */
static void take_behind_ip(struct walk *walk, unsigned version, unsigned protocol)
{
    const uint8_t *header;
    size_t size;

    while ((header = look(walk, 2)) && (size = extension_size(version, protocol, header))) {
        bool fragment = protocol == IPPROTO_FRAGMENT;

        if (!take(walk, size) || (fragment && number16(header + 2) & 0xfff8))
            return;
        protocol = header[0];
    }
    take_transport(walk, protocol);
}

static void take_ip4(struct walk *walk)
{
    const uint8_t *first = look(walk, 1), *header;
    size_t size = first ? (size_t)(*first & 0x0f) * 4 : 0, length;

    if (!first || *first >> 4 != VERSION_4 || size < 20)
        return;
    header = take(walk, size);
    if (!header)
        return;
    length = number16(header + 2);
    if (length && length < size) /* 0: larger than the field can hold */
        return;
    if (length)
        end_at(walk, length - size);
    if (!(number16(header + 6) & 0x1fff))
        take_behind_ip(walk, VERSION_4, header[9]);
}

static void take_ip6(struct walk *walk)
{
    const uint8_t *first = look(walk, 1), *header;

    if (!first || *first >> 4 != VERSION_6)
        return;
    header = take(walk, 40);
    if (!header)
        return;
    if (number16(header + 4)) /* 0: larger than the field can hold */
        end_at(walk, number16(header + 4));
    take_behind_ip(walk, VERSION_6, header[6]);
}

/* Takes the addresses of Ethernet and IPv4; of others only their type. */
static void take_arp(struct walk *walk)
{
    const uint8_t *header = take(walk, 8);

    if (header && header[4] == ETH_ALEN && header[5] == 4)
        (void)take(walk, 2 * (ETH_ALEN + 4));
}

/* Takes the labels, up to the last one. */
static void take_mpls(struct walk *walk)
{
    const uint8_t *label;

    do
        label = take(walk, 4);
    while (label && !(label[2] & 1));
}

/* Takes what follows a length instead of an ethertype: LLC, and SNAP if LLC announces it. */
static void take_llc(struct walk *walk)
{
    const uint8_t *header = take(walk, 3);

    if (header && header[0] == SNAP && header[1] == SNAP)
        (void)take(walk, 5);
}

static void take_network(struct walk *walk, unsigned ethertype)
{
    const uint8_t *tag;

    while (ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD || ethertype == ETHERTYPE_QINQ_OLD) {
        tag = take(walk, 4);
        if (!tag)
            return;
        ethertype = number16(tag + 2);
    }
    if (ethertype == ETH_P_IP)
        take_ip4(walk);
    else if (ethertype == ETH_P_IPV6)
        take_ip6(walk);
    else if (ethertype == ETH_P_ARP || ethertype == ETH_P_RARP)
        take_arp(walk);
    else if (ethertype == ETH_P_MPLS_UC || ethertype == ETH_P_MPLS_MC)
        take_mpls(walk);
    else if (ethertype == ETH_P_PPP_SES || ethertype == ETH_P_PPP_DISC)
        (void)take(walk, ethertype == ETH_P_PPP_SES ? 8 : 6);
    else if (ethertype && ethertype <= LENGTH_MAX)
        take_llc(walk);
}

size_t packet_headers_size(const struct packet_view *packet)
{
    struct walk walk = {.at = packet->data, .left = packet->size};
    unsigned ethertype = packet->protocol;

    if (packet->ethernet) {
        const uint8_t *header = take(&walk, ETH_HLEN);

        if (!header)
            return walk.kept;
        ethertype = number16(header + ETH_HLEN - 2);
    }
    take_network(&walk, ethertype);
    return walk.kept;
}

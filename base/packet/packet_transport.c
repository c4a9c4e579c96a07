/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/packet/packet_transport.h"

/* Reads UDP, TCP and other transport headers for the line of a packet. Pure; any thread. */

#include <netinet/in.h>

#include "base/cleanup.h"
#include "base/packet/packet_icmp.h"

enum {
    TCP_HEADER = 20,
    TCP_OFFSET_AT = 12,
    TCP_FLAGS_AT = 13,
    UDP_HEADER = 8,
    SCTP_HEADER = 12,
    DCCP_HEADER = 12,
    ESP_HEADER = 8,
};

struct protocol {
    unsigned number;
    const char *name;
    size_t header; /* the minimum, if it begins with two ports; 0: no ports */
};

static const struct protocol protocols[] = {
    {IPPROTO_TCP, "TCP", TCP_HEADER},
    {IPPROTO_UDP, "UDP", UDP_HEADER},
    {IPPROTO_UDPLITE, "UDP-Lite", UDP_HEADER},
    {IPPROTO_SCTP, "SCTP", SCTP_HEADER},
    {IPPROTO_DCCP, "DCCP", DCCP_HEADER},
    {IPPROTO_ICMP, "ICMP", 0},
    {IPPROTO_ICMPV6, "ICMP6", 0},
    {IPPROTO_IGMP, "IGMP", 0},
    {IPPROTO_IPIP, "IP-in-IP", 0},
    {IPPROTO_IPV6, "IP6-in-IP", 0},
    {IPPROTO_GRE, "GRE", 0},
    {IPPROTO_ESP, "ESP", 0},
    {IPPROTO_AH, "AH", 0},
    {IPPROTO_NONE, "no next header", 0},
    {IPPROTO_COMP, "IPComp", 0},
    {IPPROTO_PIM, "PIM", 0},
    {IPPROTO_MPLS, "MPLS-in-IP", 0},
    {88, "EIGRP", 0},
    {89, "OSPF", 0},
    {112, "VRRP", 0},
    {115, "L2TP", 0},
    {IPPROTO_ETHERNET, "Ethernet-in-IP", 0},
};

static const struct protocol *protocol_of(unsigned number)
{
    for (size_t i = 0; i < ELEMENTS(protocols); i++)
        if (protocols[i].number == number)
            return &protocols[i];
    return NULL;
}

bool packet_ports(const struct packet_transport *transport, unsigned *ret_from, unsigned *ret_to)
{
    const struct protocol *protocol = protocol_of(transport->protocol);
    struct packet_bytes bytes = transport->bytes;
    const uint8_t *ports;

    if (!protocol || !protocol->header || transport->fragment_offset)
        return false;
    ports = packet_take(&bytes, 4);
    if (!ports)
        return false;
    *ret_from = packet_u16(ports);
    *ret_to = packet_u16(ports + 2);
    return true;
}

/* Writes the flags in tcpdump's order: "[S.]", "[P.]", "[none]". */
static void tcp_flags(unsigned flags, struct buffer *out)
{
    static const char letters[] = "FSRP.UEW";
    static const unsigned bits[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80};

    buffer_text(out, " [");
    for (size_t i = 0; i < ELEMENTS(bits); i++)
        if (flags & bits[i])
            buffer_append(out, &letters[i], 1);
    buffer_text(out, flags ? "]" : "none]");
}

/* Writes the length of the payload. */
static void length_word(const struct packet_bytes *bytes, struct buffer *out)
{
    buffer_printf(out, " len %zu", bytes->length);
}

static void tcp_words(struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *header = packet_take(&bytes, TCP_HEADER);
    size_t options;

    if (!header) {
        buffer_text(out, " [cut]");
        return;
    }
    tcp_flags(header[TCP_FLAGS_AT], out);
    options = (size_t)(header[TCP_OFFSET_AT] >> 4) * 4;
    options = options > TCP_HEADER ? options - TCP_HEADER : 0;
    bytes.length = bytes.length > options ? bytes.length - options : 0;
    length_word(&bytes, out);
}

static void headed_words(const struct protocol *protocol, struct packet_bytes bytes, struct buffer *out)
{
    if (packet_take(&bytes, protocol->header))
        length_word(&bytes, out);
    else
        buffer_text(out, " [cut]");
}

static void esp_words(struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *header = packet_take(&bytes, ESP_HEADER);

    if (header)
        buffer_printf(out, " spi 0x%08x seq %u", packet_u32(header), packet_u32(header + 4));
    length_word(&bytes, out);
}

static void protocol_words(const struct protocol *protocol, const struct packet_bytes *bytes,
                           struct buffer *out)
{
    switch (protocol->number) {
    case IPPROTO_TCP:
        tcp_words(*bytes, out);
        return;
    case IPPROTO_ICMP:
        packet_icmp_words(*bytes, out);
        return;
    case IPPROTO_ICMPV6:
        packet_icmp6_words(*bytes, out);
        return;
    case IPPROTO_ESP:
        esp_words(*bytes, out);
        return;
    default:
        if (protocol->header)
            headed_words(protocol, *bytes, out);
        else
            length_word(bytes, out);
    }
}

void packet_transport_words(const struct packet_transport *transport, struct buffer *out)
{
    const struct protocol *protocol = protocol_of(transport->protocol);

    if (protocol)
        buffer_text(out, protocol->name);
    else
        buffer_printf(out, "protocol %u", transport->protocol);
    if (protocol && !transport->fragment_offset)
        protocol_words(protocol, &transport->bytes, out);
    else
        length_word(&transport->bytes, out);
    if (transport->fragment)
        buffer_printf(out, " frag %zu%s", transport->fragment_offset, transport->more_fragments ? "+" : "");
}

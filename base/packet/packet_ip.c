/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/packet/packet_ip.h"

/* Reads the headers of IPv4 and IPv6 for the line of a packet. Pure; any thread. */

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/packet/packet_address.h"
#include "base/packet/packet_extension.h"
#include "base/packet/packet_transport.h"

enum {
    IP4_HEADER = 20,
    IP6_HEADER = 40,
    FRAGMENT_MORE = 0x2000,
    FRAGMENT_OFFSET = 0x1fff,
    FRAGMENT6_MORE = 0x0001,
    FRAGMENT6_OFFSET = 0xfff8,
    FRAGMENT_UNIT = 8,
};

static void endpoint(int family, const uint8_t *address, bool prefixes, const unsigned *port,
                     struct buffer *out)
{
    if (family == AF_INET)
        packet_ip4_address(address, prefixes, out);
    else
        packet_ip6_address(address, prefixes, out);
    if (port)
        buffer_printf(out, ".%u", *port);
}

static void ip_line(int family, const uint8_t *from, const uint8_t *to,
                    const struct packet_transport *transport, struct buffer *out)
{
    unsigned port_from, port_to;
    bool ports = packet_ports(transport, &port_from, &port_to);

    buffer_text(out, family == AF_INET ? "IP " : "IP6 ");
    endpoint(family, from, transport->bytes.prefixes, ports ? &port_from : NULL, out);
    buffer_text(out, " > ");
    endpoint(family, to, transport->bytes.prefixes, ports ? &port_to : NULL, out);
    buffer_text(out, "  ");
    packet_transport_words(transport, out);
}

void packet_ip4_line(struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *header;
    struct packet_transport transport;
    unsigned field;
    size_t size, total;

    header = bytes.size >= IP4_HEADER ? bytes.data : NULL;
    if (!header || header[0] >> 4 != 4 || (header[0] & 15U) * 4 < IP4_HEADER) {
        buffer_printf(out, "IP %s len %zu", header ? "not valid" : "[cut]", bytes.length);
        return;
    }
    size = (header[0] & 15U) * 4;
    total = packet_u16(header + 2);
    /* 0: larger than the field can hold, because GRO put segments together */
    if (total >= size)
        packet_end(&bytes, total);
    if (!packet_take(&bytes, size)) {
        bytes.length = bytes.length > size ? bytes.length - size : 0;
        bytes.size = 0;
    }
    field = packet_u16(header + 6);
    transport = (struct packet_transport){
        .protocol = header[9],
        .fragment = (field & (FRAGMENT_MORE | FRAGMENT_OFFSET)) != 0,
        .more_fragments = (field & FRAGMENT_MORE) != 0,
        .fragment_offset = (size_t)(field & FRAGMENT_OFFSET) * FRAGMENT_UNIT,
        .bytes = bytes,
    };
    ip_line(AF_INET, header + 12, header + 16, &transport, out);
}

static void take_fragment_header(struct packet_transport *transport, const uint8_t *header)
{
    unsigned field = packet_u16(header + 2);

    transport->fragment = true;
    transport->more_fragments = (field & FRAGMENT6_MORE) != 0;
    transport->fragment_offset = field & FRAGMENT6_OFFSET;
}

/* Skips to the transport header, if the headers before it were recorded. */
static void skip_extensions(struct packet_transport *transport)
{
    while (!transport->fragment_offset) {
        size_t size =
            transport->bytes.size < 2 ? 0 : packet_extension_size(transport->protocol, transport->bytes.data);
        const uint8_t *header = size ? packet_take(&transport->bytes, size) : NULL;

        if (!header)
            return;
        if (transport->protocol == IPPROTO_FRAGMENT)
            take_fragment_header(transport, header);
        transport->protocol = header[0];
    }
}

void packet_ip6_line(struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *header = packet_take(&bytes, IP6_HEADER);
    struct packet_transport transport;
    size_t payload;

    if (!header || header[0] >> 4 != 6) {
        buffer_printf(out, "IP6 %s len %zu", header ? "not valid" : "[cut]",
                      header ? bytes.length + IP6_HEADER : bytes.length);
        return;
    }
    payload = packet_u16(header + 4);
    /* 0: as for IPv4, or a jumbogram */
    if (payload)
        packet_end(&bytes, payload);
    transport = (struct packet_transport){.protocol = header[6], .bytes = bytes};
    skip_extensions(&transport);
    ip_line(AF_INET6, header + 8, header + 24, &transport, out);
}

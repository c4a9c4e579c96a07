/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/packet/packet_line.h"

/* Reads the link header and picks who writes the rest of a packet's line. Pure; any thread. */

#include <net/ethernet.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/packet/packet_address.h"
#include "base/packet/packet_bytes.h"
#include "base/packet/packet_ip.h"

enum {
    VLAN_TAG = 4,
    VLAN_ID = 0x0fff,
    ARP_BODY = 28,     /* of Ethernet and IPv4 */
    LENGTH_MAX = 1500, /* larger numbers are ethertypes */
    ETHERTYPE_QINQ = 0x88a8,
};

static const struct {
    unsigned number;
    const char *name;
} ethertypes[] = {
    {0x88cc, "LLDP"},  {0x8809, "LACP"},     {0x888e, "EAPOL"}, {0x8863, "PPPoE discovery"},
    {0x8864, "PPPoE"}, {0x8847, "MPLS"},     {0x8848, "MPLS"},  {0x88e5, "MACsec"},
    {0x88f7, "PTP"},   {0x8902, "CFM"},      {0x8906, "FCoE"},  {0x8035, "RARP"},
    {0x8137, "IPX"},   {0x9000, "loopback"}, {0x88ca, "TIPC"},  {0x4305, "batman"},
};

/* Writes "SOURCE > DESTINATION" of the Ethernet header, or nothing if there is none. */
static void macs(const uint8_t *header, bool prefixes, struct buffer *out)
{
    if (!header)
        return;
    buffer_text(out, " ");
    packet_mac_address(header + ETH_ALEN, prefixes, out);
    buffer_text(out, " > ");
    packet_mac_address(header, prefixes, out);
}

static void arp_line(struct packet_bytes bytes, struct buffer *out)
{
    static const uint8_t ethernet_ip4[] = {0, ARPHRD_ETHER, 8, 0, ETH_ALEN, 4};
    const uint8_t *body = packet_take(&bytes, ARP_BODY);
    unsigned operation = body ? packet_u16(body + 6) : 0;

    buffer_text(out, "ARP ");
    if (!body || memcmp(body, ethernet_ip4, sizeof(ethernet_ip4)) != 0) {
        buffer_text(out, body ? "of other addresses" : "[cut]");
    } else if (operation == ARPOP_REQUEST) {
        buffer_text(out, "who-has ");
        packet_ip4_address(body + 24, bytes.prefixes, out);
        buffer_text(out, " tell ");
        packet_ip4_address(body + 14, bytes.prefixes, out);
    } else if (operation == ARPOP_REPLY) {
        packet_ip4_address(body + 14, bytes.prefixes, out);
        buffer_text(out, " is-at ");
        packet_mac_address(body + 8, bytes.prefixes, out);
    } else {
        buffer_printf(out, "operation %u", operation);
    }
}

static const char *ethertype_name(unsigned number)
{
    for (size_t i = 0; i < ELEMENTS(ethertypes); i++)
        if (ethertypes[i].number == number)
            return ethertypes[i].name;
    return NULL;
}

/* Frames that are neither IP nor ARP: the MAC addresses say who sent them. */
static void other_line(const uint8_t *header, unsigned ethertype, const struct packet_bytes *bytes,
                       struct buffer *out)
{
    const char *name = ethertype_name(ethertype);

    if (name)
        buffer_text(out, name);
    else
        buffer_printf(out, "ethertype 0x%04x", ethertype);
    macs(header, bytes->prefixes, out);
    buffer_printf(out, "  len %zu", bytes->length);
}

static void network_line(const uint8_t *header, unsigned ethertype, struct packet_bytes bytes,
                         struct buffer *out)
{
    switch (ethertype) {
    case ETHERTYPE_IP:
        packet_ip4_line(bytes, out);
        return;
    case ETHERTYPE_IPV6:
        packet_ip6_line(bytes, out);
        return;
    case ETHERTYPE_ARP:
        arp_line(bytes, out);
        return;
    default:
        other_line(header, ethertype, &bytes, out);
    }
}

/* An IEEE 802.3 frame with a length instead of an ethertype: LLC says what it carries. */
static void llc_line(const uint8_t *header, size_t length, struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *llc = packet_take(&bytes, 3);

    if (llc && llc[0] == 0x42)
        buffer_text(out, "STP");
    else if (llc && llc[0] == 0xfe)
        buffer_text(out, "IS-IS");
    else if (llc && llc[0] == 0xaa)
        buffer_text(out, "SNAP");
    else
        buffer_text(out, "LLC");
    macs(header, bytes.prefixes, out);
    buffer_printf(out, "  len %zu", length);
}

static void ethernet_line(struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *header = packet_take(&bytes, ETH_HLEN), *tag;
    unsigned ethertype;

    if (!header) {
        buffer_printf(out, "Ethernet [cut] len %zu", bytes.length);
        return;
    }
    ethertype = packet_u16(header + 2 * ETH_ALEN);
    while ((ethertype == ETHERTYPE_VLAN || ethertype == ETHERTYPE_QINQ) &&
           (tag = packet_take(&bytes, VLAN_TAG))) {
        buffer_printf(out, "vlan %u  ", packet_u16(tag) & VLAN_ID);
        ethertype = packet_u16(tag + 2);
    }
    if (ethertype <= LENGTH_MAX)
        llc_line(header, ethertype, bytes, out);
    else
        network_line(header, ethertype, bytes, out);
}

/* If the kernel did not know the protocol yet, reads the version from the first byte. */
static unsigned raw_ethertype(const struct packet *packet)
{
    if (packet->protocol || !packet->size)
        return packet->protocol;
    return packet->data[0] >> 4 == 4 ? ETHERTYPE_IP : packet->data[0] >> 4 == 6 ? ETHERTYPE_IPV6 : 0;
}

void packet_line(const struct packet *packet, struct buffer *out)
{
    if (packet->link_type == PACKET_ETHERNET)
        ethernet_line(packet_bytes(packet), out);
    else
        network_line(NULL, raw_ethertype(packet), packet_bytes(packet), out);
}

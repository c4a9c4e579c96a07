/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/packet/packet_icmp.h"

/* Puts ICMP and ICMPv6 messages into words for the line of a packet. Pure; any thread. */

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include "base/cleanup.h"
#include "base/packet/packet_address.h"

enum { ICMP_HEADER = 8, ANY_CODE = -1, MLD2_REPORT = 143 };

struct message {
    unsigned type;
    int code;
    const char *words;
};

/* The first that fits is used. */
static const struct message messages[] = {
    {ICMP_ECHO, ANY_CODE, "echo request"},
    {ICMP_ECHOREPLY, ANY_CODE, "echo reply"},
    {ICMP_DEST_UNREACH, ICMP_NET_UNREACH, "network unreachable"},
    {ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, "host unreachable"},
    {ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, "protocol unreachable"},
    {ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, "port unreachable"},
    {ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, "fragmentation needed"},
    {ICMP_DEST_UNREACH, ICMP_PKT_FILTERED, "administratively prohibited"},
    {ICMP_DEST_UNREACH, ANY_CODE, "unreachable"},
    {ICMP_SOURCE_QUENCH, ANY_CODE, "source quench"},
    {ICMP_REDIRECT, ANY_CODE, "redirect"},
    {ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, "reassembly time exceeded"},
    {ICMP_TIME_EXCEEDED, ANY_CODE, "time exceeded"},
    {ICMP_PARAMETERPROB, ANY_CODE, "parameter problem"},
    {ICMP_TIMESTAMP, ANY_CODE, "timestamp request"},
    {ICMP_TIMESTAMPREPLY, ANY_CODE, "timestamp reply"},
    {9, ANY_CODE, "router advertisement"},
    {10, ANY_CODE, "router solicitation"},
};

static const struct message messages6[] = {
    {ICMP6_ECHO_REQUEST, ANY_CODE, "echo request"},
    {ICMP6_ECHO_REPLY, ANY_CODE, "echo reply"},
    {ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOROUTE, "no route"},
    {ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADMIN, "administratively prohibited"},
    {ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR, "address unreachable"},
    {ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT, "port unreachable"},
    {ICMP6_DST_UNREACH, ANY_CODE, "unreachable"},
    {ICMP6_PACKET_TOO_BIG, ANY_CODE, "packet too big"},
    {ICMP6_TIME_EXCEEDED, ICMP6_TIME_EXCEED_REASSEMBLY, "reassembly time exceeded"},
    {ICMP6_TIME_EXCEEDED, ANY_CODE, "time exceeded"},
    {ICMP6_PARAM_PROB, ANY_CODE, "parameter problem"},
    {MLD_LISTENER_QUERY, ANY_CODE, "multicast query"},
    {MLD_LISTENER_REPORT, ANY_CODE, "multicast report"},
    {MLD_LISTENER_REDUCTION, ANY_CODE, "multicast done"},
    {MLD2_REPORT, ANY_CODE, "multicast report v2"},
    {ND_ROUTER_SOLICIT, ANY_CODE, "router solicitation"},
    {ND_ROUTER_ADVERT, ANY_CODE, "router advertisement"},
    {ND_NEIGHBOR_SOLICIT, ANY_CODE, "neighbor solicitation"},
    {ND_NEIGHBOR_ADVERT, ANY_CODE, "neighbor advertisement"},
    {ND_REDIRECT, ANY_CODE, "redirect"},
};

static const char *words_of(const struct message *list, size_t count, const uint8_t *header)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].type == header[0] && (list[i].code == ANY_CODE || list[i].code == header[1]))
            return list[i].words;
    return NULL;
}

static void begin(const struct message *list, size_t count, const uint8_t *header, struct buffer *out)
{
    const char *words = words_of(list, count, header);

    if (words)
        buffer_printf(out, " %s", words);
    else
        buffer_printf(out, " type %u code %u", header[0], header[1]);
}

static void echo_words(const uint8_t *header, const struct packet_bytes *rest, struct buffer *out)
{
    buffer_printf(out, " id %u seq %u len %zu", packet_u16(header + 4), packet_u16(header + 6), rest->length);
}

void packet_icmp_words(struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *header = packet_take(&bytes, ICMP_HEADER);

    if (!header) {
        buffer_text(out, " [cut]");
        return;
    }
    begin(messages, ELEMENTS(messages), header, out);
    if (header[0] == ICMP_ECHO || header[0] == ICMP_ECHOREPLY)
        echo_words(header, &bytes, out);
    else if (header[0] == ICMP_DEST_UNREACH && header[1] == ICMP_FRAG_NEEDED)
        buffer_printf(out, " mtu %u", packet_u16(header + 6));
}

/* The address that neighbour discovery asks for or answers, if it was recorded. */
static void neighbor_words(const uint8_t *header, struct packet_bytes rest, struct buffer *out)
{
    const uint8_t *target = packet_take(&rest, sizeof(struct in6_addr));

    if (!target)
        return;
    buffer_text(out, header[0] == ND_NEIGHBOR_SOLICIT ? " who has " : " of ");
    packet_ip6_address(target, rest.prefixes, out);
}

void packet_icmp6_words(struct packet_bytes bytes, struct buffer *out)
{
    const uint8_t *header = packet_take(&bytes, ICMP_HEADER);

    if (!header) {
        buffer_text(out, " [cut]");
        return;
    }
    begin(messages6, ELEMENTS(messages6), header, out);
    if (header[0] == ICMP6_ECHO_REQUEST || header[0] == ICMP6_ECHO_REPLY)
        echo_words(header, &bytes, out);
    else if (header[0] == ICMP6_PACKET_TOO_BIG)
        buffer_printf(out, " mtu %u", packet_u32(header + 4));
    else if (header[0] == ND_NEIGHBOR_SOLICIT || header[0] == ND_NEIGHBOR_ADVERT)
        neighbor_words(header, bytes, out);
}

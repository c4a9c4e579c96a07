/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/packet/packet_address.h"

/* Writes addresses as people read them, or as much of them as all may read. Pure. */

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

enum {
    IP4_PREFIX = 24,
    IP6_PREFIX = 56,
    MAPPED_PREFIX = 96 + IP4_PREFIX,
    MAC_VENDOR = 3, /* bytes */
};

void packet_ip4_address(const uint8_t *address, bool prefixes, struct buffer *out)
{
    if (prefixes)
        buffer_printf(out, "%u.%u.%u.0/%d", address[0], address[1], address[2], IP4_PREFIX);
    else
        buffer_printf(out, "%u.%u.%u.%u", address[0], address[1], address[2], address[3]);
}

void packet_ip6_address(const uint8_t *address, bool prefixes, struct buffer *out)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr shown;
    int prefix;

    memcpy(&shown, address, sizeof(shown));
    prefix = IN6_IS_ADDR_V4MAPPED(&shown) ? MAPPED_PREFIX : IP6_PREFIX;
    if (prefixes)
        memset(shown.s6_addr + prefix / 8, 0, sizeof(shown) - (size_t)prefix / 8);
    if (!inet_ntop(AF_INET6, &shown, text, sizeof(text)))
        return;
    buffer_text(out, text);
    if (prefixes)
        buffer_printf(out, "/%d", prefix);
}

void packet_mac_address(const uint8_t *address, bool prefixes, struct buffer *out)
{
    for (size_t i = 0; i < ETH_ALEN; i++) {
        buffer_text(out, i ? ":" : "");
        if (prefixes && i >= MAC_VENDOR)
            buffer_text(out, "xx");
        else
            buffer_printf(out, "%02x", address[i]);
    }
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/meaning/drop_meaning.h"

/* Finds what a drop means, by its reason and function. Pure; any thread. */

#include <string.h>

#include "base/cleanup.h"
#include "collectors/meaning/drop_meaning_table.h"

static const struct {
    const struct drop_meaning *entries;
    const size_t *count;
} parts[] = {
    {drop_meaning_reasons, &drop_meaning_reason_count},
    {drop_meaning_functions, &drop_meaning_function_count},
    {drop_meaning_devices, &drop_meaning_device_count},
    {drop_meaning_network, &drop_meaning_network_count},
};

const struct drop_meaning *drop_meaning_at(size_t i)
{
    for (size_t part = 0; part < ELEMENTS(parts); part++) {
        if (i < *parts[part].count)
            return &parts[part].entries[i];
        i -= *parts[part].count;
    }
    return NULL;
}

/* Returns true if the pattern ends here with a star. */
static bool is_star(const char *at)
{
    return at[0] == '*' && !at[1];
}

static bool is_beginning(const char *pattern)
{
    return *pattern && is_star(pattern + strlen(pattern) - 1);
}

/* Returns true if the text matches the pattern, which may end with a star. */
static bool fits(const char *pattern, const char *text)
{
    for (; *pattern && *pattern == *text; pattern++)
        text++;
    return *pattern == *text || is_star(pattern);
}

/* Returns how specific the entry is, or 0 if it does not match. */
static unsigned entry_weight(const struct drop_meaning *entry, const char *reason, const char *function,
                             unsigned circumstances)
{
    unsigned weight;

    if ((entry->circumstance & ~circumstances) || (entry->reason && !fits(entry->reason, reason)) ||
        (entry->function && !fits(entry->function, function)))
        return 0;
    if (entry->reason)
        weight = entry->function ? 8 : is_beginning(entry->reason) ? 3 : 4;
    else
        weight = entry->decides ? 6 : 2;
    return weight + (entry->circumstance ? 1 : 0);
}

const struct drop_meaning *drop_meaning_find(const char *reason, const char *function, unsigned circumstances)
{
    const struct drop_meaning *found = NULL;
    unsigned best = 0;

    for (size_t part = 0; part < ELEMENTS(parts); part++)
        for (size_t i = 0; i < *parts[part].count; i++) {
            unsigned weight = entry_weight(&parts[part].entries[i], reason, function, circumstances);

            if (weight > best) {
                best = weight;
                found = &parts[part].entries[i];
            }
        }
    return found;
}

const struct drop_meaning *drop_meaning_of_class(const char *reason, const char *function,
                                                 const char *loss_class)
{
    for (unsigned circumstance = 0; circumstance <= DROP_CIRCUMSTANCE_LAST;
         circumstance = circumstance ? 2 * circumstance : 1) {
        const struct drop_meaning *found = drop_meaning_find(reason, function, circumstance);

        if (found && strcmp(loss_class_name(cause_meanings[found->cause].loss_class), loss_class) == 0)
            return found;
    }
    return NULL;
}

enum drop_cause drop_cause_of(const char *reason, const char *function, unsigned circumstances)
{
    const struct drop_meaning *meaning = drop_meaning_find(reason, function, circumstances);

    return meaning ? meaning->cause : CAUSE_UNKNOWN;
}

enum loss_class drop_class_of(const char *reason, const char *function, unsigned circumstances)
{
    return cause_meanings[drop_cause_of(reason, function, circumstances)].loss_class;
}

/* Returns true for functions of tunnels and IPsec that decapsulate a packet. By then the packet has the
 * tunnel's device, or has lost the device that it came in by (__iptunnel_pull_header(),
 * net/ipv4/ip_tunnel_core.c), so that it looks forwarded, or made here. */
static bool takes_out(const char *function)
{
    static const char *const patterns[] = {
        "vxlan_rcv",
        "geneve_rx",
        "ip_tunnel_rcv",
        "__ip6_tnl_rcv",
        "gre_rcv",
        "__ipgre_rcv",
        "ip6gre_rcv",
        "ip6erspan_rcv",
        "erspan_rcv",
        "ipip_tunnel_rcv",
        "ipip6_rcv",
        "sit_tunnel_rcv",
        "ipxip6_rcv",
        "xfrm_input",
        "vti_input*",
        "vti6_input*",
        "bareudp_udp_encap_recv",
        "gtp_encap_recv",
        "macsec_handle_frame",
    };

    for (size_t i = 0; i < ELEMENTS(patterns); i++)
        if (fits(patterns[i], function))
            return true;
    return false;
}

enum direction drop_direction_of(enum drop_cause cause, const char *function)
{
    enum direction direction = cause_meanings[cause].direction;

    return direction == DIRECTION_NONE && takes_out(function) ? DIRECTION_RECEIVE : direction;
}

bool drop_reason_of_socket(const char *reason)
{
    static const char *const patterns[] = {"SOCKET_*", "TCP_*", "PROTO_MEM"};

    for (size_t i = 0; i < ELEMENTS(patterns); i++)
        if (fits(patterns[i], reason))
            return true;
    return false;
}

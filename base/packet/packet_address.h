/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Addresses in a packet's line: whole, or only the network that they are in, for readers who may not know who
 * somebody is: 10.77.0.0/24, 2001:db8:0:ab00::/56, an IPv4 address that IPv6 has in it by its own (/120),
 * a link-layer address by its vendor (02:42:ac:xx:xx:xx). Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

/* Append an address in network byte order, of 4, 16 and 6 bytes. */
void packet_ip4_address(const uint8_t *address, bool prefixes, struct buffer *out);
void packet_ip6_address(const uint8_t *address, bool prefixes, struct buffer *out);
void packet_mac_address(const uint8_t *address, bool prefixes, struct buffer *out);

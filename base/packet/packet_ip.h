/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The line of an IP packet: addresses and ports, then the transport. Pure. */

#include "base/buffer.h"
#include "base/packet/packet_bytes.h"

/* Append the line. The bytes begin with the network header of that version. */
void packet_ip4_line(struct packet_bytes bytes, struct buffer *out);
void packet_ip6_line(struct packet_bytes bytes, struct buffer *out);

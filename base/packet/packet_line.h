/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Describes a packet in one line, much as tcpdump does: protocol, addresses, ports, flags, length. Accepts
 * any bytes and guesses nothing that was cut off. The line has only numbers and fixed words, so it is
 * harmless to a terminal. Pure.
 */

#include "base/buffer.h"
#include "base/packet/packet.h"

/* Appends "IP 10.0.0.31.52011 > 10.0.0.9.8125  UDP len 214"; no line feed. */
void packet_line(const struct packet *packet, struct buffer *out);

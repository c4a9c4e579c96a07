/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Writes the file format of Wireshark (draft-ietf-opsawg-pcapng), as much of it as is needed here: a
 * section, an interface for each place that packets come from, and packets with a comment. Blocks in memory;
 * pure.
 */

#include "base/buffer.h"
#include "base/packet/packet.h"

/* Appends the beginning of the file. */
void pcapng_section(const char *application, struct buffer *out);

/* Appends the next interface. Packets refer to it by its number, from 0 on. An empty text is left out. */
void pcapng_interface(const char *name, const char *description, unsigned link_type, struct buffer *out);

void pcapng_packet(uint32_t interface, uint64_t time_ns, const struct packet *packet, const char *comment,
                   struct buffer *out);

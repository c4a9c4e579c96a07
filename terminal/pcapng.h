/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The file format of Wireshark (draft-ietf-opsawg-pcapng), as much of it as is written here: a section, an
 * interface for each place that packets come from, packets with a comment. Blocks in memory; pure.
 */

#include "base/buffer.h"
#include "base/packet/packet.h"

/* The file's beginning. */
void pcapng_section(const char *application, struct buffer *out);

/* The next interface; packets name it by its number, from 0. "" for a text leaves it out. */
void pcapng_interface(const char *name, const char *description, unsigned link_type, struct buffer *out);

void pcapng_packet(uint32_t interface, uint64_t time_ns, const struct packet *packet, const char *comment,
                   struct buffer *out);

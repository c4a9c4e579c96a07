/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The part of a packet's line that follows the word ICMP. Pure. */

#include "base/buffer.h"
#include "base/packet/packet_bytes.h"

/* Appends " echo request id 5 seq 1 len 56". */
void packet_icmp_words(struct packet_bytes bytes, struct buffer *out);
void packet_icmp6_words(struct packet_bytes bytes, struct buffer *out);

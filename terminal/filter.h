/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Selects packets by a filter in the language of tcpdump (pcap-filter(7)), compiled by libpcap. Main thread.
 * Compiling a filter looks up host names in the DNS.
 */

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/fault.h"
#include "base/packet/packet.h"

struct filter;

/* "" lets everything through. -EINVAL with libpcap's words where it is no filter. */
int filter_new(const char *text, struct filter **ret_filter, struct fault *fault);
struct filter *filter_free(struct filter *filter); /* accepts NULL, returns NULL */

DEFINE_CLEANUP(struct filter *, filter_free)

/* As it was written; of none, "". */
const char *filter_text(const struct filter *filter);

/* Whether the packet is one of them, as far as it was kept: what is asked of a byte that was not says no. */
bool filter_match(const struct filter *filter, const struct packet *packet);

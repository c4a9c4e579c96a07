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

/* Makes a filter; "" lets everything through. Returns 0, -EINVAL with libpcap's words if the text is no
 * filter, or -ENOMEM. */
int filter_new(const char *text, struct filter **ret_filter, struct fault *fault);
struct filter *filter_free(struct filter *filter); /* accepts NULL, returns NULL */

DEFINE_CLEANUP(struct filter *, filter_free)

/* Returns the text of the filter as it was written; "" if there is none. */
const char *filter_text(const struct filter *filter);

/* Returns true if the kept bytes of the packet pass. A condition on a byte that was not kept is false. */
bool filter_match(const struct filter *filter, const struct packet *packet);

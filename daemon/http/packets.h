/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The route /records: dropped packets as JSON. For the local socket only, because the password of a scraper
 * must not give access to traffic. Any thread.
 */

#include "base/cleanup.h"
#include "daemon/http/routes.h"

DEFINE_CLEANUP(struct snapshot *, snapshot_unref)

/* Returns the collectors that the answer needs, as bits. */
uint64_t packets_collectors(void);

/* Returns the snapshot with packets, with a reference, or NULL if there is none or the client may not see
 * packets. */
struct snapshot *packets_snapshot(const struct routes *routes, const struct request *request);

/* Answers with the packets of all sites that are newer than the query argument `after`. */
void packets_respond(const struct routes *routes, const struct request *request, struct response *response);

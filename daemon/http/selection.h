/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Which collectors a request for metrics is about: ?collect[]=NAME, or all without ?exclude[]=NAME. Any
 * thread. */

#include <stdint.h>

#include "daemon/http/response.h"
#include "daemon/http/routes.h"

/* What ?collect[]= and ?exclude[]= make of it. */
struct selection {
    uint64_t collectors; /* a bit each; 0 where something is wrong */
    enum { SELECTION_RIGHT, SELECTION_CUT, SELECTION_UNKNOWN, SELECTION_BOTH } verdict;
    const char *unknown; /* no collector; NULL if no name at all */
};

uint64_t selection_all(void);
uint64_t selection_node_exporter(void); /* those that have names of node_exporter's */

struct selection selection_of(const struct routes *routes, const struct request *request);

/* Says what is wrong with it. */
void selection_respond_wrong(const struct routes *routes, const struct request *request,
                             const struct selection *selection, struct response *response);

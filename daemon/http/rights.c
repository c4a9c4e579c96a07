/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/rights.h"

/* The rights of each kind of listening socket. Constant data; any thread. */

const struct rights rights_network = {.password = true, .tls = true, .logged = true, .share = SHARE_NETWORK};
const struct rights rights_local = {.local_routes = true, .logged = true, .share = SHARE_LOCAL};
const struct rights rights_probe = {.share = SHARE_COUNT};

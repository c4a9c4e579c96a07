/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Asks a service of this host, by HTTP over its local socket. For commands: one thread, which blocks until
 * the deadline at most.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/fault.h"

struct local_client {
    const char *path; /* of the socket */
    uint64_t wait_ns; /* for one answer, from the request on */
    size_t most_bytes;
};

/* Sends a GET and appends the body of the answer. Returns 0, or -errno with the fault: nobody listens, no
 * permission, not an HTTP answer (-EPROTO), too late (-ETIMEDOUT) or too long (-EMSGSIZE). */
int local_client_ask(const struct local_client *client, const char *target, unsigned *ret_status,
                     struct buffer *body, struct fault *fault);

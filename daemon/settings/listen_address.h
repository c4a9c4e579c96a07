/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Parses an address to listen on, as a user writes it. Pure; any thread. */

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>

#include "base/fault.h"

enum { LISTENERS_MAX = 16 };

struct listen_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } socket;
    /* ":PORT", "[::]:PORT": IPv6 and IPv4 on one socket, IPv4 alone if IPv6 is off. */
    bool all;
    bool all_v6;             /* it was written "[::]:PORT" */
    bool localhost;          /* "localhost:PORT": 127.0.0.1, which is in `socket`, and [::1] if it exists */
    char scope[IF_NAMESIZE]; /* of "[fe80::1%eth0]:PORT" the interface, which may be missing yet; or "" */
};

/* ":10190", "127.0.0.1:10190", "[::1]:10190", "localhost:10190"; port 0 lets the kernel choose. Other names
 * are not looked up: their address may change, and is not known yet when a host starts. Returns 0, or -EINVAL
 * with the fault. */
int listen_address_parse(const char *text, struct listen_address *ret_address, struct fault *fault);

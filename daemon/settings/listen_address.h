/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What a user writes where an address to listen on is meant. Pure; any thread.
 */

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
    bool all; /* ":PORT": IPv6 and IPv4 on one socket, IPv4 alone where IPv6 is off */
};

/* ":10190", "127.0.0.1:10190", "[::1]:10190"; port 0 lets the kernel choose. -EINVAL with the fault. */
int listen_address_parse(const char *text, struct listen_address *ret_address, struct fault *fault);

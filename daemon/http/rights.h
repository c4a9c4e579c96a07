/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the clients of a listening socket may do. It is decided once, when the socket is opened, so that
 * nothing later has to guess from an address who a client is. Constant data; any thread.
 */

#include <stdbool.h>

/* Whose connections are counted together. Connections of one share never take places of another. */
enum share {
    SHARE_NETWORK, /* TCP, for each address */
    SHARE_LOCAL,   /* the local socket, for each user */
    SHARE_COUNT,
};

struct rights {
    bool password;     /* each request needs one, if there are users */
    bool tls;          /* TLS is spoken, if there is a certificate */
    bool local_routes; /* may also use the routes that only people on this host may read */
    bool logged;       /* requests are logged at level debug */
    enum share share;
};

extern const struct rights rights_network;
/* The mode of the file decides who may connect. */
extern const struct rights rights_local;
/* Our own probe of an HTTP thread: has no share and is in no table. */
extern const struct rights rights_probe;

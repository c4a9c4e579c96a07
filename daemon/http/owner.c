/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/owner.h"

/* Finds the owner of a connection: an address or a local user. Any thread. */

#include <string.h>

static struct in6_addr address_of(const struct sockaddr *address)
{
    struct in6_addr result = IN6ADDR_ANY_INIT;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        result.s6_addr[10] = result.s6_addr[11] = 0xff;
        memcpy(&result.s6_addr[12], &v4.sin_addr, sizeof(v4.sin_addr));
    } else if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        result = v6.sin6_addr;
    }
    return result;
}

struct owner owner_of(const struct newcomer *newcomer)
{
    struct owner owner = {.share = newcomer->share, .user = (uid_t)-1};
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (owner.share == SHARE_NETWORK)
        owner.address = address_of(newcomer->address);
    else if (getsockopt(newcomer->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
        owner.user = peer.uid;
    return owner;
}

bool owner_equal(const struct owner *a, const struct owner *b)
{
    return a->share == b->share && a->user == b->user && IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

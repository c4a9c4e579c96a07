/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/settings/listen_address.h"

/* Parses an address to listen on. Pure; any thread. */

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/character.h"

static int port_parse(const char *text, in_port_t *ret_port)
{
    unsigned long port = 0;

    if (!*text || strlen(text) > 5)
        return -EINVAL;
    for (; *text; text++) {
        if (!is_digit(*text))
            return -EINVAL;
        port = port * 10 + (unsigned long)digit_value(*text);
    }
    if (port > UINT16_MAX)
        return -EINVAL;
    *ret_port = htons((uint16_t)port);
    return 0;
}

/* Parses "fe80::1%eth0", without brackets. A link-local address exists on each interface, so it must name
 * one. */
static int v6_parse(char *host, struct listen_address *address)
{
    char *scope = strchr(host, '%');
    bool link_local;

    if (scope)
        *scope++ = '\0';
    address->socket.any.sa_family = AF_INET6;
    if (inet_pton(AF_INET6, host, &address->socket.v6.sin6_addr) != 1)
        return -EINVAL;
    link_local = IN6_IS_ADDR_LINKLOCAL(&address->socket.v6.sin6_addr);
    if (!scope && link_local)
        return -EDESTADDRREQ;
    if (scope && (!link_local || !*scope || strlen(scope) >= sizeof(address->scope)))
        return -EINVAL;
    if (scope)
        strcpy(address->scope, scope);
    address->all = address->all_v6 = IN6_IS_ADDR_UNSPECIFIED(&address->socket.v6.sin6_addr);
    return 0;
}

/* Parses the host part, without its brackets. */
static int host_parse(const char *text, size_t size, struct listen_address *address)
{
    bool brackets = size >= 2 && text[0] == '[' && text[size - 1] == ']';
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE];

    if (size == 0) {
        address->all = true;
        address->socket.v6.sin6_family = AF_INET6;
        return 0;
    }
    if (brackets) {
        text++;
        size -= 2;
    }
    if (size >= sizeof(host))
        return -EINVAL;
    memcpy(host, text, size);
    host[size] = '\0';
    if (brackets)
        return v6_parse(host, address);
    address->socket.any.sa_family = AF_INET;
    address->localhost = strcasecmp(host, "localhost") == 0;
    if (address->localhost) {
        address->socket.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return 0;
    }
    return inet_pton(AF_INET, host, &address->socket.v4.sin_addr) == 1 ? 0 : -EINVAL;
}

int listen_address_parse(const char *text, struct listen_address *ret_address, struct fault *fault)
{
    static const char remedy[] = "write \":10190\", \"127.0.0.1:10190\" or \"[::1]:10190\"";
    struct listen_address address = {.all = false};
    const char *colon = strrchr(text, ':');
    in_port_t port;
    int error;

    if (!colon)
        return fault_set(fault, -EINVAL, "\"%.80s\" has no port: %s", text, remedy);
    if (port_parse(colon + 1, &port) < 0)
        return fault_set(fault, -EINVAL, "\"%.80s\" does not end in a port (0 to 65535): %s", text, remedy);
    error = host_parse(text, (size_t)(colon - text), &address);
    if (error == -EDESTADDRREQ)
        return fault_set(fault, -EINVAL,
                         "\"%.80s\" is an address of each interface: write which, \"[fe80::1%%eth0]:10190\"",
                         text);
    if (error < 0)
        return fault_set(fault, -EINVAL, "\"%.80s\" does not begin with an IP address: %s", text, remedy);
    if (address.socket.any.sa_family == AF_INET)
        address.socket.v4.sin_port = port;
    else
        address.socket.v6.sin6_port = port;
    *ret_address = address;
    return 0;
}

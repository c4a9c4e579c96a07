/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/listen.h"

/* Opens the listening sockets. Main thread, at start. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <systemd/sd-daemon.h>

#include "base/cleanup.h"

/* Opens a listening socket. With `free`, an address that no interface has yet is allowed: it is served once
 * one has. */
static int socket_open(const struct listen_address *address, bool free, int *ret_fd)
{
    bool v6 = address->socket.any.sa_family == AF_INET6;
    socklen_t size = v6 ? sizeof(address->socket.v6) : sizeof(address->socket.v4);
    int only_v6 = !address->all, on = 1;
    _cleanup_(closep) int fd = -1;

    fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6)) < 0)
        return -errno;
    if (free &&
        setsockopt(fd, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, &on, sizeof(on)) < 0)
        return -errno;
    if (bind(fd, &address->socket.any, size) < 0 || listen(fd, SOMAXCONN) < 0)
        return -errno;
    *ret_fd = take_fd(&fd);
    return 0;
}

static const char *socket_remedy(int error)
{
    switch (-error) {
    case EADDRINUSE:
        return "; another program has the port (ss -ltnp shows which): stop it, or choose another address "
               "with --web.listen-address";
    case EADDRNOTAVAIL:
        return "; no interface has the address (ip address shows them)";
    case EACCES:
        return "; ports below 1024 need CAP_NET_BIND_SERVICE: choose a higher one";
    case EAFNOSUPPORT:
        return "; IPv6 is off, or the service is not allowed it (RestrictAddressFamilies=)";
    default:
        return "";
    }
}

static bool no_v6(int error)
{
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

static int listener_add(struct listeners *listeners, const struct listen_address *address, bool free)
{
    int fd = -1;
    int error = listeners->count < LISTENERS_MAX ? socket_open(address, free, &fd) : -E2BIG;

    if (!error)
        listeners->items[listeners->count++] = (struct listener){.fd = fd, .rights = &rights_network};
    return error;
}

/* 127.0.0.1 is open. Opens ::1 with the same port, even if the kernel chose it. */
static int localhost_add(struct listeners *listeners)
{
    struct listen_address v4, v6 = {.socket.v6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback}};
    int error;

    listen_bound_to(listeners->items[listeners->count - 1].fd, &v4);
    v6.socket.v6.sin6_port = v4.socket.v4.sin_port;
    error = listener_add(listeners, &v6, false);
    return no_v6(error) ? 0 : error;
}

static int address_add(struct listeners *listeners, struct listen_address *address)
{
    int error;

    if (*address->scope) {
        address->socket.v6.sin6_scope_id = if_nametoindex(address->scope);
        if (!address->socket.v6.sin6_scope_id)
            return 0;
    }
    error = listener_add(listeners, address, !listen_is_wildcard(address));
    if (address->all && no_v6(error)) {
        in_port_t port = address->socket.v6.sin6_port;

        *address = (struct listen_address){.socket.v4 = {.sin_family = AF_INET, .sin_port = port}};
        error = listener_add(listeners, address, false);
    }
    if (!error && address->localhost)
        error = localhost_add(listeners);
    return error;
}

/* Returns true if the list has an IPv4 address with this port. */
static bool has_v4(const struct string_list *addresses, in_port_t port)
{
    for (size_t i = 0; i < addresses->count; i++) {
        struct listen_address address;

        if (listen_address_parse(addresses->items[i], &address, NULL) == 0 &&
            address.socket.any.sa_family == AF_INET && address.socket.v4.sin_port == port)
            return true;
    }
    return false;
}

int listeners_open(const struct string_list *addresses, struct listeners *ret_listeners, struct fault *fault)
{
    struct listeners listeners = {.count = 0};
    int error = 0;

    for (size_t i = 0; i < addresses->count && !error; i++) {
        struct listen_address address;

        error = listen_address_parse(addresses->items[i], &address, fault);
        if (error < 0)
            break;
        /* Both together only work if the IPv6 address is for IPv6 alone. */
        if (address.all_v6 && has_v4(addresses, address.socket.v6.sin6_port))
            address.all = false;
        error = address_add(&listeners, &address);
        if (error == -E2BIG)
            error = fault_set(fault, -EINVAL, "more than %d addresses to listen on", LISTENERS_MAX);
        else if (error < 0)
            (void)fault_set(fault, error, "cannot listen on %.80s: %s%s", addresses->items[i],
                            error_text(error), socket_remedy(error));
    }
    if (error < 0)
        listeners_done(&listeners);
    else
        *ret_listeners = listeners;
    return error;
}

static bool is_listener(int fd)
{
    return sd_is_socket(fd, AF_INET, SOCK_STREAM, 1) > 0 || sd_is_socket(fd, AF_INET6, SOCK_STREAM, 1) > 0;
}

static int none_fault(const struct systemd_fds *passed, struct fault *fault)
{
    for (size_t i = 0; i < passed->count; i++)
        if (passed->items[i].fd >= 0)
            return fault_set(
                fault, -EINVAL,
                "descriptor %d from systemd is not a listening TCP socket: the .socket unit needs "
                "ListenStream= with a port, and Accept=no",
                passed->items[i].fd);
    return fault_set(fault, -ENOENT,
                     "systemd passed no socket: start the .socket unit, or leave out --web.systemd-socket");
}

int listener_unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

int listeners_systemd(struct systemd_fds *passed, struct listeners *ret_listeners, struct fault *fault)
{
    struct listeners listeners = {.count = 0};

    for (size_t i = 0; i < passed->count; i++) {
        int *fd = &passed->items[i].fd, error;

        if (*fd < 0 || !is_listener(*fd))
            continue;
        if (listeners.count == LISTENERS_MAX)
            return fault_set(fault, -EINVAL, "systemd passed more than %d sockets", LISTENERS_MAX);
        error = listener_unblock(*fd);
        if (error < 0)
            return fault_set(fault, error, "descriptor %d from systemd: %s", *fd, error_text(error));
        listeners.items[listeners.count++] = (struct listener){.fd = *fd, .rights = &rights_network};
    }
    if (listeners.count == 0)
        return none_fault(passed, fault);
    for (size_t i = 0; i < passed->count; i++)
        if (passed->items[i].fd >= 0 && is_listener(passed->items[i].fd))
            (void)take_fd(&passed->items[i].fd);
    *ret_listeners = listeners;
    return 0;
}

void listeners_done(struct listeners *listeners)
{
    while (listeners->count > 0)
        close(listeners->items[--listeners->count].fd);
}

bool listen_is_wildcard(const struct listen_address *address)
{
    if (address->socket.any.sa_family == AF_INET)
        return address->socket.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&address->socket.v6.sin6_addr);
}

void listen_bound_to(int fd, struct listen_address *ret_address)
{
    socklen_t size = sizeof(ret_address->socket);

    *ret_address = (struct listen_address){.all = false};
    if (getsockname(fd, &ret_address->socket.any, &size) < 0)
        ret_address->socket.any.sa_family = AF_INET;
    else if (ret_address->socket.any.sa_family == AF_INET6 && ret_address->socket.v6.sin6_scope_id)
        (void)if_indextoname(ret_address->socket.v6.sin6_scope_id, ret_address->scope);
}

bool listen_is_local(int fd)
{
    struct listen_address address;

    listen_bound_to(fd, &address);
    if (address.socket.any.sa_family == AF_INET)
        return ntohl(address.socket.v4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&address.socket.v6.sin6_addr);
}

/* Returns false if it is not a Unix socket. */
static bool unix_url(int fd, char ret_url[LISTEN_URL_MAX])
{
    struct sockaddr_un address = {};
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size) < 0 || address.sun_family != AF_UNIX)
        return false;
    (void)snprintf(ret_url, LISTEN_URL_MAX, "unix:%.*s", (int)sizeof(address.sun_path), address.sun_path);
    return true;
}

/* Formats the host. In a URL the % before the interface must be escaped (RFC 6874). */
static void format_host(const struct listen_address *address, const char *percent, char *text, size_t size)
{
    bool v6 = address->socket.any.sa_family == AF_INET6;
    char host[INET6_ADDRSTRLEN] = "";

    inet_ntop(address->socket.any.sa_family,
              v6 ? (const void *)&address->socket.v6.sin6_addr : (const void *)&address->socket.v4.sin_addr,
              host, sizeof(host));
    (void)snprintf(text, size, "%s%s%s%s%s", v6 ? "[" : "", host, *address->scope ? percent : "",
                   address->scope, v6 ? "]" : "");
}

static unsigned port_of(const struct listen_address *address)
{
    return ntohs(address->socket.any.sa_family == AF_INET6 ? address->socket.v6.sin6_port
                                                           : address->socket.v4.sin_port);
}

void listen_text(const struct listen_address *address, char ret_text[LISTEN_TEXT_MAX])
{
    size_t size;

    format_host(address, "%", ret_text, LISTEN_TEXT_MAX);
    size = strlen(ret_text);
    (void)snprintf(ret_text + size, LISTEN_TEXT_MAX - size, ":%u", port_of(address));
}

void listen_url(int fd, const char *scheme, const char *path, char ret_url[LISTEN_URL_MAX])
{
    struct listen_address address;
    char host[LISTEN_TEXT_MAX] = "localhost";

    if (unix_url(fd, ret_url))
        return;
    listen_bound_to(fd, &address);
    if (!listen_is_wildcard(&address))
        format_host(&address, "%25", host, sizeof(host));
    (void)snprintf(ret_url, LISTEN_URL_MAX, "%s://%s:%u%s", scheme, host, port_of(&address), path);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/listen.h"

/* See listen.h. Main thread, at start. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include <systemd/sd-daemon.h>

#include "base/cleanup.h"

static int socket_open(const struct listen_address *address, int *ret_fd)
{
    bool v6 = address->socket.any.sa_family == AF_INET6;
    socklen_t size = v6 ? sizeof(address->socket.v6) : sizeof(address->socket.v4);
    int only_v6 = !address->all, reuse = 1;
    _cleanup_(closep) int fd = -1;

    fd = socket(address->socket.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse)) < 0)
        return -errno;
    if (v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof(only_v6)) < 0)
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

static int address_open(const char *text, int *ret_fd, struct fault *fault)
{
    struct listen_address address;
    int error = listen_address_parse(text, &address, fault);

    if (error < 0)
        return error;
    error = socket_open(&address, ret_fd);
    if (address.all && (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL)) {
        in_port_t port = address.socket.v6.sin6_port;

        address = (struct listen_address){.socket.v4 = {.sin_family = AF_INET, .sin_port = port}};
        error = socket_open(&address, ret_fd);
    }
    if (error < 0)
        return fault_set(fault, error, "cannot listen on %.80s: %s%s", text, error_text(error),
                         socket_remedy(error));
    return 0;
}

int listeners_open(const struct string_list *addresses, struct listeners *ret_listeners, struct fault *fault)
{
    struct listeners listeners = {.count = 0};
    int error;

    if (addresses->count == 0)
        return fault_set(fault, -EINVAL, "no address to listen on: give one with --web.listen-address");
    if (addresses->count > LISTENERS_MAX)
        return fault_set(fault, -EINVAL, "%zu addresses to listen on: at most %d are allowed",
                         addresses->count, LISTENERS_MAX);
    for (; listeners.count < addresses->count; listeners.count++) {
        error = address_open(addresses->items[listeners.count], &listeners.fds[listeners.count], fault);
        if (error < 0) {
            listeners_done(&listeners);
            return error;
        }
    }
    *ret_listeners = listeners;
    return 0;
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

int listeners_systemd(struct systemd_fds *passed, struct listeners *ret_listeners, struct fault *fault)
{
    struct listeners listeners = {.count = 0};

    for (size_t i = 0; i < passed->count; i++) {
        int *fd = &passed->items[i].fd, flags;

        if (*fd < 0 || !is_listener(*fd))
            continue;
        if (listeners.count == LISTENERS_MAX)
            return fault_set(fault, -EINVAL, "systemd passed more than %d sockets", LISTENERS_MAX);
        /* libmicrohttpd's epoll loop needs it not to block; systemd leaves that to us. */
        flags = fcntl(*fd, F_GETFL);
        if (flags < 0 || fcntl(*fd, F_SETFL, flags | O_NONBLOCK) < 0)
            return fault_set(fault, -errno, "descriptor %d from systemd: %m", *fd);
        listeners.fds[listeners.count++] = *fd;
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
        close(listeners->fds[--listeners->count]);
}

static bool address_is_wildcard(const struct listen_address *address)
{
    if (address->socket.any.sa_family == AF_INET)
        return address->socket.v4.sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&address->socket.v6.sin6_addr);
}

static void bound_to(int fd, struct listen_address *address)
{
    socklen_t size = sizeof(address->socket);

    *address = (struct listen_address){.all = false};
    if (getsockname(fd, &address->socket.any, &size) < 0)
        address->socket.any.sa_family = AF_INET;
}

bool listen_is_local(int fd)
{
    struct listen_address address;

    bound_to(fd, &address);
    if (address.socket.any.sa_family == AF_INET)
        return ntohl(address.socket.v4.sin_addr.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&address.socket.v6.sin6_addr);
}

void listen_url(int fd, const char *scheme, const char *path, char ret_url[LISTEN_URL_MAX])
{
    struct listen_address address;
    char host[INET6_ADDRSTRLEN] = "localhost";
    bool v6, literal;

    bound_to(fd, &address);
    v6 = address.socket.any.sa_family == AF_INET6;
    literal = v6 && !address_is_wildcard(&address);
    if (!address_is_wildcard(&address))
        inet_ntop(address.socket.any.sa_family,
                  v6 ? (void *)&address.socket.v6.sin6_addr : (void *)&address.socket.v4.sin_addr, host,
                  sizeof(host));
    (void)snprintf(ret_url, LISTEN_URL_MAX, "%s://%s%s%s:%u%s", scheme, literal ? "[" : "", host,
                   literal ? "]" : "", ntohs(v6 ? address.socket.v6.sin6_port : address.socket.v4.sin_port),
                   path);
}

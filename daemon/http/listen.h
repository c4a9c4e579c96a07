#pragma once

/*
 * Listening sockets: from what a user writes, or from systemd. Main thread, at start, before any other
 * thread; opened before anything else starts, so that "port in use" half-starts nothing.
 */

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "config/option.h"
#include "daemon/systemd/passed.h"

enum { LISTENERS_MAX = 16, LISTEN_URL_MAX = 512 };

struct listen_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } socket;
    bool all; /* ":PORT": IPv6 and IPv4 on one socket, IPv4 alone where IPv6 is off */
};

/* Pure. ":10190", "127.0.0.1:10190", "[::1]:10190"; port 0 lets the kernel choose. -EINVAL with the fault. */
int listen_address_parse(const char *text, struct listen_address *ret_address, struct fault *fault);

/* Zero-initialised: none. */
struct listeners {
    int fds[LISTENERS_MAX];
    size_t count;
};

/* Opens a socket for each address; on failure none stays open and the fault names the address. */
int listeners_open(const struct string_list *addresses, struct listeners *ret_listeners, struct fault *fault);

/* Takes every listening TCP socket that systemd passed (socket activation), whatever its name. None is an
 * error, which says what was passed instead. */
int listeners_systemd(struct passed *passed, struct listeners *ret_listeners, struct fault *fault);

/* Closes what is still there. */
void listeners_done(struct listeners *listeners);

/* Where a listening socket is reached, with its real port: "http://localhost:10190/metrics". */
void listen_url(int fd, const char *scheme, const char *path, char ret_url[LISTEN_URL_MAX]);

/* True where only this host can connect to it. */
bool listen_is_local(int fd);

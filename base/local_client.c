/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/local_client.h"

/*
 * Asks a service over its local socket and reads the whole answer before a deadline. One thread at a time.
 * HTTP/1.0: the answer ends where the connection does.
 */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/decimal.h"

enum { PIECE = 4096 };

/* If the service's queue of connections is full, connect() waits: here only until `end_ns`. */
static int bound_send(int fd, uint64_t end_ns)
{
    uint64_t now_ns = clock_boottime_ns();
    uint64_t left_ns = end_ns > now_ns ? end_ns - now_ns : 1000;
    const struct timeval left = {.tv_sec = (time_t)(left_ns / NS_PER_SECOND),
                                 .tv_usec = (suseconds_t)(left_ns % NS_PER_SECOND / 1000)};

    return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof(left)) < 0 ? -errno : 0;
}

static int connect_to(const char *path, uint64_t end_ns, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_(closep) int fd = -1;
    int error;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    error = bound_send(fd, end_ns);
    if (error < 0)
        return error;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return errno == EAGAIN ? -ETIMEDOUT : -errno;
    *ret_fd = take_fd(&fd);
    return 0;
}

static int ask(int fd, const char *target)
{
    _cleanup_(buffer_done) struct buffer request = {};

    buffer_printf(&request, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", target);
    if (request.error)
        return request.error;
    return send(fd, request.data, request.size, MSG_NOSIGNAL) == (ssize_t)request.size ? 0 : -EPIPE;
}

/* Reads until the other side closes the connection. */
static int read_all(int fd, uint64_t end_ns, size_t most_bytes, struct buffer *answer)
{
    for (;;) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        uint64_t now_ns = clock_boottime_ns();
        char *room = buffer_reserve(answer, PIECE);
        ssize_t size;
        int ready;

        if (!room)
            return -ENOMEM;
        if (now_ns >= end_ns)
            return -ETIMEDOUT;
        ready = poll(&readable, 1, (int)((end_ns - now_ns) / 1000000) + 1);
        if (ready < 0 && errno != EINTR)
            return -errno;
        if (ready <= 0)
            continue;
        size = recv(fd, room, PIECE, 0);
        if (size <= 0)
            return size < 0 ? -errno : 0;
        answer->size += (size_t)size;
        if (answer->size > most_bytes)
            return -EMSGSIZE;
    }
}

/* Reads "HTTP/1.x NNN". Returns the number, or 0 if the answer does not begin so. */
static unsigned status_of(const struct buffer *answer)
{
    static const char version[] = "HTTP/1.";
    const char *at = answer->data, *end = at + answer->size;
    uint64_t status;

    if (answer->size < strlen("HTTP/1.x NNN") || strncmp(at, version, strlen(version)) != 0)
        return 0;
    at += strlen("HTTP/1.x");
    if (*at++ != ' ' || !decimal_uint64(&at, end, &status) || status < 100 || status > 999)
        return 0;
    return (unsigned)status;
}

static int take_body(const struct buffer *answer, unsigned *ret_status, struct buffer *body)
{
    static const char end_of_head[] = "\r\n\r\n";
    unsigned status = status_of(answer);
    const char *end;

    if (!status)
        return -EPROTO;
    end = memmem(answer->data, answer->size, end_of_head, strlen(end_of_head));
    if (!end)
        return -EPROTO;
    end += strlen(end_of_head);
    buffer_append(body, end, answer->size - (size_t)(end - answer->data));
    if (!body->error)
        *ret_status = status;
    return body->error;
}

int local_client_ask(const struct local_client *client, const char *target, unsigned *ret_status,
                     struct buffer *body, struct fault *fault)
{
    _cleanup_(buffer_done) struct buffer answer = {};
    _cleanup_(closep) int fd = -1;
    uint64_t end_ns = clock_boottime_ns() + client->wait_ns;
    int error = connect_to(client->path, end_ns, &fd);

    if (!error)
        error = ask(fd, target);
    if (!error)
        error = read_all(fd, end_ns, client->most_bytes, &answer);
    if (!error)
        error = take_body(&answer, ret_status, body);
    return error < 0 ? fault_errno(fault, error, "%s", client->path) : 0;
}

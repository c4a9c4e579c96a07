/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/self_probe.h"

/* See self_probe.h. Main thread. */

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char question[] = "HEAD /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 ";

/* The head of a record of TLS, for a handshake of 16,383 bytes: as many questions can be asked, a byte each.
 */
static const char handshake[] = {0x16, 0x03, 0x01, 0x3f, (char)0xff};

/* One end for us, the other for libmicrohttpd, which closes it. */
static int connection_open(struct MHD_Daemon *daemon, int *ret_fd)
{
    static const struct sockaddr address = {.sa_family = AF_UNIX};
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    if (MHD_add_connection(daemon, pair[1], &address, sizeof(address)) != MHD_YES) {
        close(pair[0]);
        return -ENOMEM;
    }
    *ret_fd = pair[0];
    return 0;
}

int self_probe_init(struct self_probe *probe, struct MHD_Daemon *daemon, bool tls)
{
    int fd = -1;
    int error = connection_open(daemon, &fd);

    if (!error)
        *probe = (struct self_probe){.fd = fd, .tls = tls};
    return error;
}

void self_probe_done(struct self_probe *probe)
{
    close(probe->fd);
}

static bool question_send(struct self_probe *probe)
{
    size_t last = sizeof(handshake) - 1;

    if (!probe->tls)
        return send(probe->fd, question, strlen(question), MSG_NOSIGNAL) == (ssize_t)strlen(question);
    return send(probe->fd, &handshake[probe->sent < last ? probe->sent++ : last], 1, MSG_NOSIGNAL) == 1;
}

/*
 * A connection of its own for each question, not for thrift but because of what closing the old one does:
 * after EMFILE libmicrohttpd accepts nothing until one of its connections has ended
 * (MHD_cleanup_connections), and there may be none but this. The old one stays until there is a new one:
 * without any connection, libmicrohttpd meets EMFILE by spinning (MHD_accept_connection).
 */
static void self_probe_ask(struct self_probe *probe, struct MHD_Daemon *daemon)
{
    int fd = -1;

    if (connection_open(daemon, &fd) == 0) {
        close(probe->fd);
        probe->fd = fd;
        probe->sent = 0;
    }
    probe->waiting = question_send(probe);
}

/* The last question was answered; -EAGAIN: not yet. */
static int answer_receive(const struct self_probe *probe)
{
    char text[1024];
    ssize_t size;
    int unread = 0;

    if (probe->tls)
        return ioctl(probe->fd, SIOCOUTQ, &unread) == 0 && unread ? -EAGAIN : true;
    size = recv(probe->fd, text, sizeof(text), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return -EAGAIN;
    return size >= (ssize_t)strlen(answer) && memcmp(text, answer, strlen(answer)) == 0;
}

bool self_probe_turn(struct self_probe *probe, struct MHD_Daemon *daemon)
{
    int answered;

    if (!probe->waiting) {
        self_probe_ask(probe, daemon);
        return false;
    }
    answered = answer_receive(probe);
    if (answered < 0)
        return false;
    self_probe_ask(probe, daemon);
    return answered;
}

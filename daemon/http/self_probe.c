/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/self_probe.h"

/* Checks whether our own HTTP threads still answer. Main thread. */

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

static const char question[] = "HEAD /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 ";

/* The head of a TLS record that announces a handshake of 16,383 bytes. Each question sends one more byte of
 * it. The connection is replaced long before the last byte, because GnuTLS keeps each byte in a separate
 * buffer. */
static const char handshake[] = {0x16, 0x03, 0x01, 0x3f, (char)0xff};
enum { HEAD_LAST = sizeof(handshake) - 1, QUESTIONS_MAX = 512 };

int probe_address_init(struct probe_address *ret_address)
{
    *ret_address = (struct probe_address){.family = AF_UNSPEC};
    return getrandom(ret_address->token, sizeof(ret_address->token), 0) == sizeof(ret_address->token) ? 0
                                                                                                      : -EIO;
}

bool probe_address_equal(const struct probe_address *own, const struct sockaddr *address)
{
    return address->sa_family == AF_UNSPEC && memcmp(&own->any, address, sizeof(own->any)) == 0;
}

/* Opens a connection: we keep one end; libmicrohttpd gets and closes the other. */
static int connection_open(struct MHD_Daemon *daemon, const struct probe_address *address, int *ret_fd)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    if (MHD_add_connection(daemon, pair[1], &address->any, sizeof(address->any)) != MHD_YES) {
        close(pair[0]);
        return -ENOMEM;
    }
    *ret_fd = pair[0];
    return 0;
}

int self_probe_init(struct self_probe *probe, struct MHD_Daemon *daemon, const struct probe_address *address,
                    bool tls)
{
    int fd = -1;
    int error = connection_open(daemon, address, &fd);

    if (!error)
        *probe = (struct self_probe){.address = address, .fd = fd, .tls = tls};
    return error;
}

void self_probe_done(struct self_probe *probe)
{
    close(probe->fd);
}

static bool question_send(struct self_probe *probe)
{
    if (!probe->tls)
        return send(probe->fd, question, strlen(question), MSG_NOSIGNAL) == (ssize_t)strlen(question);
    return send(probe->fd, &handshake[probe->sent < HEAD_LAST ? probe->sent : HEAD_LAST], 1, MSG_NOSIGNAL) ==
           1;
}

/* With TLS, the answer is that the byte was read. */
static enum probe_state answer_receive(const struct self_probe *probe)
{
    char text[1024];
    ssize_t size;
    int unread = 0;

    if (probe->tls)
        return ioctl(probe->fd, SIOCOUTQ, &unread) < 0 ? PROBE_BROKEN
               : unread                                ? PROBE_WAITING
                                                       : PROBE_ANSWERED;
    size = recv(probe->fd, text, sizeof(text), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return PROBE_WAITING;
    return size >= (ssize_t)strlen(answer) && memcmp(text, answer, strlen(answer)) == 0 ? PROBE_ANSWERED
                                                                                        : PROBE_BROKEN;
}

static void question_put(struct self_probe *probe)
{
    probe->state = question_send(probe) ? PROBE_WAITING : PROBE_BROKEN;
    probe->sent++;
}

/* Replaces the connection. The old one stays open until there is a new one, so that libmicrohttpd always has
 * one. A question without an answer yet is repeated on the new one. */
void self_probe_renew(struct self_probe *probe, struct MHD_Daemon *daemon)
{
    int fd = -1;

    if (probe->state == PROBE_WAITING)
        probe->state = answer_receive(probe);
    if (connection_open(daemon, probe->address, &fd) < 0)
        return;
    close(probe->fd);
    probe->fd = fd;
    probe->sent = 0;
    if (probe->state == PROBE_WAITING)
        question_put(probe);
}

void self_probe_ask(struct self_probe *probe, struct MHD_Daemon *daemon)
{
    if (probe->state == PROBE_WAITING)
        return;
    if (probe->state == PROBE_BROKEN || probe->sent == QUESTIONS_MAX)
        self_probe_renew(probe, daemon);
    question_put(probe);
}

bool self_probe_answered(struct self_probe *probe, struct MHD_Daemon *daemon)
{
    if (probe->state == PROBE_WAITING)
        probe->state = answer_receive(probe);
    if (probe->state != PROBE_ANSWERED)
        self_probe_ask(probe, daemon);
    return probe->state == PROBE_ANSWERED;
}

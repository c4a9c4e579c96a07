#include "daemon/probe.h"

/* See probe.h. Main thread. */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char question[] = "HEAD /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n";
static const char answer[] = "HTTP/1.1 200 ";

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

int probe_init(struct probe *probe, struct MHD_Daemon *daemon)
{
    int fd = -1;
    int error = connection_open(daemon, &fd);

    if (!error)
        *probe = (struct probe){.fd = fd};
    return error;
}

void probe_done(struct probe *probe)
{
    close(probe->fd);
}

/*
 * A connection of its own for each question, not for thrift but because of what closing the old one does:
 * after EMFILE libmicrohttpd accepts nothing until one of its connections has ended
 * (MHD_cleanup_connections), and there may be none but this. The old one stays until there is a new one:
 * without any connection, libmicrohttpd meets EMFILE by spinning (MHD_accept_connection).
 */
static void probe_ask(struct probe *probe, struct MHD_Daemon *daemon)
{
    int fd = -1;

    if (connection_open(daemon, &fd) == 0) {
        close(probe->fd);
        probe->fd = fd;
    }
    probe->waiting = send(probe->fd, question, strlen(question), MSG_NOSIGNAL) == (ssize_t)strlen(question);
}

bool probe_turn(struct probe *probe, struct MHD_Daemon *daemon)
{
    char text[1024];
    ssize_t size;
    bool answered;

    if (!probe->waiting) {
        probe_ask(probe, daemon);
        return false;
    }
    size = recv(probe->fd, text, sizeof(text), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    answered = size >= (ssize_t)strlen(answer) && memcmp(text, answer, strlen(answer)) == 0;
    probe_ask(probe, daemon);
    return answered;
}

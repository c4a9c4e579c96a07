/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/local_socket.h"

/* Makes and removes the local socket. Main thread. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "daemon/systemd/log.h"

#define SYSTEMD_NAME "local"
#define SYSTEMD_PATH "/run/netdrop-exporter.sock"

enum {
    NOBODY_ELSE = 0117, /* umask that leaves 0660 */
    LOCK_TRIES = 20,    /* of 50 ms each */
    LOCK_PAUSE_NS = 50 * 1000 * 1000,
};

const char *local_socket_path(const char *configured)
{
    return *configured ? configured : SYSTEMD_PATH;
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
    return address;
}

/* Returns 0 if somebody listens, or -ECONNREFUSED if the socket has no listener. */
static int ask_who_listens(const struct sockaddr_un *address)
{
    _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        return 0;
    return -errno;
}

/* Binds with the right mode from the start: chmod() would come too late to stop the first connect(). */
static int bind_private(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(NOBODY_ELSE);
    int error = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

    umask(before);
    return error;
}

/* Binds in place of a socket without a listener. Anything else at this path stays. */
static int bind_replacing(int fd, const struct sockaddr_un *address)
{
    int error = bind_private(fd, address);
    struct stat found;

    if (error != -EADDRINUSE)
        return error;
    if (lstat(address->sun_path, &found) < 0)
        return -errno;
    if (!S_ISSOCK(found.st_mode))
        return -ENOTSOCK;
    error = ask_who_listens(address);
    if (error == 0)
        return -EADDRINUSE;
    if (error != -ECONNREFUSED)
        return error;
    if (unlink(address->sun_path) < 0)
        return -errno;
    return bind_private(fd, address);
}

/* If two exporters start together, neither may take the other's socket, before it listens, for a dead one.
 * Any user who may read the folder can hold this lock, so waiting for it has a limit. */
static int lock_folder(const char *path)
{
    static const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
    size_t size = (size_t)(strrchr(path, '/') - path) + 1;
    int fd;

    memcpy(folder, path, size);
    folder[size] = '\0';
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) < 0; i++)
        (void)nanosleep(&pause, NULL);
    return fd;
}

static int socket_make(int fd, const char *path, struct local_socket *ret_socket)
{
    const struct sockaddr_un address = address_of(path);
    int error = bind_replacing(fd, &address);
    struct stat made;

    if (error < 0)
        return error;
    if (listen(fd, SOMAXCONN) < 0 || lstat(path, &made) < 0)
        return -errno;
    *ret_socket = (struct local_socket){.path = path, .device = made.st_dev, .inode = made.st_ino};
    return 0;
}

static int socket_open(const char *path, struct local_socket *ret_socket, int *ret_fd)
{
    _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int folder, error;

    if (fd < 0)
        return -errno;
    folder = lock_folder(path);
    error = socket_make(fd, path, ret_socket);
    closep(&folder);
    if (!error)
        *ret_fd = take_fd(&fd);
    return error;
}

static const char *local_remedy(int error)
{
    switch (-error) {
    case ENOTSOCK:
        return "; there is something that is no socket: remove it, or choose another path";
    case EADDRINUSE:
        return "; another program listens there (ss -lxp shows which)";
    case EACCES:
    case EPERM:
    case EROFS:
        return "; as a service it gets this socket from systemd: systemctl enable netdrop-exporter-local.socket";
    default:
        return "";
    }
}

/* Returns true if the socket has a file: anybody could connect to one without. */
static bool is_local_socket(const struct systemd_fd *passed)
{
    struct sockaddr_un address = {};
    socklen_t size = sizeof(address);

    return strcmp(passed->name, SYSTEMD_NAME) == 0 && passed->fd >= 0 &&
           sd_is_socket(passed->fd, AF_UNIX, SOCK_STREAM, 1) > 0 &&
           getsockname(passed->fd, (struct sockaddr *)&address, &size) == 0 && address.sun_path[0] == '/';
}

/* Takes the socket that systemd passed. Returns -ENOENT if there is none. */
static int take_passed(struct systemd_fds *passed, int *ret_fd)
{
    for (size_t i = 0; i < passed->count; i++) {
        int *fd = &passed->items[i].fd, error;

        if (!is_local_socket(&passed->items[i]))
            continue;
        error = listener_unblock(*fd);
        if (!error)
            *ret_fd = take_fd(fd);
        return error;
    }
    return -ENOENT;
}

int local_socket_listen(const char *path, struct systemd_fds *passed, struct local_socket *ret_socket,
                        struct listeners *listeners, struct fault *fault)
{
    int fd = -1;
    int error = take_passed(passed, &fd);

    if (error == -ENOENT && !*path)
        return listeners->count
                   ? 0
                   : fault_set(fault, -EINVAL,
                               "nothing to listen on: web.listen is empty, and there is no local "
                               "socket");
    if (error < 0 && error != -ENOENT)
        return fault_errno(fault, error, "cannot take the local socket from systemd");
    if (!error && *path)
        log_warn("the local socket is systemd's: web.local_socket is not used");
    if (error == -ENOENT)
        error = socket_open(path, ret_socket, &fd);
    if (error < 0)
        return fault_set(fault, error, "cannot listen on the local socket %s: %s%s", path, error_text(error),
                         local_remedy(error));
    listeners->items[listeners->count++] = (struct listener){.fd = fd, .rights = &rights_local};
    return 0;
}

/* While the socket is open, no other file can have its inode number. */
void local_socket_remove(struct local_socket *socket)
{
    struct stat found;

    if (socket->path && lstat(socket->path, &found) == 0 && found.st_dev == socket->device &&
        found.st_ino == socket->inode)
        (void)unlink(socket->path);
    *socket = (struct local_socket){};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The local socket, a file: whoever its mode allows to write may connect, and ask without a password. systemd
 * passes it, or it is made here; the socket of another running program is left alone, and a stale one is
 * replaced. Main thread, at start and at the end.
 */

#include <sys/types.h>

#include "base/fault.h"
#include "daemon/http/listen.h"
#include "daemon/systemd/systemd_fds.h"

/* Returns where clients look for it: at the configured path, or if that is "", where systemd makes it
 * (packaging/systemd/netdrop-exporter-local.socket). */
const char *local_socket_path(const char *configured);

/* The socket that was made; all 0 if none was. */
struct local_socket {
    const char *path; /* borrowed */
    dev_t device;
    ino_t inode;
};

/* Adds the local socket to the listeners: the one that systemd passed by the name "local", or else one made
 * at this path with mode 0660 ("" makes none). Call it before any other thread starts, because it changes the
 * umask for a moment. Returns 0, or -errno with the fault: -EADDRINUSE if somebody listens there, -EINVAL if
 * there is no listener at all. */
int local_socket_listen(const char *path, struct systemd_fds *passed, struct local_socket *ret_socket,
                        struct listeners *listeners, struct fault *fault);

/* Removes the file, unless it is another one by now. Call it while the socket is still open. */
void local_socket_remove(struct local_socket *socket);

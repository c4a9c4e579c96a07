/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * systemd's store of descriptors for the service of this process. systemd passes them to each main process of
 * the service. One thread. All functions return 0 or a negative errno; -ENOTCONN if nobody listens
 * (NOTIFY_SOCKET).
 */

int fd_store_put(const char *name, int fd);

/* Removes all descriptors with these names, which need not be unique. */
int fd_store_forget(const char *const *names);

/* Waits until systemd has processed everything sent to it. */
int fd_store_barrier(void);

/* Reads how many are in the store. systemd says that only over D-Bus and only to root. */
int fd_store_count(unsigned *ret_count);

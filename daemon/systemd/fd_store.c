/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/systemd/fd_store.h"

/* Puts descriptors into systemd's store, and removes them. One thread: in netdrop-open. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>

#include "base/cleanup.h"

enum {
    BARRIER_USEC = 5 * 1000 * 1000,
    CALL_USEC = 5 * 1000 * 1000,
};

/* FDPOLL=0: an overrun of a netlink socket looks like a hang-up, and systemd would remove the descriptor. */
int fd_store_put(const char *name, int fd)
{
    char text[128];
    int error;

    (void)snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
    error = sd_pid_notify_with_fds(0, 0, text, &fd, 1);
    return error > 0 ? 0 : error < 0 ? error : -ENOTCONN;
}

int fd_store_forget(const char *const *names)
{
    for (size_t i = 0; names && names[i]; i++) {
        int error = sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=%s", names[i]);

        if (error <= 0)
            return error < 0 ? error : -ENOTCONN;
    }
    return 0;
}

int fd_store_barrier(void)
{
    return sd_notify_barrier(0, BARRIER_USEC);
}

/* Connects to systemd's own socket, as systemctl(1) does for root: there may be no bus. */
static int systemd_connect(sd_bus **ret_bus)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    int error = sd_bus_new(&bus);

    if (error >= 0)
        error = sd_bus_set_address(bus, "unix:path=/run/systemd/private");
    if (error >= 0)
        error = sd_bus_start(bus);
    if (error < 0)
        return error;
    *ret_bus = take_ptr(bus);
    return 0;
}

static int count_ask(sd_bus *bus, const char *path, unsigned *ret_count)
{
    uint32_t count = 0;
    int error = sd_bus_set_method_call_timeout(bus, CALL_USEC);

    if (error >= 0)
        error = sd_bus_get_property_trivial(bus, "org.freedesktop.systemd1", path,
                                            "org.freedesktop.systemd1.Service", "NFileDescriptorStore", NULL,
                                            'u', &count);
    if (error < 0)
        return error;
    *ret_count = count;
    return 0;
}

int fd_store_count(unsigned *ret_count)
{
    _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
    _cleanup_(freep) char *unit = NULL, *path = NULL;
    int error = sd_pid_get_unit(0, &unit);

    if (error >= 0)
        error = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
    if (error >= 0 && systemd_connect(&bus) < 0)
        error = sd_bus_open_system(&bus);
    return error < 0 ? error : count_ask(bus, path, ret_count);
}

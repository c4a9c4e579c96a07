/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/systemd/systemd_fds.h"

/* Takes the descriptors that systemd passed. Main thread, at start. */

#include <errno.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/cleanup.h"
#include "daemon/systemd/log.h"

int systemd_fds_get(struct systemd_fds *ret_passed, struct fault *fault)
{
    _cleanup_(freep) char **names = NULL;
    int count = sd_listen_fds_with_names(1, &names);
    struct systemd_fds passed = {};

    if (count < 0)
        return fault_errno(fault, count, "cannot take descriptors from systemd");
    if (count > 0)
        passed.items = calloc((size_t)count, sizeof(*passed.items));
    if (count > 0 && !passed.items)
        return fault_set(fault, -ENOMEM, "cannot take descriptors from systemd: out of memory");
    for (; passed.count < (size_t)count; passed.count++)
        passed.items[passed.count] = (struct systemd_fd){
            .name = names[passed.count],
            .fd = SD_LISTEN_FDS_START + (int)passed.count,
        };
    *ret_passed = passed;
    return 0;
}

void systemd_fds_warn(const struct systemd_fds *passed)
{
    for (size_t i = 0; i < passed->count; i++) {
        const struct systemd_fd *item = &passed->items[i];

        if (item->fd >= 0)
            log_warn("systemd passed descriptor %d, named \"%s\", that nobody wants: closed (a listening "
                     "socket needs --web.systemd-socket)",
                     item->fd, item->name);
    }
}

void systemd_fds_done(struct systemd_fds *passed)
{
    for (size_t i = 0; i < passed->count; i++) {
        struct systemd_fd *item = &passed->items[i];

        closep(&item->fd);
        free(item->name);
    }
    free(passed->items);
    *passed = (struct systemd_fds){};
}

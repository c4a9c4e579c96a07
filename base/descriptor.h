/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Asks about a descriptor without waiting. */

#include <poll.h>

/* Returns which of these events of poll(2) are pending, and POLLERR and POLLHUP, which need not be asked for.
 * */
static inline short descriptor_events(int fd, short wanted)
{
    struct pollfd events = {.fd = fd, .events = wanted};

    return (short)(poll(&events, 1, 0) == 1 ? events.revents : 0);
}

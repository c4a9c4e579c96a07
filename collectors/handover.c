/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/handover.h"

/*
 * Holds the descriptors that were opened with privilege, until a collector copies them. The main thread fills
 * it; the collectors' threads copy from it.
 */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEEPER_WAIT_MS = 3000 };

void handover_put(struct handover *handover, const char *name, int fd)
{
    assert(handover->count < HANDOVER_HANDLES_MAX);
    handover->handles[handover->count].name = name;
    handover->handles[handover->count].fd = fd;
    handover->count++;
}

int handover_copy(const struct handover *handover, const char *name, int *ret_fd)
{
    for (size_t i = 0; i < handover->count; i++) {
        int fd;

        if (strcmp(handover->handles[i].name, name) != 0)
            continue;
        fd = fcntl(handover->handles[i].fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
            return -errno;
        *ret_fd = fd;
        return 0;
    }
    return -ENOENT;
}

bool handover_has(const struct handover *handover, const char *name)
{
    for (size_t i = 0; i < handover->count; i++)
        if (strcmp(handover->handles[i].name, name) == 0)
            return true;
    return false;
}

void handover_leave(struct handover *handover, void *left, void (*left_free)(void *left))
{
    void *before = handover_take(handover);

    if (before)
        handover->left_free(before);
    if (!left || !handover) {
        left_free(left);
        return;
    }
    handover->left = left;
    handover->left_free = left_free;
}

void *handover_take(struct handover *handover)
{
    void *left = handover ? handover->left : NULL;

    if (left)
        handover->left = NULL;
    return left;
}

/* The keeper works inside the kernel, which may take long. */
static void keeper_wait(pid_t keeper)
{
    struct pollfd ended = {.fd = pidfd_open(keeper, 0), .events = POLLIN};

    if (ended.fd >= 0) {
        (void)poll(&ended, 1, KEEPER_WAIT_MS);
        close(ended.fd);
    }
    (void)waitpid(keeper, NULL, WNOHANG);
}

void handover_done(struct handover *handover)
{
    if (handover->left)
        handover->left_free(handover->left);
    handover->left = NULL;
    while (handover->count > 0)
        close(handover->handles[--handover->count].fd);
    if (handover->keeper)
        keeper_wait(handover->keeper);
    handover->keeper = 0;
}

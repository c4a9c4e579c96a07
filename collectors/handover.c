#include "collectors/handover.h"

/* See handover.h. Filled on the main thread, copied from on the collectors'. */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

void handover_done(struct handover *handover)
{
    while (handover->count > 0)
        close(handover->handles[--handover->count].fd);
}

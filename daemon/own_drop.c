/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/own_drop.h"

/* Drops a few packets of our own for --self-test. Main thread, and a child process. */

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

#define WAIT_NS (2 * NS_PER_SECOND)
#define LOOK_NS (NS_PER_SECOND / 500)
enum { CLOSED_PORT = 9 }; /* "discard": nothing listens in a new namespace */

/* A process that may not make a network namespace may be allowed to do so as root of a user namespace. */
static int enter_namespace(void)
{
    int error;

    if (unshare(CLONE_NEWNET) == 0)
        return 0;
    error = -errno;
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : error;
}

static int loopback_up(int fd)
{
    struct ifreq request = {.ifr_name = "lo"};

    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return -errno;
    request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
    return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

static int send_all(void)
{
    const struct sockaddr_in closed = {
        .sin_family = AF_INET, .sin_port = htons(CLOSED_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd, error = enter_namespace();

    if (error < 0)
        return error;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    error = fd < 0 ? -errno : loopback_up(fd);
    for (int i = 0; i < OWN_DROP_COUNT && !error; i++)
        if (sendto(fd, "", 1, MSG_DONTWAIT, (const struct sockaddr *)&closed, sizeof(closed)) < 0)
            error = -errno;
    return error; /* the descriptor is closed with the process */
}

/* Returns the child's status, or -ETIMEDOUT if it took too long and was killed. */
static int wait_for(pid_t child)
{
    uint64_t end_ns = clock_read_ns(CLOCK_MONOTONIC) + WAIT_NS;
    int status = 0;
    pid_t ended;

    while ((ended = waitpid(child, &status, WNOHANG)) == 0 && clock_read_ns(CLOCK_MONOTONIC) < end_ns)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    if (ended == child)
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
    (void)kill(child, SIGKILL);
    return -ETIMEDOUT;
}

int own_drop_make(struct fault *fault)
{
    pid_t parent = getpid(), child = fork();
    int error;

    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent)
            _exit(-send_all());
        _exit(EINTR);
    }
    error = child < 0 ? -errno : wait_for(child);
    return error < 0 ? fault_errno(fault, error, "no network namespace of its own") : 0;
}

enum own_drop_verdict own_drop_judge(uint64_t seen, uint64_t lost)
{
    if (seen == 0)
        return OWN_DROP_NOT_SEEN;
    if (seen + 1 >= OWN_DROP_COUNT || lost >= OWN_DROP_COUNT - 1 - seen)
        return OWN_DROP_SEEN;
    return OWN_DROP_SEEN_IN_PART;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/private_daemon.h"

/*
 * Starts a private exporter if no service runs. Main thread. We make the socket, and pass it as systemd would
 * (sd_listen_fds(3)). Its file is in a file system of ours that is mounted nowhere, so that nobody else can
 * find it, and nothing is left if we are killed. Without the capability to make one (CAP_SYS_ADMIN) it is in
 * a folder of ours, and both are removed at once. A process that holds the inode still reaches the socket,
 * through /proc/self/fd.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/harmless.h"
#include "base/local_client.h"
#include "base/privileges.h"
#include "terminal/ending.h"

#define READY_NS (20 * NS_PER_SECOND) /* for the start, on a busy machine */
#define STOP_NS  (8 * NS_PER_SECOND)  /* for the end, when it waits for its threads */
#define LOOK_NS  (NS_PER_SECOND / 50)

enum { LISTEN_FD = 3, BACKLOG = 16, SAID_SIZE = 4096, STATUS_OK = 200, ANSWER_MAX = 1 << 16 };

#define CAPABILITY(name) (UINT64_C(1) << (name))

bool private_daemon_possible(void)
{
    return privileges_have(CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON)) ||
           privileges_have(CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_NET_ADMIN));
}

/* Returns the root of an empty file system that goes with this descriptor, or -1. */
static int mount_nowhere(void)
{
    _cleanup_(closep) int fd = fsopen("tmpfs", FSOPEN_CLOEXEC);

    if (fd < 0 || fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -1;
    return fsmount(fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

/* Listens in a folder of ours, and opens the file of the socket before it is removed. */
static int listen_in(const char *folder, int fd, int *ret_file)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int error = 0;

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", folder);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -errno;
    *ret_file = open(address.sun_path, O_PATH | O_CLOEXEC);
    if (*ret_file < 0 || listen(fd, BACKLOG) < 0)
        error = -errno;
    (void)unlink(address.sun_path);
    return error;
}

/* Returns a negative errno if no folder could be made. */
static int listen_somewhere(int fd, int *ret_file)
{
    _cleanup_(closep) int root = mount_nowhere();
    char folder[PRIVATE_PATH_SIZE] = "/tmp/netdrop-XXXXXX";
    int error;

    if (root >= 0) {
        (void)snprintf(folder, sizeof(folder), "/proc/self/fd/%d", root);
        return listen_in(folder, fd, ret_file);
    }
    if (!mkdtemp(folder))
        return -errno;
    error = listen_in(folder, fd, ret_file);
    (void)rmdir(folder);
    return error;
}

static int make_socket(int *ret_listener, int *ret_file)
{
    _cleanup_(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), file = -1;
    int error = fd < 0 ? -errno : listen_somewhere(fd, &file);

    if (error < 0)
        return error;
    *ret_listener = take_fd(&fd);
    *ret_file = take_fd(&file);
    return 0;
}

/* Returns the command of the exporter: the flags that we were given, then those for this purpose. */
static char **command(const struct arguments *arguments)
{
    static const char *const ours[] = {"--collector.disable-defaults", "--collector.drop_monitor",
                                       "--set=web.listen=", "--set=web.local_socket=", "--log.level=warn"};
    size_t count = 0, size = 0;
    char **words;

    while (arguments->flags[count])
        count++;
    words = calloc(count + ELEMENTS(ours) + 2, sizeof(*words));
    if (!words)
        return NULL;
    words[size++] = (char *)arguments->exporter;
    for (size_t i = 0; i < count; i++)
        words[size++] = arguments->flags[i];
    for (size_t i = 0; i < ELEMENTS(ours); i++)
        words[size++] = (char *)ours[i];
    return words;
}

/* Runs in the child. A session of its own keeps the terminal's signals away from it. */
static void become(char **words, int listener, int said, pid_t parent)
{
    char pid[PRIVATE_PATH_SIZE];
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    (void)setsid();
    ending_forget();
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, true);
    (void)setenv("LISTEN_FDS", "1", true);
    (void)setenv("LISTEN_FDNAMES", "local", true);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("JOURNAL_STREAM");
    if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0)
        _exit(EXIT_FAILURE);
    if (listener == LISTEN_FD ? fcntl(listener, F_SETFD, 0) < 0 : dup2(listener, LISTEN_FD) < 0)
        _exit(EXIT_FAILURE);
    (void)execv(words[0], words);
    (void)dprintf(STDERR_FILENO, "%s: %s\n", words[0], error_text(-errno));
    _exit(EXIT_FAILURE);
}

static int spawn(const struct arguments *arguments, struct private_daemon *daemon)
{
    _cleanup_(closep) int listener = -1;
    _cleanup_(freep) char **words = command(arguments);
    pid_t parent = getpid();
    int error = words ? make_socket(&listener, &daemon->socket) : -ENOMEM;

    if (error < 0)
        return error;
    daemon->said = memfd_create("netdrop-exporter", MFD_CLOEXEC);
    if (daemon->said < 0)
        return -errno;
    daemon->pid = fork();
    if (daemon->pid < 0)
        return -errno;
    if (daemon->pid == 0)
        become(words, listener, daemon->said, parent);
    (void)snprintf(daemon->path, sizeof(daemon->path), "/proc/self/fd/%d", daemon->socket);
    return 0;
}

static bool is_ready(const struct private_daemon *daemon)
{
    const struct local_client client = {
        .path = daemon->path, .wait_ns = NS_PER_SECOND, .most_bytes = ANSWER_MAX};
    _cleanup_(buffer_done) struct buffer body = {};
    unsigned status = 0;

    return local_client_ask(&client, "/-/ready", &status, &body, NULL) == 0 && status == STATUS_OK;
}

static bool is_gone(struct private_daemon *daemon)
{
    if (waitpid(daemon->pid, NULL, WNOHANG) == 0)
        return false;
    daemon->pid = 0;
    return true;
}

/* Reports the last line of output of an exporter that ended. */
static int gone_fault(const struct private_daemon *daemon, struct fault *fault)
{
    char said[SAID_SIZE], last[SAID_SIZE];
    ssize_t size = pread(daemon->said, said, sizeof(said) - 1, 0);
    char *line;

    said[size > 0 ? size : 0] = '\0';
    for (size_t end = strlen(said); end > 0 && said[end - 1] == '\n'; end--)
        said[end - 1] = '\0';
    line = strrchr(said, '\n');
    harmless_copy(last, sizeof(last), line ? line + 1 : said);
    return fault_set(fault, -ECHILD, "netdrop-exporter ended at once%s%s", *last ? ": " : "", last);
}

static int await(struct private_daemon *daemon, int ending, struct fault *fault)
{
    uint64_t end_ns = clock_boottime_ns() + READY_NS;

    while (!is_ready(daemon)) {
        if (is_gone(daemon))
            return gone_fault(daemon, fault);
        if (clock_boottime_ns() >= end_ns)
            return fault_set(fault, -ETIMEDOUT, "netdrop-exporter does not answer");
        if (ending_wait(ending, daemon->said, LOOK_NS) < 0)
            return fault_errno(fault, -EINTR, "starting netdrop-exporter");
    }
    return 0;
}

int private_daemon_start(const struct arguments *arguments, int ending, struct private_daemon *ret_daemon,
                         struct fault *fault)
{
    struct private_daemon daemon = PRIVATE_DAEMON_NONE;
    int error = spawn(arguments, &daemon);

    if (error < 0)
        (void)fault_errno(fault, error, "cannot start netdrop-exporter");
    else
        error = await(&daemon, ending, fault);
    if (error < 0)
        private_daemon_stop(&daemon);
    else
        *ret_daemon = daemon;
    return error;
}

void private_daemon_stop(struct private_daemon *daemon)
{
    uint64_t end_ns = clock_boottime_ns() + STOP_NS;

    if (daemon->pid > 0) {
        (void)kill(daemon->pid, SIGTERM);
        while (!is_gone(daemon) && clock_boottime_ns() < end_ns)
            (void)nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    if (daemon->pid > 0) {
        (void)kill(daemon->pid, SIGKILL);
        (void)waitpid(daemon->pid, NULL, 0);
    }
    closep(&daemon->socket);
    closep(&daemon->said);
    *daemon = PRIVATE_DAEMON_NONE;
}

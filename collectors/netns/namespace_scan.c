/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/netns/namespace_scan.h"

/* Finds all network namespaces by their processes, and reads each once per pass. The collector's thread. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "collectors/kernel/cgroup_path_parse.h"

enum {
    RANK_SOME = 1,      /* it has an owner */
    RANK_FORMER = 2,    /* it was the owner before */
    RANK_CONTAINER = 4, /* it is in a container */
    PATH_SIZE = 48,
};

/* Returns the inode of the counters that a process sees: it identifies the network namespace. */
static int find_inode(const struct namespace_scan *scan, const char *path, uint64_t *ret_inode)
{
    struct stat status;

    if (fstatat(dirfd(scan->processes), path, &status, 0) < 0)
        return -errno;
    *ret_inode = status.st_ino;
    return 0;
}

/* Missing and hidden files count as absent; everything else is a failure. */
static bool is_absent(int error)
{
    return error == -ENOENT || error == -EACCES || error == -EPERM;
}

/* Checks that we see the first process: it always exists, and so does its namespace. If it is hidden, so are
 * all others. */
static int look_around(struct namespace_scan *scan, const char *procfs, struct fault *fault)
{
    uint64_t inode;
    int error = find_inode(scan, "self/net/snmp", &scan->own_inode);

    if (error < 0 && is_absent(error))
        return fault_unsupported(fault, "no %s/self/net/snmp: %s", procfs, error_text(error));
    if (error < 0)
        return fault_errno(fault, error, "%s/self/net/snmp", procfs);
    error = find_inode(scan, "1/net/snmp", &inode);
    if (error < 0 && !is_absent(error))
        return fault_errno(fault, error, "%s/1/net/snmp", procfs);
    if (error < 0)
        return fault_unsupported(fault,
                                 "%s hides the processes of others (%s): ProtectProc= of the service, which "
                                 "the drop-in namespaces.conf sets, or hidepid= of the mount",
                                 procfs, error_text(error));
    return 0;
}

int namespace_scan_open(struct namespace_scan *scan, const char *procfs, struct limits *limits,
                        struct fault *fault)
{
    scan->limits = limits;
    if (procfile_init(&scan->file, procfs, "PID") < 0)
        return fault_set(fault, -ENOMEM, "out of memory");
    scan->processes = opendir(procfs);
    if (!scan->processes && is_absent(-errno))
        return fault_unsupported(fault, "%s: %s", procfs, error_text(-errno));
    if (!scan->processes)
        return fault_errno(fault, -errno, "%s", procfs);
    return look_around(scan, procfs, fault);
}

void namespace_scan_close(struct namespace_scan *scan)
{
    if (scan->step != NAMESPACE_BETWEEN)
        namespace_book_abandon(scan->book);
    if (scan->processes)
        closedir(scan->processes);
    procfile_done(&scan->file);
    namespace_heads_done(&scan->heads);
    namespace_reading_done(&scan->reading);
    free(scan->pids);
    *scan = (struct namespace_scan){};
}

/* Returns 0 if the name is not a process. */
static uint32_t pid_of(const char *name)
{
    const char *at = name, *end = name + strlen(name);
    uint64_t pid;

    return decimal_uint64(&at, end, &pid) && at == end && pid <= INT32_MAX ? (uint32_t)pid : 0;
}

static int compare_pids(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return left < right ? -1 : left > right;
}

/* Lists the processes in ascending order, which other file systems than the kernel's do not have. */
static int list_processes(struct namespace_scan *scan)
{
    const struct dirent *entry;

    scan->pid_count = 0;
    rewinddir(scan->processes);
    while ((errno = 0, entry = readdir(scan->processes))) {
        uint32_t pid = pid_of(entry->d_name);

        if (!pid)
            continue;
        if (array_grow(scan->pids, scan->pid_count, scan->pid_capacity) < 0)
            return -ENOMEM;
        scan->pids[scan->pid_count++] = pid;
    }
    if (errno)
        return -errno;
    for (size_t i = 1; i < scan->pid_count; i++)
        if (scan->pids[i] < scan->pids[i - 1]) {
            qsort(scan->pids, scan->pid_count, sizeof(scan->pids[0]), compare_pids);
            break;
        }
    return 0;
}

/* Finds the workload of the process. It stays empty if the process is gone or may not be read. */
static int find_owner(struct namespace_scan *scan, uint32_t pid, struct workload *ret_owner)
{
    char path[PATH_SIZE];
    const char *cgroup;
    size_t size;
    int error;

    *ret_owner = (struct workload){};
    (void)snprintf(path, sizeof(path), "%u/cgroup", pid);
    error = procfile_read_below(&scan->file, dirfd(scan->processes), path);
    if (error < 0)
        return error == -ENOMEM ? error : 0;
    if (cgroup_path_find(scan->file.data, scan->file.size, &cgroup, &size))
        cgroup_path_parse(cgroup, size, ret_owner);
    workload_share(ret_owner);
    return 0;
}

/* Takes the process as owner if it is a better one than the one found so far. */
static int consider(struct namespace_scan *scan, struct known_namespace *item, uint32_t pid)
{
    unsigned rank = RANK_SOME | (pid == item->former ? RANK_FORMER : 0);
    struct workload owner;
    int error;

    if ((rank | RANK_CONTAINER) <= item->rank)
        return 0;
    error = find_owner(scan, pid, &owner);
    if (error < 0)
        return error;
    rank |= workload_in_container(&owner) ? RANK_CONTAINER : 0;
    if (rank <= item->rank)
        return 0;
    item->pid = pid;
    item->rank = rank;
    item->owner = owner;
    return 0;
}

/* Notes the namespace of the process. A process that is gone has none. */
static int sight(struct namespace_scan *scan, uint32_t pid)
{
    struct known_namespace *item;
    char path[PATH_SIZE];
    uint64_t inode = 0;
    int error;

    (void)snprintf(path, sizeof(path), "%u/net/snmp", pid);
    error = find_inode(scan, path, &inode);
    scan->refusing |= error == -EACCES || error == -EPERM;
    if (error < 0 || inode == scan->own_inode)
        return 0;
    error = namespace_book_sight(scan->book, inode, &item);
    if (error == 0)
        error = consider(scan, item, pid);
    return error == -ENOSPC ? 0 : error;
}

/* Reads one of the files. A file that the kernel does not have is empty. */
static int read_file(struct namespace_scan *scan, int process, const char *name, struct snmp_text *ret_text)
{
    int error = procfile_read_below(&scan->file, process, name);

    *ret_text = error < 0 ? (struct snmp_text){"", 0} : (struct snmp_text){scan->file.data, scan->file.size};
    return error == -ENOENT ? 0 : error;
}

static int read_protocols(struct namespace_scan *scan, int process)
{
    struct snmp_text text;
    int error = read_file(scan, process, "net/snmp", &text);

    if (error == 0)
        error = namespace_parse_pairs(&scan->heads, NAMESPACE_SNMP, text, &scan->reading);
    if (error == 0)
        error = read_file(scan, process, "net/netstat", &text);
    if (error == 0)
        error = namespace_parse_pairs(&scan->heads, NAMESPACE_NETSTAT, text, &scan->reading);
    if (error == 0)
        error = read_file(scan, process, "net/snmp6", &text);
    if (error == 0)
        namespace_parse_lines(text, &scan->reading);
    return error;
}

static int read_devices(struct namespace_scan *scan, int process)
{
    int error = procfile_read_below(&scan->file, process, "net/dev");

    if (error < 0)
        return error;
    error = namespace_parse_devices((struct snmp_text){scan->file.data, scan->file.size}, &scan->reading);
    if (error == -ENOSPC)
        limit_hit(scan->limits, LIMIT_DEVICES);
    return error == -ENOSPC ? 0 : error;
}

/* Reads the mark only if it may have changed: to list the netlink sockets of one namespace, the kernel walks
 * those of the whole host. A process that was in the namespace before cannot have moved to another one with
 * the same inode. The kernel numbers directories of processes one after another (fs/proc/base.c,
 * proc_pid_make_inode()): the same number means the same process. */
static int read_mark(struct namespace_scan *scan, int process, struct known_namespace *item)
{
    struct snmp_text text;
    struct stat status;
    int error;

    if (fstat(process, &status) < 0)
        return -errno;
    scan->reading.mark = item->mark;
    if (item->read && item->mark && item->process_inode == status.st_ino)
        return 0;
    error = read_file(scan, process, "net/netlink", &text);
    if (error < 0)
        return error;
    scan->reading.mark = namespace_parse_mark(text);
    /* The kernel walked a table while others changed it. The next pass tries again. */
    if (text.size && !scan->reading.mark)
        return -EAGAIN;
    item->process_inode = status.st_ino;
    return 0;
}

/* Returns true if the process is in the namespace where it was sighted. */
static bool is_there(int process, const struct known_namespace *item)
{
    struct stat status;

    return fstatat(process, "net/snmp", &status, 0) == 0 && status.st_ino == item->inode;
}

/* Reads everything or nothing, through one process. Its number may belong to another process by now, but its
 * open directory does not. */
static int read_all(struct namespace_scan *scan, struct known_namespace *item)
{
    char path[PATH_SIZE];
    _cleanup_(closep) int process = -1;
    int error;

    (void)snprintf(path, sizeof(path), "%u", item->pid);
    process = openat(dirfd(scan->processes), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (process < 0 || !is_there(process, item))
        return -ESRCH;
    namespace_reading_clear(&scan->reading);
    error = read_mark(scan, process, item);
    if (error == 0)
        error = read_protocols(scan, process);
    if (error == 0)
        error = read_devices(scan, process);
    return error == 0 && !is_there(process, item) ? -ESRCH : error;
}

/* If the process is gone, the namespace may have another: the next pass tries again. */
static int read_namespace(struct namespace_scan *scan, struct known_namespace *item)
{
    int error = item->pass == scan->book->pass ? read_all(scan, item) : -ESRCH;

    if (error < 0)
        return error == -ENOMEM ? error : 0;
    for (uint64_t i = 0; i < scan->reading.malformed; i++)
        limit_hit(scan->limits, LIMIT_PROC_MALFORMED);
    return namespace_book_take(scan->book, item, &scan->reading);
}

static int begin(struct namespace_scan *scan)
{
    int error = list_processes(scan);

    if (error < 0)
        return error;
    namespace_book_begin(scan->book);
    scan->step = NAMESPACE_SIGHTING;
    scan->refusing = false;
    scan->rounds = 1;
    scan->next = 0;
    return 0;
}

static void end(struct namespace_scan *scan)
{
    namespace_book_end(scan->book);
    scan->step = NAMESPACE_BETWEEN;
    scan->refused = scan->refusing;
    scan->took = scan->rounds;
}

/* Handles one process or one namespace. The last one ends the step. */
static int go_on(struct namespace_scan *scan)
{
    if (scan->step == NAMESPACE_SIGHTING && scan->next < scan->pid_count)
        return sight(scan, scan->pids[scan->next++]);
    if (scan->step == NAMESPACE_SIGHTING) {
        scan->step = NAMESPACE_READING;
        scan->next = 0;
    }
    if (scan->next < scan->book->count)
        return read_namespace(scan, &scan->book->items[scan->next++]);
    end(scan);
    return 0;
}

int namespace_scan_round(struct namespace_scan *scan, uint64_t until_ns, const atomic_bool *ending,
                         struct fault *fault)
{
    int error = 0;

    if (scan->step == NAMESPACE_BETWEEN)
        error = begin(scan);
    else
        scan->rounds++;
    while (error == 0 && scan->step != NAMESPACE_BETWEEN) {
        if (ending && atomic_load_explicit(ending, memory_order_relaxed))
            return 0;
        if (clock_boottime_ns() >= until_ns) {
            limit_hit(scan->limits, LIMIT_NAMESPACE_TIME);
            return 0;
        }
        error = go_on(scan);
    }
    return error < 0 ? fault_errno(fault, error, "the list of processes") : 0;
}

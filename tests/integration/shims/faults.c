/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes one allocation or one system call fail, or each of them, for LD_PRELOAD, and counts the allocations
 * that live.
 * FAULTS_FILE is mapped and holds a struct control, which the tests write and read while the program runs.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is told to fail: one of these, or each call but those that only wait. */
enum what { ALLOCATION = 1, CALL = 2, EACH_CALL = 3 };

/* What may. */
enum kind { MEMORY, REQUEST, WAIT };

struct control {
    _Atomic int64_t what;
    _Atomic int64_t countdown; /* the one that makes it 0 fails */
    _Atomic int64_t error;     /* of a call */
    _Atomic int64_t hits;      /* how many failed */
    _Atomic int64_t live;      /* allocations */
    char thread[16];           /* only in threads of this name; "": in all */
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static struct control *control;

__attribute__((constructor)) static void map_control(void)
{
    int fd = open(getenv("FAULTS_FILE"), O_RDWR);
    void *mapped =
        fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (mapped == MAP_FAILED)
        abort();
    (void)close(fd);
    control = mapped;
}

static int is_meant(enum what what, enum kind kind)
{
    return what == (kind == MEMORY ? ALLOCATION : CALL) || (what == EACH_CALL && kind == REQUEST);
}

static int fails(enum kind kind)
{
    char name[16] = "";
    enum what what = control ? (enum what)control->what : 0;

    if (!is_meant(what, kind))
        return 0;
    if (control->thread[0] && (prctl(PR_GET_NAME, name) < 0 || strcmp(name, control->thread) != 0))
        return 0;
    if (what != EACH_CALL && atomic_fetch_sub(&control->countdown, 1) != 1)
        return 0;
    atomic_fetch_add(&control->hits, 1);
    errno = kind == MEMORY ? ENOMEM : (int)control->error;
    return 1;
}

static void *lives(void *memory)
{
    if (memory && control)
        atomic_fetch_add(&control->live, 1);
    return memory;
}

void *malloc(size_t size)
{
    return fails(MEMORY) ? NULL : lives(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return fails(MEMORY) ? NULL : lives(__libc_calloc(count, size));
}

void *memalign(size_t alignment, size_t size)
{
    return fails(MEMORY) ? NULL : lives(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
    void *memory = memalign(alignment, size);

    if (!memory)
        return ENOMEM;
    *ret_memory = memory;
    return 0;
}

void free(void *memory)
{
    if (memory && control)
        atomic_fetch_sub(&control->live, 1);
    __libc_free(memory);
}

void *realloc(void *memory, size_t size)
{
    if (!memory)
        return malloc(size);
    return fails(MEMORY) ? NULL : __libc_realloc(memory, size);
}

/* glibc's own calls its realloc past us. */
void *reallocarray(void *memory, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return realloc(memory, count * size);
}

/* The system calls of a collection, by the names that programs and libraries call them by. Those that are
 * declared with an ellipsis get their arguments in registers all the same, and are defined under another
 * name. */
#define CALL_OR(kind, failure, type, name, parameters, arguments)                                            \
    type faulty_##name parameters __asm__(#name);                                                            \
    type faulty_##name parameters                                                                            \
    {                                                                                                        \
        type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                \
        return fails(kind) ? failure : real arguments;                                                       \
    }
#define CALL(type, name, parameters, arguments) CALL_OR(REQUEST, (type)-1, type, name, parameters, arguments)

CALL(int, open, (const char *path, int flags, long mode), (path, flags, mode))
CALL(int, open64, (const char *path, int flags, long mode), (path, flags, mode))
CALL(int, access, (const char *path, int mode), (path, mode))
CALL(int, fcntl64, (int fd, int command, long argument), (fd, command, argument))
CALL(void *, mmap64, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
     (at, size, protection, flags, fd, offset))
CALL(int, mprotect, (void *at, size_t size, int protection), (at, size, protection))
CALL_OR(REQUEST, NULL, void *, opendir, (const char *path), (path))
CALL_OR(REQUEST, NULL, void *, readdir64, (void *directory), (directory))
CALL(int, fstat, (int fd, struct stat *status), (fd, status))
CALL(int, fstat64, (int fd, struct stat *status), (fd, status))
CALL(off_t, lseek64, (int fd, off_t at, int from), (fd, at, from))
CALL(ssize_t, read, (int fd, void *data, size_t size), (fd, data, size))
CALL(ssize_t, pread64, (int fd, void *data, size_t size, off_t at), (fd, data, size, at))
CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
CALL(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size))
CALL(int, getsockname, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size))
CALL(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),
     (fd, level, name, value, size))
CALL(ssize_t, recv, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))
CALL(ssize_t, recvfrom, (int fd, void *data, size_t size, int flags, void *from, void *length),
     (fd, data, size, flags, from, length))
CALL(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
CALL(ssize_t, send, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
CALL(ssize_t, sendto, (int fd, const void *data, size_t size, int flags, const void *to, socklen_t length),
     (fd, data, size, flags, to, length))
CALL(ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
CALL_OR(WAIT, -1, int, ppoll, (void *polled, unsigned long count, const void *timeout, const void *mask),
        (polled, count, timeout, mask))
CALL(int, ioctl, (int fd, unsigned long request, void *data), (fd, request, data))
CALL(int, uname, (void *name), (name))
CALL(long, syscall, (long number, long a, long b, long c, long d, long e, long f), (number, a, b, c, d, e, f))

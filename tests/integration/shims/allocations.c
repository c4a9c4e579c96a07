/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counts allocations by thread, for LD_PRELOAD. ALLOCATIONS_FILE is mapped and holds, for each thread that
 * ever allocated, its name (16 bytes) and a 64-bit count.
 */

#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { THREADS_MAX = 64 };

struct thread_count {
    char name[16];
    _Atomic uint64_t count;
};

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static struct thread_count *threads;
static _Atomic unsigned thread_count;
static _Thread_local unsigned own; /* index + 1 */

__attribute__((constructor)) static void map_file(void)
{
    int fd = open(getenv("ALLOCATIONS_FILE"), O_RDWR | O_CREAT, 0600);

    if (fd < 0 || ftruncate(fd, THREADS_MAX * sizeof(*threads)) < 0)
        abort();
    threads = mmap(NULL, THREADS_MAX * sizeof(*threads), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (threads == MAP_FAILED)
        abort();
    close(fd);
}

static void count_one(void)
{
    if (!threads)
        return;
    if (!own)
        own = atomic_fetch_add(&thread_count, 1) + 1;
    if (own > THREADS_MAX)
        abort();
    /* Each time: a thread gets its name after its first allocation. */
    prctl(PR_GET_NAME, threads[own - 1].name);
    atomic_fetch_add(&threads[own - 1].count, 1);
}

void *malloc(size_t size)
{
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_one();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    count_one();
    return __libc_realloc(memory, size);
}

/* glibc's own calls its realloc past us. */
void *reallocarray(void *memory, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return realloc(memory, count * size);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_kept_file.h"

/*
 * The file behind drop_kept.c: two halves, one of which is always complete. The main thread or netdrop-open
 * makes it; the collector's thread reads and writes it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { NOEXEC_SEAL = 8 }; /* MFD_NOEXEC_SEAL, since Linux 6.3; vm.memfd_noexec may require it */

/* The halves are far apart. The hole between them takes no memory. */
enum {
    HALF_BEGIN = 4096,
    HALF_DISTANCE = 1 << 30,
    SIZE_MOST = 256 << 20,
};

/* At the beginning of the file, in its own page. */
struct header {
    uint64_t layout;
    uint64_t half;
    uint64_t size;
};

static off_t half_begin(uint64_t half)
{
    return HALF_BEGIN + (off_t)(half & 1) * HALF_DISTANCE;
}

int drop_kept_file_new(void)
{
    int fd = memfd_create("netdrop-drops", MFD_CLOEXEC | NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("netdrop-drops", MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* Returns false if the file has no header. */
static bool header_read(int fd, struct header *ret_header)
{
    *ret_header = (struct header){};
    return pread(fd, ret_header, sizeof(*ret_header), 0) == (ssize_t)sizeof(*ret_header);
}

void drop_kept_begin(struct drop_kept_writer *writer, int fd)
{
    struct header header;

    (void)header_read(fd, &header);
    writer->fd = fd;
    writer->half = (header.half ^ 1) & 1;
    writer->at = half_begin(writer->half);
    writer->error = 0;
    writer->used = 0;
}

static int write_all(int fd, const unsigned char *data, size_t size, off_t at)
{
    while (size > 0) {
        ssize_t written = pwrite(fd, data, size, at);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        data += written;
        size -= (size_t)written;
        at += written;
    }
    return 0;
}

static void flush(struct drop_kept_writer *writer)
{
    if (!writer->error)
        writer->error = write_all(writer->fd, writer->chunk, writer->used, writer->at);
    writer->at += (off_t)writer->used;
    writer->used = 0;
}

void drop_kept_put(struct drop_kept_writer *writer, const void *data, size_t size)
{
    const unsigned char *from = data;

    while (size > 0) {
        size_t room = sizeof(writer->chunk) - writer->used, part = size < room ? size : room;

        memcpy(writer->chunk + writer->used, from, part);
        writer->used += part;
        from += part;
        size -= part;
        if (writer->used == sizeof(writer->chunk))
            flush(writer);
    }
}

void drop_kept_put_number(struct drop_kept_writer *writer, uint64_t number)
{
    drop_kept_put(writer, &number, sizeof(number));
}

int drop_kept_commit(struct drop_kept_writer *writer, uint64_t layout)
{
    struct header header = {.layout = layout, .half = writer->half};

    flush(writer);
    header.size = (uint64_t)(writer->at - half_begin(writer->half));
    if (!writer->error && header.size > SIZE_MOST)
        writer->error = -EFBIG;
    if (!writer->error && pwrite(writer->fd, &header, sizeof(header), 0) != (ssize_t)sizeof(header))
        writer->error = -EIO;
    return writer->error;
}

static int read_all(int fd, unsigned char *data, size_t size, off_t at)
{
    while (size > 0) {
        ssize_t got = pread(fd, data, size, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EINVAL;
        data += got;
        size -= (size_t)got;
        at += got;
    }
    return 0;
}

int drop_kept_load(struct drop_kept_reader *reader, int fd, uint64_t layout)
{
    _cleanup_(freep) unsigned char *data = NULL;
    struct header header;
    int error;

    *reader = (struct drop_kept_reader){};
    if (!header_read(fd, &header))
        return -ENOENT;
    if (header.layout != layout || header.half > 1 || header.size > SIZE_MOST)
        return -EINVAL;
    data = malloc(header.size ? header.size : 1);
    if (!data)
        return -ENOMEM;
    error = read_all(fd, data, header.size, half_begin(header.half));
    if (error < 0)
        return error;
    reader->data = take_ptr(data);
    reader->size = header.size;
    return 0;
}

void drop_kept_unload(struct drop_kept_reader *reader)
{
    free(reader->data);
    *reader = (struct drop_kept_reader){};
}

void drop_kept_get(struct drop_kept_reader *reader, void *ret_data, size_t size)
{
    if (size == 0)
        return;
    if (reader->damaged || size > reader->size - reader->at) {
        reader->damaged = true;
        memset(ret_data, 0, size);
        return;
    }
    memcpy(ret_data, reader->data + reader->at, size);
    reader->at += size;
}

uint64_t drop_kept_get_number(struct drop_kept_reader *reader)
{
    uint64_t number;

    drop_kept_get(reader, &number, sizeof(number));
    return number;
}

size_t drop_kept_get_count(struct drop_kept_reader *reader, size_t size)
{
    uint64_t count = drop_kept_get_number(reader);

    if (count > (reader->size - reader->at) / size) {
        reader->damaged = true;
        return 0;
    }
    return (size_t)count;
}

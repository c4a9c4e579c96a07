/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * A file without a name (memfd_create(2)) that outlives the process: systemd keeps it beside the maps. Its
 * content is always complete: each write goes into the half that is not in use, and then one write of a few
 * bytes, which no signal divides, switches to this half. A process that is killed in between leaves the
 * former content. One thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { DROP_KEPT_CHUNK = 8 * 1024 };

/* Makes an empty file. Returns the descriptor, or a negative errno. */
int drop_kept_file_new(void);

/* Collects what is put until it is committed; what fails is told then. */
struct drop_kept_writer {
    int fd; /* borrowed */
    uint64_t half;
    off_t at;
    int error;
    size_t used;
    unsigned char chunk[DROP_KEPT_CHUNK];
};

void drop_kept_begin(struct drop_kept_writer *writer, int fd);
void drop_kept_put(struct drop_kept_writer *writer, const void *data, size_t size);
void drop_kept_put_number(struct drop_kept_writer *writer, uint64_t number);

/* Makes what was put the content of the file. `layout` must be the reader's. Returns 0 or a negative errno.
 */
int drop_kept_commit(struct drop_kept_writer *writer, uint64_t layout);

/* The content of the file, in memory. Nothing in it is trusted. */
struct drop_kept_reader {
    unsigned char *data;
    size_t size;
    size_t at;
    bool damaged; /* sticky: more was read than is there, or the content was found to be wrong */
};

/* Returns 0, -ENOENT if nothing was written yet, or -EINVAL if it is damaged or of another layout. */
int drop_kept_load(struct drop_kept_reader *reader, int fd, uint64_t layout);
void drop_kept_unload(struct drop_kept_reader *reader); /* accepts a zeroed struct */

/* Reads `size` bytes. Fills in zeros if the content is damaged. */
void drop_kept_get(struct drop_kept_reader *reader, void *ret_data, size_t size);
uint64_t drop_kept_get_number(struct drop_kept_reader *reader);

/* Reads a number of things, each of which takes at least so many bytes. Returns 0 if that many cannot be
 * there. */
size_t drop_kept_get_count(struct drop_kept_reader *reader, size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The book of drops in a file that outlives the process, beside the kernel's maps. The maps count on while
 * nobody reads. The file has the rest: counts under keys that are gone, under former names of devices, in
 * rows that were given up, and how much of the maps had been read. So the next process continues as the next
 * instance does after a reload.
 *
 * It is written before its counts are shown, so that no counter ever falls below what was shown. One thread.
 */

#include "collectors/drops/drop_book.h"

/* Files of another layout cannot be read. It depends on nothing but the build. */
uint64_t drop_kept_layout(void);

/* Writes the book if there is something new. Returns 0 or a negative errno, and then tries again the next
 * time. */
int drop_kept_save(int fd, struct drop_book *book);

/* Reads what the last process left, in the form in which drop_book_leave() leaves it. *ret_left is NULL if it
 * left nothing. Returns 0, -EINVAL if it cannot be read, or -ENOMEM. */
int drop_kept_restore(int fd, const struct drop_source *source, struct limits *limits,
                      struct drop_book **ret_left);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Scope cleanup: the declaration of a variable shows that it owns something, and every return releases it.
 *
 *     _cleanup_(closep) int fd = open(...);
 *     ...
 *     *ret_fd = take_fd(&fd);         hand-over, written out
 *
 * A destructor named in DEFINE_CLEANUP accepts NULL.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

/* Defines `function##p`, for use with _cleanup_ on a variable of `type` (a pointer type). */
#define DEFINE_CLEANUP(type, function)                                                                       \
    static inline void function##p(type *variable)                                                           \
    {                                                                                                        \
        if (*variable)                                                                                       \
            function(*variable);                                                                             \
    }

static inline void closep(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1; /* the number may soon be another descriptor's */
}

static inline void freep(void *memory)
{
    free(*(void **)memory);
}

DEFINE_CLEANUP(FILE *, fclose)

/* Hands ownership over: returns the pointer and leaves NULL behind. */
#define take_ptr(variable)                                                                                   \
    ({                                                                                                       \
        __typeof__(variable) taken_ = (variable);                                                            \
        (variable) = NULL;                                                                                   \
        taken_;                                                                                              \
    })

/* Hands a descriptor over: returns it and leaves -1 behind. */
static inline int take_fd(int *fd)
{
    int taken = *fd;

    *fd = -1;
    return taken;
}

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

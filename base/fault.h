/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What went wrong, written where the context is known: an errno and one line of text. Functions return the
 * negative errno; the fault carries the text to whoever reports it (the runner on a change of state, main
 * before it exits, --list-collectors). Every function accepts NULL in place of a fault.
 */

#include <stdbool.h>
#include <string.h>

struct fault {
    int error;        /* negative errno; 0 if there is none */
    bool unsupported; /* "not there on this kernel or without this privilege", as opposed to "broken" */
    char text[320];   /* one line; may hold any bytes from the kernel, so escape it before showing it */
};

/* Writes the text. Returns `error`, a negative errno, so that callers can `return fault_set(...)`. */
int fault_set(struct fault *fault, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Like fault_set(), and appends the text of the error: "opening eth0: No such device". */
int fault_errno(struct fault *fault, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum { ERROR_TEXT_SIZE = 64 };

/* Returns the text of a negative errno, in memory of the enclosing block. Unlike strerror(3), safe in any
 * thread. */
#define error_text(error) strerror_r(-(error), (char[ERROR_TEXT_SIZE]){}, ERROR_TEXT_SIZE)

/* Like fault_set(), for what is absent rather than broken: it is not retried often, and nobody is paged.
 * Returns -EOPNOTSUPP. */
int fault_unsupported(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a remark to a fault without an errno: something to say about a success, in words that follow "works".
 * Remarks are separated by "; "; one that does not fit is left out. */
void fault_note(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

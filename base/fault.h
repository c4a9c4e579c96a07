/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What went wrong, told once, where the context is known: an errno and one line of text. Functions return
 * the negative errno; the fault carries the words to whoever reports them (the runner on a change of state,
 * main before it exits, --list-collectors). A fault may be NULL where nobody listens.
 */

#include <stdbool.h>
#include <string.h>

struct fault {
    int error;        /* negative errno, 0: none */
    bool unsupported; /* "not there on this kernel or without this privilege", as opposed to "broken" */
    char text[320];   /* one line; may hold any bytes the kernel gave: escape before showing it */
};

/* Writes the text and returns `error` (a negative errno), so that callers can `return fault_set(...)`. */
int fault_set(struct fault *fault, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a text that ends in what the error is: "opening eth0: No such device". */
int fault_errno(struct fault *fault, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum { ERROR_TEXT_SIZE = 64 };

/* The text of a negative errno, in memory of the block that it stands in: strerror(3) for any thread. */
#define error_text(error) strerror_r(-(error), (char[ERROR_TEXT_SIZE]){}, ERROR_TEXT_SIZE)

/* Like fault_set() for what is absent rather than broken: no retry storm, nothing to page on. Returns
 * -EOPNOTSUPP. */
int fault_unsupported(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a text to a fault without an errno: what a success has to say, in words that follow "works". Parts are
 * put apart by "; ", and what has no room is left out. */
void fault_note(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

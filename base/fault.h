/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What went wrong, told once, where the context is known: an errno and one line of text. Functions return
 * the negative errno; the fault carries the words to whoever reports them (the runner on a change of state,
 * main before it exits, --list-collectors). A fault may be NULL where nobody listens.
 */

#include <stdbool.h>

struct fault {
    int error;        /* negative errno, 0: none */
    bool unsupported; /* "not there on this kernel or without this privilege", as opposed to "broken" */
    char text[320];   /* one line; may hold any bytes the kernel gave: escape before showing it */
};

/* Writes the text and returns `error` (a negative errno), so that callers can `return fault_set(...)`. */
int fault_set(struct fault *fault, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for what is absent rather than broken: no retry storm, nothing to page on. Returns -EOPNOTSUPP. */
int fault_unsupported(struct fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Commands that show more about a loss, or change the limit that it hit, as templates. Words are separated
 * by blanks; what stands between single quotes is one word. Names in braces stand for what is known of the
 * loss: {device}, {port}, {way} (ingress, egress), {hooks} (of the firewall), {queue}, {root}, {parent},
 * {handle} (of the queueing discipline), {rmem_default}, {rmem_max}, {somaxconn} (their new values, if it
 * helps to raise them), {now}, {most} and {more} (of the limit; `more` is what to try next). A command is
 * left out if one of its values is not known. None promises what no test has shown it to do. Constant data;
 * any thread.
 */

#include <stddef.h>

struct command {
    const char *cause; /* of the ledger; NULL if all */
    const char *page;  /* of the remedy; NULL if all */
    const char *words;
    const char *comment; /* also a template; NULL if none */
};

extern const struct command commands[];
extern const size_t command_count;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Commands that tell more of a loss, or change what it ran into, as templates: words between blanks, those
 * between single quotes one word. {device}, {port}, {way} (ingress, egress), {hooks} (of the firewall),
 * {queue}, {root}, {parent}, {handle} (of the queueing discipline), {rmem_default}, {rmem_max}, {somaxconn}
 * (what to raise these to where that helps), {now}, {most} and {more} (of the limit; more is what may be
 * tried next) stand for what is known of the loss; a command of which something is not known is not given.
 * None promises what no test has shown it to do. Constant data; any thread.
 */

#include <stddef.h>

struct command {
    const char *cause; /* of the ledger; NULL if all */
    const char *page;  /* of the remedy; NULL if all */
    const char *words;
    const char *comment; /* a template, too; NULL if none */
};

extern const struct command commands[];
extern const size_t command_count;

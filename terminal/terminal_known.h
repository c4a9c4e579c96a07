/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Whether curses(3) can draw on the terminal of standard output. Apart, since <term.h> has a macro for each
 * word that a program might use. Main thread, before a screen is there. */

#include <stdbool.h>

/* Returns false if TERM names no terminal that is known. newterm() would say so too, and lose memory. */
bool terminal_is_known(void);

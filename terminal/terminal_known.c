/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/terminal_known.h"

/* Checks whether curses knows the terminal. Main thread. */

#include <curses.h>
#include <term.h>
#include <unistd.h>

bool terminal_is_known(void)
{
    int found;

    if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return false;
    (void)del_curterm(cur_term);
    return true;
}

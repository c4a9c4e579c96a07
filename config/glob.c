/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/glob.h"

/*
 * Warns of globs that look like regular expressions. Main thread. fnmatch(3) defines brackets and
 * backslashes.
 */

#include <stdbool.h>
#include <string.h>

#include "base/character.h"

/* Returns what follows the bracket that closes the one at `open`, or NULL if none does. A bracket that comes
 * first stands for itself. */
static const char *behind_bracket(const char *open)
{
    const char *at = open + 1;

    at += *at == '!' || *at == '^';
    at += *at == ']';
    at = strchr(at, ']');
    return at ? at + 1 : NULL;
}

/* Returns true if what stands at `at` has a meaning only in a regular expression. */
static bool is_expression(const char *glob, const char *at)
{
    switch (*at) {
    case '^':
        return at == glob;
    case '$':
        return !at[1];
    case '|':
        return true;
    case '\\':
        return is_letter(at[1]);
    case '+':
        return at > glob && (!at[1] || memchr(".])", at[-1], 3));
    default:
        return false;
    }
}

const char *glob_doubt(const char *glob)
{
    const char *at = glob;

    while (*at) {
        if (is_expression(glob, at))
            return "looks like a regular expression, but is a glob (*, ?, [abc]) that has to match all of it";
        if (*at == '{' && strchr(at, '}'))
            return "braces are not expanded: write an item for each";
        if (*at == '[' && !behind_bracket(at))
            return "the [ is never closed, and stands for itself";
        if (*at == '[')
            at = behind_bracket(at);
        else
            at += *at == '\\' && at[1] ? 2 : 1;
    }
    return NULL;
}

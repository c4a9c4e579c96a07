/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The words of the shell completion, from the program's own tables. packaging/bash-completion has the script
 * around them. Pure; used when the program is built.
 */

#include "base/buffer.h"

/* Writes "--flag" or "--flag=", one on each line. A flag with an optional value is listed twice. */
void completion_flags(struct buffer *out);

/* Writes the flags whose value is the name of a file, as a pattern of `case`. */
void completion_file_flags(struct buffer *out);

/* Writes "section.key=", one on each line. */
void completion_keys(struct buffer *out);

/* Writes the values of flags and keys, if they are known: lines "[--flag]='a b'" and "[section.key]='a b'".
 */
void completion_values(struct buffer *out);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The words that the shell completes, from the same tables as the program itself: the script around them is
 * in packaging/bash-completion. Pure; used when the program is built.
 */

#include "base/buffer.h"

/* "--flag" or "--flag=", one a line; one that may do without its value stands twice. */
void completion_flags(struct buffer *out);

/* The flags whose value is the name of a file, as a pattern of `case`. */
void completion_file_flags(struct buffer *out);

/* "section.key=", one a line. */
void completion_keys(struct buffer *out);

/* What flags and keys may be, where that is known: lines "[--flag]='a b'" and "[section.key]='a b'". */
void completion_values(struct buffer *out);

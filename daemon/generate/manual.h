/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * What the manual pages say about flags, collectors and keys, in roff, from the same tables as the program
 * itself: the prose around it is in packaging/man. Pure; used when the program is built.
 */

#include "base/buffer.h"

/* The flags under their headings, as .SS and .TP. */
void manual_flags(struct buffer *out);

/* Each collector: what it has, and what it needs. */
void manual_collectors(struct buffer *out);

/* Every key of the configuration; one that several collectors share stands once, with the default of each. */
void manual_keys(struct buffer *out);

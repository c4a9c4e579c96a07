/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The parts of the manual pages about flags, collectors and keys, in roff, from the program's own tables.
 * packaging/man has the prose around them. Pure; used when the program is built.
 */

#include "base/buffer.h"

/* Writes the flags under their headings, as .SS and .TP. */
void manual_flags(struct buffer *out);

/* Writes for each collector what it shows and what it needs. */
void manual_collectors(struct buffer *out);

/* Writes every key of the configuration. A key that several collectors share is listed once, with the
 * default of each. */
void manual_keys(struct buffer *out);

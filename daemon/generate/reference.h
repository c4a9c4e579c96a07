/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The parts of documents that are tables of the program, in Markdown: the keys of docs/configuration.md, the
 * reasons of docs/runbook/drop-reasons.md. Pure; run by the tests, which compare and, if asked, write them.
 */

#include "base/buffer.h"

/* Writes every key, with a section for each part that has keys. */
void reference_keys(struct buffer *out);

/* Writes for each collector what it reads and what it needs. */
void reference_collectors(struct buffer *out);

/* Writes what each reason, or function, of a drop means. */
void reference_drop_reasons(struct buffer *out);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The runbook as the exporter serves it: pages of docs/runbook, made into HTML when the program was built
 * (daemon/runbook/render). Constant data and its lookup; any thread. All texts have static storage.
 */

/* The Content-Security-Policy that goes with each page: its style, and nothing else. */
extern const char runbook_policy[];

/* Returns the document of a page by its name without the ending ("" for the index), or NULL if there is no
 * such page. */
const char *runbook_find(const char *name);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Flags of other exporters that people try here, with their replacement. Constant data; any thread. */

/* Returns what to use instead of --NAME, or NULL if no other exporter has such a flag. */
const char *cli_foreign(const char *name);

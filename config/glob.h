/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds globs that are probably a mistake: a regular expression in place of a glob is a valid glob that
 * silently matches nothing. Pure.
 */

/* Returns why the glob is probably not what the user meant, or NULL if it may be. ".*" alone is no sign of a
 * mistake: "eth0.*" matches the VLANs of eth0. */
const char *glob_doubt(const char *glob);

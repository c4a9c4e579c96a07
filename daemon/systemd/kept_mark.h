/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Marks descriptors in systemd's store as good for the next process: a file in the service's
 * RUNTIME_DIRECTORY, which lives as long as the store (RuntimeDirectoryPreserve=restart: over a restart, not
 * a stop). It holds what they were made for, the boot, and their number. The service itself can write the
 * directory, so the file is only compared and never interpreted. One thread.
 */

enum { KEPT_MARK_SIZE = 512 };

enum kept_state {
    KEPT_NOTHING, /* there is no mark */
    KEPT_SAME,
    KEPT_OTHER, /* the mark is for another boot, build, configuration, or number of descriptors */
};

/* Writes the text of a mark. Returns 0 or a negative errno. */
int kept_mark_text(const char *kept_as, unsigned descriptors, char text[KEPT_MARK_SIZE]);

/* Compares the mark of that name and removes it. It is set again once all is done. */
enum kept_state kept_mark_take(const char *name, const char *text);

/* Writes the mark. Returns 0 or a negative errno. */
int kept_mark_set(const char *name, const char *text);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The files of a configuration: the named one, and those of the directory conf.d beside it, which packages,
 * deployment tools and administrators add. All files are read before any is parsed, so that an unreadable
 * file leaves nothing half applied. Main thread.
 */

#include <stdbool.h>
#include <stddef.h>

#include "config/report.h"

enum {
    CONFIG_FILES_MAX = 64, /* in conf.d */
    CONFIG_HASH_SIZE = 65, /* SHA-256, hexadecimal */
};

struct config_file {
    char *name;
    size_t directory; /* length of the directory part of the name, the same for all files */
    char *data;
    size_t size;
};

struct config_files {
    struct config_file *items; /* in order of application: a later one wins */
    size_t count;
    bool named; /* the first is the named file, not one of conf.d */
};

/*
 * Reads the file `path`, which may be missing if it is `optional`, and after it the files of conf.d whose
 * names end in ".json", in bytewise order. Names that begin with a dot are left out, and so are leftovers of
 * editors and package managers, by their endings (.json~, .json.dpkg-new, .json.rpmsave). conf.d may be
 * missing. Reports each file that cannot be read. Returns 0, -EINVAL, -ENOENT if files are only missing, or
 * -ENOMEM.
 */
int config_files_read(const char *path, bool optional, struct config_files *ret_files, struct report *report);
void config_files_done(struct config_files *files);

/*
 * Computes the hash that identifies a configuration, "" if there is no file. If there is only the named file,
 * it is the file's SHA-256; otherwise that of all files and their names, as a shell would print it in their
 * directory:
 *
 *     LC_ALL=C; sha256sum config.json conf.d/?*.json | sha256sum
 *
 * Returns 0 or -ENOMEM.
 */
int config_files_hash(const struct config_files *files, char hexadecimal[CONFIG_HASH_SIZE]);

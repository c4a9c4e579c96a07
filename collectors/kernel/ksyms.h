/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Finds the kernel function of an address, which follows a call in it or is its start. Only the answers are
 * kept: a table of all symbols would take megabytes, one pass over /proc/kallsyms resolves all new addresses
 * in a tenth of a second, and new addresses come only with new kinds of drops.
 *
 * Opening needs CAP_SYSLOG where addresses are hidden; a descriptor that was opened with it goes on showing
 * them to a process without (the kernel looks at who opened: kallsyms_open(), kernel/kallsyms.c; the same
 * with /proc/modules, modules_open(), kernel/module/procfs.c). So opening and adopting are two functions. One
 * thread.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/kernel/ksyms_parse.h"
#include "collectors/kernel/procfile.h"

enum { KSYMS_MAX = 8192 }; /* addresses that are kept; then all are forgotten and asked for again */

struct ksyms {
    int fd; /* of kallsyms; -1 if nothing has a name */
    struct procfile modules;
    uint64_t modules_hash;
    struct ksym *symbols; /* `known` ascending by address, behind them the new ones as they came */
    size_t known;
    size_t count;
    size_t capacity;
    bool hidden;               /* the addresses in kallsyms are all zero */
    bool moved;                /* modules came, went or moved since it was opened */
    const atomic_bool *ending; /* NULL, or true once no names are wanted any more; borrowed */
};

/* Returns true if a descriptor of /proc/kallsyms shows addresses. kernel.kptr_restrict or a want of
 * CAP_SYSLOG hides them. */
bool ksyms_visible(int fd);

/* Takes the descriptors of PROCFS/kallsyms and PROCFS/modules over (procfile_open()). With -1 for kallsyms
 * every address is in no function; with -1 for modules they are opened by their path, if that shows them.
 * Returns 0, or -ENOMEM, and then the descriptors stay the caller's. */
int ksyms_adopt(struct ksyms *ret_ksyms, int fd, int modules_fd, const char *procfs);
void ksyms_close(struct ksyms *ksyms);

/* Forgets everything if modules came, went or moved since the last call: an address may now be another
 * function's. Returns true if it did. */
bool ksyms_refresh(struct ksyms *ksyms);

/* Notes an address to be resolved, unless it is known. `hint` is the kernel's own name for it ("%pS"), which
 * is used if kallsyms has none; it may be NULL. Returns 0 or -ENOMEM. */
int ksyms_want(struct ksyms *ksyms, uint64_t address, const char *hint);

/* Does the same if the kernel tells its name ("%pS") in full, and then nothing is left to resolve. */
int ksyms_tell(struct ksyms *ksyms, uint64_t address, const char *text);

/* Resolves what is wanted; reads nothing if nothing is. What cannot be read has no name, which is no error.
 * Returns 0 or -ENOMEM. */
int ksyms_resolve(struct ksyms *ksyms);

/* Returns the symbol of an address that was resolved, or NULL if it was never wanted. */
const struct ksym *ksyms_find(const struct ksyms *ksyms, uint64_t address);

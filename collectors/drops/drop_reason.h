/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The names of the kernel's drop reasons. Their numbers differ from kernel to kernel, so the names are read
 * from the running one (BTF: /sys/kernel/btf). Only the names are kept, not the five megabytes around them.
 * One thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "collectors/drops/drop_table.h"

struct btf;

enum {
    DROP_SUBSYSTEMS_MAX = 16, /* the kernel has three: core, mac80211, openvswitch */
    DROP_REASONS_MAX = 1024,  /* of one subsystem */
};

/* The reasons of one subsystem, number 0 first. */
struct drop_reasons_list {
    char **names; /* NULL if the enum has none for it */
    size_t count;
};

struct drop_reasons {
    struct drop_reasons_list subsystems[DROP_SUBSYSTEMS_MAX];
    unsigned modules; /* bits of those that were there at the last reading, readable or not */
};

/* Reads what the kernel in the directory ("/sys/kernel/btf") says. Numbers of which it says nothing have no
 * names. Returns 0 or -ENOMEM. */
int drop_reasons_load(struct drop_reasons *ret_reasons, const char *directory);

/* Reads it again if a number has no name and a module that may have one was loaded since. Call it before the
 * first packet that the module drops is read. Returns true if more is known than before. */
bool drop_reasons_renew(struct drop_reasons *reasons, uint32_t reason, const char *directory);
void drop_reasons_done(struct drop_reasons *reasons); /* accepts a zeroed struct */

/* Takes over what the enums of one BTF say: the pure part. Returns 0 or -ENOMEM. */
int drop_reasons_take(struct drop_reasons *reasons, const struct btf *btf);

/* Writes the name of a reason, "NO_SOCKET", or its number if it has no name. */
void drop_reason_name(const struct drop_reasons *reasons, uint32_t reason, char name[DROP_REASON_SIZE]);

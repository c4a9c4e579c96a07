/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Wakes a thread that sleeps until a deadline. Any thread rings, one thread listens. Several rings that were
 * not heard yet count as one.
 */

#include <stdbool.h>

struct bell {
    int fd; /* readable after a ring */
};

int bell_init(struct bell *bell);  /* returns 0 or -errno */
void bell_done(struct bell *bell); /* does nothing if the fd is -1 */

void bell_ring(const struct bell *bell);  /* accepts NULL: nobody listens */
bool bell_heard(const struct bell *bell); /* returns true if it was rung since the last call */

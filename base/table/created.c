/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/table/created.h"

/* The list of the times at which each row began to count, shared by reference. Any thread. */

#include <stdlib.h>

#include "base/reference.h"

struct created *created_new(size_t rows)
{
    struct created *created = calloc(1, sizeof(*created) + rows * sizeof(created->ns[0]));

    if (created)
        created->references = 1;
    return created;
}

struct created *created_ref(struct created *created)
{
    reference_take(&created->references);
    return created;
}

struct created *created_unref(struct created *created)
{
    if (created && reference_drop(&created->references))
        free(created);
    return NULL;
}

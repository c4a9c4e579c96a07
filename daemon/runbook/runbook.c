/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/runbook/runbook.h"

/* Finds a page of the runbook. Constant data; any thread. */

#include <string.h>

#include "base/cleanup.h"

struct runbook_page {
    const char *name;
    const char *document;
};

#include "daemon/runbook/runbook-pages.h"

const char runbook_policy[] = RUNBOOK_POLICY;

const char *runbook_find(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(pages); i++)
        if (strcmp(pages[i].name, name) == 0)
            return pages[i].document;
    return NULL;
}

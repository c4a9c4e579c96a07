/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/packet_records.h"

/* Holds recorded packets that a snapshot refers to, and frees them. Any thread. */

#include <errno.h>
#include <stdlib.h>

static void records_free(struct attachment *attachment)
{
    struct packet_records *records = (struct packet_records *)attachment;

    free(records->sites);
    free(records->owners);
    free(records->records);
    buffer_done(&records->stacks);
    free(records);
}

struct packet_records *packet_records_new(const char *source)
{
    struct packet_records *records = calloc(1, sizeof(*records));

    if (!records)
        return NULL;
    records->attachment = (struct attachment){.references = 1, .free = records_free};
    records->source = source;
    return records;
}

struct packet_records *packet_records_unref(struct packet_records *records)
{
    if (records)
        attachment_unref(&records->attachment);
    return NULL;
}

bool packet_records_reset(struct packet_records *records)
{
    if (atomic_load_explicit(&records->attachment.references, memory_order_acquire) != 1)
        return false;
    records->site_count = records->owner_count = records->record_count = 0;
    buffer_clear(&records->stacks);
    return true;
}

int packet_records_attach_error(struct snapshot *draft, const char *source, int error)
{
    struct packet_records *records = packet_records_new(source);

    if (!records)
        return -ENOMEM;
    records->error = error;
    snapshot_attach(draft, &records->attachment);
    (void)packet_records_unref(records);
    return 0;
}

const struct packet_records *packet_records_of(const struct snapshot *snapshot)
{
    return snapshot ? (const struct packet_records *)snapshot->attachment : NULL;
}

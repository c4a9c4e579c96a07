/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's answer of arbitrary bytes: what is made of it is sorted, bounded, harmless, and can be shown.
 */

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/harmless.h"
#include "base/packet/packet_line.h"
#include "terminal/capture.h"
#include "terminal/watch_plain.h"
#include "tests/fuzz/fuzz.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_site(const struct record_site *site)
{
    check(harmless(site->function) && harmless(site->offset) && harmless(site->reason) &&
          harmless(site->cause));
    check(harmless(site->drop_class) && harmless(site->device) && harmless(site->netns));
}

/* A line of its own, and no control character but at its end. */
static void check_record(const struct records *records, const struct record *record)
{
    _cleanup_(buffer_done) struct buffer line = {}, comment = {};

    check(record->size <= sizeof(record->data) && record->length >= record->size);
    watch_plain_line(records, record, &line);
    check(!line.error && line.size && line.data[line.size - 1] == '\n');
    line.data[line.size - 1] = '\0';
    check(strlen(line.data) == line.size - 1 && harmless(line.data));
    capture_comment(records_site(records, record->site), record, &comment);
    check(!comment.error && strlen(comment.data) == comment.size - 1);
    for (char *at = comment.data; (at = strchr(at, '\n')); at++)
        *at = ' ';
    check(harmless(comment.data));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(records_freep) struct records *records = NULL;

    if (records_parse((const char *)data, size, &records, NULL) < 0) {
        check(!records);
        return 0;
    }
    check(harmless(records->host) && harmless(records->source));
    for (size_t i = 0; i < records->site_count; i++)
        check_site(&records->sites[i]);
    for (size_t i = 1; i < records->count; i++)
        check(records->items[i - 1].sequence <= records->items[i].sequence);
    for (size_t i = 0; i < records->count; i++)
        check_record(records, &records->items[i]);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "terminal/watch_plain.h"

/* Prints one line for each packet. Main thread. */

#include <unistd.h>

#include "base/packet/packet_line.h"
#include "terminal/words.h"

void watch_plain_line(const struct records *records, const struct record *record, struct buffer *out)
{
    const struct record_site *site = records_site(records, record->site);
    const struct packet packet = record_packet(record);
    char time[WORDS_TIME_SIZE], place[WORDS_PLACE_SIZE], device[WORDS_DEVICE_SIZE],
        workload[RECORD_UNIT_SIZE];

    words_time(record->time_ns, time);
    words_place(site, place);
    words_device(record->device, record->netns, device);
    record_workload(record, workload);
    buffer_printf(out, "%s  %-32s  %-20s  %-8s  %-16s  ", time, place,
                  site ? words_or_none(site->reason) : "-", device, workload);
    packet_line(&packet, out);
    buffer_text(out, "\n");
}

static int add(void *context, const struct records *records, const struct record *record, struct buffer *text)
{
    (void)context;
    watch_plain_line(records, record, text);
    return text->error;
}

int watch_plain(const struct follow *common)
{
    struct follow follow = *common;

    follow.out = STDOUT_FILENO;
    follow.record = add;
    return follow_status(follow_run(&follow));
}

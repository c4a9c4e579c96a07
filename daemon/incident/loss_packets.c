/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/loss_packets.h"

/* Lists the recorded packets of an incident. Any thread. */

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/packet/packet_line.h"

/* An incident on several devices, or on none, has the packets of all devices. */
static bool is_of(const struct packet_site *site, const struct incident *incident)
{
    return strcmp(site->cause, incident->cause) == 0 &&
           (incident->several || !incident->device[0] || strcmp(site->device, incident->device) == 0);
}

size_t loss_packets_find(const struct packet_records *records, const struct incident *incident,
                         const struct packet_record *ret_packets[LOSS_PACKETS_MAX])
{
    const struct packet_record *newest[LOSS_PACKETS_MAX];
    size_t count = 0;

    for (size_t i = records ? records->record_count : 0; i > 0 && count < LOSS_PACKETS_MAX; i--)
        if (is_of(&records->sites[records->records[i - 1].site], incident))
            newest[count++] = &records->records[i - 1];
    for (size_t i = 0; i < count; i++)
        ret_packets[i] = newest[count - 1 - i];
    return count;
}

void loss_packet_line(const struct packet_record *packet, bool prefixes, struct buffer *out)
{
    const time_t seconds = (time_t)(packet->time_ns / NS_PER_SECOND);
    char text[sizeof("23:59:60")] = "";
    struct tm local;

    if (localtime_r(&seconds, &local))
        (void)strftime(text, sizeof(text), "%T", &local);
    buffer_printf(out, "%s.%06u  ", text, (unsigned)(packet->time_ns % NS_PER_SECOND / 1000));
    packet_line(&(struct packet){.data = packet->data,
                                 .size = packet->size,
                                 .length = packet->length > packet->size ? packet->length : packet->size,
                                 .link_type = packet->link_type,
                                 .protocol = packet->protocol,
                                 .prefixes = prefixes},
                out);
}

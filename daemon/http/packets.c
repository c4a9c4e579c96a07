/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/packets.h"

/*
 * Answers /records with dropped packets as JSON. HTTP threads. Never asks the kernel: shows what a collector
 * has published.
 */

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "base/decimal.h"
#include "base/escape.h"
#include "base/fault.h"
#include "collectors/collector.h"
#include "collectors/packet_records.h"

static const char content_json[] = "application/json";
static const char nothing_is_recorded[] =
    "no packets are recorded: collectors.drop_monitor.record is off, or what counts drops here sees no packets\n";
static const char not_in_time[] = "the collector drop_monitor has not shown its packets in time; ask again\n";

/* Returns the slot of the collector that has packets. */
static size_t packets_slot(void)
{
    size_t slot = 0;

    while (slot < collector_count && !collectors[slot]->shows_packets)
        slot++;
    return slot;
}

uint64_t packets_collectors(void)
{
    size_t slot = packets_slot();

    return slot < collector_count ? UINT64_C(1) << slot : 0;
}

/* Adds a member after another. */
static void member(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":\"", name);
    escape_text(out, ESCAPE_JSON, text);
    buffer_text(out, "\"");
}

/* Adds a time as a string: JSON readers make a double of a number, which cannot tell close times apart. */
static void moment(struct buffer *out, const char *name, uint64_t ns)
{
    buffer_printf(out, "\"%s\":\"%" PRIu64 ".%09" PRIu64 "\"", name, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

static void add_site(const struct packet_site *site, struct buffer *out)
{
    buffer_printf(out, "{\"site\":%" PRIu64, site->number);
    member(out, "function", site->function);
    buffer_printf(out, ",\"offset\":\"0x%" PRIx32 "\"", site->offset);
    member(out, "reason", site->reason);
    member(out, "cause", site->cause);
    member(out, "class", site->loss_class);
    member(out, "device", site->device);
    member(out, "netns", site->netns);
    buffer_printf(out, ",\"packets\":%" PRIu64 "}", site->packets);
}

static void add_owner(const struct packet_owner *owner, struct buffer *out)
{
    static const struct packet_owner nobody;

    owner = owner ? owner : &nobody;
    member(out, "unit", owner->unit);
    member(out, "container_id", owner->container_id);
    member(out, "pod_uid", owner->pod_uid);
}

static void add_data(const struct packet_record *record, struct buffer *out)
{
    static const char digits[] = "0123456789abcdef";

    buffer_text(out, ",\"data\":\"");
    for (size_t i = 0; i < record->size; i++) {
        buffer_append(out, &digits[record->data[i] >> 4], 1);
        buffer_append(out, &digits[record->data[i] & 0x0f], 1);
    }
    buffer_text(out, "\"");
}

/* Adds the stack. Each line of the text is a function. */
static void add_stack(const char *text, struct buffer *out)
{
    const char *separator = "", *end;

    buffer_text(out, ",\"stack\":[");
    for (; (end = strchr(text, '\n')); text = end + 1, separator = ",") {
        buffer_printf(out, "%s\"", separator);
        buffer_append(out, text, (size_t)(end - text)); /* the kernel's symbols need no escaping */
        buffer_text(out, "\"");
    }
    buffer_text(out, "]");
}

static void add_record(const struct packet_records *records, const struct packet_record *record,
                       struct buffer *out)
{
    const struct packet_site *site = &records->sites[record->site];

    buffer_printf(out, "{\"sequence\":%" PRIu64 ",\"site\":%" PRIu64 ",", record->sequence, site->number);
    moment(out, "time", record->time_ns);
    buffer_printf(out, ",\"link_type\":%u,\"protocol\":\"0x%04x\",\"length\":%" PRIu32, record->link_type,
                  record->protocol, record->length);
    member(out, "device", record->device);
    member(out, "netns", site->netns);
    add_owner(record->owner == PACKET_OWNER_NONE ? NULL : &records->owners[record->owner], out);
    add_data(record, out);
    if (record->stack != PACKET_STACK_NONE)
        add_stack(records->stacks.data + record->stack, out);
    buffer_text(out, "}");
}

static void records_json(const struct packet_records *records, uint64_t after, struct buffer *out)
{
    uint64_t sequence = records->record_count ? records->records[records->record_count - 1].sequence : 0;
    const char *separator = "";
    struct utsname host = {};

    (void)uname(&host);
    buffer_text(out, "{");
    moment(out, "now", clock_realtime_ns());
    member(out, "source", records->source);
    member(out, "host", host.nodename);
    buffer_printf(out, ",\"sequence\":%" PRIu64 ",\"sites\":[", sequence);
    for (size_t i = 0; i < records->site_count; i++, separator = ",\n") {
        buffer_text(out, separator);
        add_site(&records->sites[i], out);
    }
    separator = "";
    buffer_text(out, "],\"records\":[");
    for (size_t i = 0; i < records->record_count; i++) {
        if (records->records[i].sequence <= after)
            continue;
        buffer_text(out, separator);
        add_record(records, &records->records[i], out);
        separator = ",\n";
    }
    buffer_text(out, "]}\n");
}

/* Parses the argument `after`, or sets 0 if there is none. Returns false if it is not a number. */
static bool asked_after(const struct request *request, uint64_t *ret_after)
{
    *ret_after = 0;
    for (size_t i = 0; i < request->argument_count; i++) {
        const char *at = request->arguments[i].value, *end = at ? at + strlen(at) : NULL;

        if (strcmp(request->arguments[i].key, "after") != 0)
            continue;
        if (!at || !decimal_uint64(&at, end, ret_after) || at != end)
            return false;
    }
    return true;
}

struct snapshot *packets_snapshot(const struct routes *routes, const struct request *request)
{
    size_t slot = packets_slot();

    if (!request->rights->local_routes || slot == collector_count)
        return NULL;
    return registry_snapshot(routes->registry, slot, request->now_ns);
}

/* Says that there are no packets, or that there may be some later. */
static void respond_without(const struct collector_health *health, const struct snapshot *snapshot,
                            struct response *response)
{
    if (health->state == COLLECTOR_UNSUPPORTED || (snapshot && snapshot->attach))
        respond_constant(response, 404, nothing_is_recorded);
    else
        respond_constant(response, 503, not_in_time);
}

/* Responds with the reason. */
static void respond_unreadable(const struct routes *routes, const struct packet_records *records,
                               struct response *response)
{
    _cleanup_(buffer_done) struct buffer text = {};

    buffer_printf(&text, "the recorded packets cannot be read: %s; ask again\n", error_text(records->error));
    respond_buffer(routes->answers, response, 503, response_text_type, &text);
}

void packets_respond(const struct routes *routes, const struct request *request, struct response *response)
{
    size_t slot = packets_slot();
    _cleanup_(buffer_done) struct buffer json = {};
    _cleanup_(snapshot_unrefp) struct snapshot *snapshot = NULL;
    const struct packet_records *records;
    struct collector_health health = {};
    uint64_t after;

    if (slot < collector_count)
        registry_health(routes->registry, slot, request->now_ns, &health);
    if (!health.enabled) {
        respond_constant(response, 404,
                         "no packets are recorded: the collector drop_monitor is not enabled\n");
        return;
    }
    if (!asked_after(request, &after)) {
        respond_constant(response, 400, "after= needs the number of a record\n");
        return;
    }
    snapshot = packets_snapshot(routes, request);
    records = packet_records_of(snapshot);
    if (!records) {
        respond_without(&health, snapshot, response);
        return;
    }
    if (records->error < 0) {
        respond_unreadable(routes, records, response);
        return;
    }
    records_json(records, after, &json);
    respond_buffer(routes->answers, response, 200, content_json, &json);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of interfaces, units, ports and queues of arbitrary bytes, on their way into all that people read of
 * a loss. The first byte chooses the cause, then four names, each up to a NUL. Whatever they hold: texts are
 * harmless, the report for a terminal holds no control character but line feeds, JSON is one line of valid
 * UTF-8, and a command has no byte that a terminal obeys.
 */

#include <stdlib.h>
#include <string.h>

#include "base/character.h"
#include "base/cleanup.h"
#include "base/harmless.h"
#include "base/utf8.h"
#include "collectors/meaning/drop_cause.h"
#include "daemon/incident/incident_command.h"
#include "daemon/incident/incident_words.h"
#include "daemon/incident/loss_report_json.h"
#include "daemon/incident/loss_report_text.h"
#include "tests/fuzz/fuzz.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Up to the next NUL, cut where there is no more room; returns what follows. */
static const uint8_t *take(const uint8_t *at, const uint8_t *end, char *name, size_t size)
{
    size_t used = 0;

    while (at < end && *at) {
        if (used + 1 < size)
            name[used++] = (char)*at;
        at++;
    }
    name[used] = '\0';
    return at < end ? at + 1 : end;
}

static void check_texts(const struct incident *incident)
{
    struct incident_commands commands;

    check(harmless(incident->subject) && harmless(incident->words) && harmless(incident->device) &&
          harmless(incident->share_of));
    for (size_t i = 0; i < incident->facts.evidence_count; i++)
        check(harmless(incident->facts.evidence[i].name));
    incident_commands(incident, &commands);
    for (size_t i = 0; i < commands.count; i++)
        check(harmless(commands.items[i].text) && harmless(commands.items[i].comment));
}

static void check_report(struct loss_report *report, const char *host)
{
    _cleanup_(buffer_done) struct buffer text = {}, json = {};

    loss_report_text(report, host, false, &text);
    loss_report_json(report, host, &json);
    check(!text.error && !json.error);
    check(utf8_valid(text.data, text.size) && utf8_valid(json.data, json.size));
    for (size_t i = 0; i < text.size; i++)
        check(text.data[i] == '\n' || !is_control(text.data[i]));
    check(memchr(json.data, '\n', json.size) == json.data + json.size - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char device[LEDGER_DEVICE_SIZE], host[128];
    const uint8_t *at = data + 1, *end = data + size;
    const struct cause_meaning *cause;
    _cleanup_(freep) struct loss_report *report = calloc(1, sizeof(*report));
    struct ledger_key key;
    struct facts facts;

    if (!report || size < 2 || size > 4096)
        return 0;
    cause = &cause_meanings[data[0] % CAUSE_COUNT];
    at = take(at, end, device, sizeof(device));
    key = ledger_key(cause->stage, DIRECTION_RECEIVE, cause->loss_class, device, cause->name);
    facts_init(&facts, &key, device, 1 + data[0] % 2);
    at = take(at, end, facts.unit, sizeof(facts.unit));
    at = take(at, end, facts.place.port, sizeof(facts.place.port));
    facts.place.port_count = facts.place.port[0] != '\0';
    facts.place.protocol = "UDP";
    at = take(at, end, facts.place.queue_kind, sizeof(facts.place.queue_kind));
    at = take(at, end, facts.place.queue_handle, sizeof(facts.place.queue_handle));
    (void)take(at, end, host, sizeof(host));
    memcpy(report->incidents[0].cause, key.cause, sizeof(key.cause));
    report->incidents[0].loss_class = cause->loss_class;
    incident_describe(&report->incidents[0], &facts, cause);
    check_texts(&report->incidents[0]);
    report->count = report->urgent = 1;
    check_report(report, host);
    return 0;
}

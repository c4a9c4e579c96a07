/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/status.h"

/*
 * Logs changes of state and writes the Status line. Main thread. It compares states instead of being
 * notified: a thread that hangs cannot notify. The Status line is for people; scripts read the metrics.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/clock.h"
#include "collectors/collector.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

/* The Status line shows a collection that takes longer. */
#define SLOW_NS (NS_PER_SECOND / 20)

struct seen {
    bool enabled;
    enum health_state state;
    uint64_t failures; /* when the state was entered */
    char note[sizeof(((struct collector_health *)0)->note)];
};

struct status {
    const struct registry *registry;
    const struct incident_log *log;
    char notes[NOTE_COUNT][160];
    uint64_t sent_ns;   /* when the line was sent; 0 if never */
    struct buffer line; /* as sent last, NUL-terminated */
    struct buffer next; /* as it reads now */
    struct buffer trouble;
    size_t up, expected;
    uint64_t again_ns; /* when to look again */
    struct seen seen[];
};

int status_new(const struct registry *registry, const struct incident_log *log, struct status **ret_status)
{
    struct status *status = calloc(1, sizeof(*status) + registry_count(registry) * sizeof(status->seen[0]));

    if (!status)
        return -ENOMEM;
    status->registry = registry;
    status->log = log;
    *ret_status = status;
    return 0;
}

struct status *status_free(struct status *status)
{
    if (status) {
        buffer_done(&status->line);
        buffer_done(&status->next);
        buffer_done(&status->trouble);
        free(status);
    }
    return NULL;
}

void status_note(struct status *status, enum status_note kind, const char *text)
{
    (void)snprintf(status->notes[kind], sizeof(status->notes[kind]), "%s", text ? text : "");
}

/* The message ID and the log level of a change of state. */
static const struct {
    const char *message_id;
    enum log_level level;
} changes[COLLECTOR_STATE_COUNT] = {
    [COLLECTOR_OK] = {MESSAGE_COLLECTOR_OK, LOG_LEVEL_INFO},
    [COLLECTOR_FAILING] = {MESSAGE_COLLECTOR_FAILING, LOG_LEVEL_WARN},
    [COLLECTOR_STUCK] = {MESSAGE_COLLECTOR_STUCK, LOG_LEVEL_WARN},
    [COLLECTOR_STALE] = {MESSAGE_COLLECTOR_STALE, LOG_LEVEL_WARN},
    [COLLECTOR_UNSUPPORTED] = {MESSAGE_COLLECTOR_UNSUPPORTED, LOG_LEVEL_INFO},
};

static void log_change(const char *name, const struct seen *seen, const struct collector_health *health)
{
    const struct log_fields fields = {
        .message_id = changes[health->state].message_id,
        .collector = name,
        .error = health->error,
    };
    enum log_level level = changes[health->state].level;

    switch (health->state) {
    case COLLECTOR_STARTING:
        break;
    case COLLECTOR_OK:
        if (seen->enabled && seen->state != COLLECTOR_STARTING)
            log_event(level, &fields, "collector %s: ok again after %llu failed attempts", name,
                      (unsigned long long)(health->failures - seen->failures));
        break;
    case COLLECTOR_UNSUPPORTED:
        log_event(level, &fields, "collector %s: not available here: %s", name, health->reason);
        break;
    case COLLECTOR_STUCK:
        log_event(level, &fields,
                  "collector %s: stuck in the kernel for %llu s; its numbers grow old, all else goes on",
                  name, (unsigned long long)(health->busy_ns / NS_PER_SECOND));
        break;
    case COLLECTOR_STALE:
        log_event(level, &fields, "collector %s: its numbers are too old and no longer served%s%s", name,
                  health->reason[0] ? ": " : "", health->reason);
        break;
    default:
        log_event(level, &fields, "collector %s: failing: %s", name, health->reason);
        break;
    }
}

/* Logs what a collector chose, if it differs from the last time. */
static void log_choice(const char *name, struct seen *seen, const char *note)
{
    const struct log_fields fields = {.message_id = MESSAGE_COLLECTOR_CHOICE, .collector = name};

    if (!strcmp(seen->note, note))
        return;
    strcpy(seen->note, note);
    if (note[0])
        log_event(LOG_LEVEL_INFO, &fields, "collector %s: works %s", name, note);
}

/* Adds one collector to the Status line. */
static void status_count(struct status *status, const char *name, const struct collector_health *health)
{
    struct buffer *trouble = &status->trouble;

    if (!health->enabled || health->state == COLLECTOR_UNSUPPORTED)
        return;
    status->expected++;
    if (health->state == COLLECTOR_OK) {
        status->up++;
        return;
    }
    buffer_printf(trouble, "; %s %s", name, health_state_name(health->state));
    if (health->state == COLLECTOR_STUCK)
        buffer_printf(trouble, " for %llu s", (unsigned long long)(health->busy_ns / NS_PER_SECOND));
    else if (health->reason[0])
        buffer_printf(trouble, " (%s)", health->reason);
}

/* Composes the present line, NUL-terminated. */
static void status_compose(struct status *status, size_t devices)
{
    struct buffer *next = &status->next;
    const char *loss = incident_log_text(status->log);

    buffer_clear(next);
    for (size_t i = 0; i < NOTE_COUNT; i++)
        if (*status->notes[i])
            buffer_printf(next, "%s; ", status->notes[i]);
    buffer_printf(next, "%zu of %zu collectors up", status->up, status->expected);
    if (devices)
        buffer_printf(next, ", %zu device%s", devices, devices == 1 ? "" : "s");
    buffer_append(next, status->trouble.data, status->trouble.size);
    buffer_printf(next, "%s%s", loss[0] ? "; " : "", loss);
    /* A line feed would end the field of sd_notify(3) and begin a forged one. */
    for (size_t i = 0; i < next->size; i++)
        if (is_control(next->data[i]))
            next->data[i] = '?';
    buffer_append(next, "", 1);
}

/* Sends the line if it differs from the last one. */
static void status_send(struct status *status, size_t devices, uint64_t now_ns)
{
    struct buffer sent = status->line;

    status_compose(status, devices);
    if (status->next.error || status->trouble.error || (sent.size && !strcmp(sent.data, status->next.data)))
        return;
    if (status->sent_ns && now_ns < status->sent_ns + NS_PER_SECOND) {
        status->again_ns = status->sent_ns + NS_PER_SECOND;
        return;
    }
    sd_notifyf(0, "STATUS=%s", status->next.data);
    status->sent_ns = now_ns;
    status->line = status->next;
    status->next = sent;
}

uint64_t status_update(struct status *status, size_t devices, uint64_t now_ns)
{
    buffer_clear(&status->trouble);
    status->up = status->expected = 0;
    status->again_ns = UINT64_MAX;
    for (size_t i = 0; i < registry_count(status->registry); i++) {
        struct seen *seen = &status->seen[i];
        struct collector_health health;

        registry_health(status->registry, i, now_ns, &health);
        if (health.enabled && (!seen->enabled || seen->state != health.state)) {
            log_change(collectors[i]->name, seen, &health);
            seen->failures = health.failures;
        }
        log_choice(collectors[i]->name, seen, health.note);
        seen->enabled = health.enabled;
        seen->state = health.state;
        if (health.busy_ns > SLOW_NS)
            status->again_ns = now_ns + NS_PER_SECOND;
        status_count(status, collectors[i]->name, &health);
    }
    status_send(status, devices, now_ns);
    return status->again_ns;
}

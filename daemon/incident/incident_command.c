/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/incident/incident_command.h"

/* Puts the commands of an incident together. Pure; any thread. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/harmless.h"
#include "base/shell.h"
#include "collectors/meaning/command.h"

enum { WORD_SIZE = 256, NAME_SIZE = 16 };

/*
 * The hooks at which a rule may have refused the packet. The hook itself is in struct nf_hook_state, on the
 * stack of nf_hook_slow() (net/netfilter/core.c): the tracepoint of drops passes the packet and the place,
 * which is the same for all hooks. The packet itself is no certain sign: one with a route has passed
 * prerouting, but not on lo, in a bridge, or out of a tunnel. Noting the hook beforehand would cost every
 * packet that passes a rule, not only those that are dropped. A packet refused in the forward hook still has
 * the device that it came in by, so it counts as received.
 */
static const char *hooks(enum direction direction)
{
    switch (direction) {
    case DIRECTION_RECEIVE:
        return "ingress, prerouting, input or forward";
    case DIRECTION_FORWARD:
        return "postrouting or egress";
    case DIRECTION_TRANSMIT:
        return "output, postrouting or egress";
    default:
        return "all hooks";
    }
}

static bool number(char *value, size_t size, uint64_t number)
{
    (void)snprintf(value, size, "%" PRIu64, number);
    return number > 0;
}

/* Returns the next limit to try: twice the present one, or twice what it may be raised to. */
static uint64_t more(const struct facts *facts)
{
    uint64_t limit = facts->limit.of->most && facts->limit.most ? facts->limit.most : facts->limit.now;

    return limit > UINT64_MAX / 2 ? limit : 2 * limit;
}

/* Returns the new value of the sysctl if the receive buffer is full, or 0 if raising it would not help: only
 * the setting from which this socket's size came helps, and only for new sockets. `limit` selects
 * net.core.rmem_max, to which SO_RCVBUF is cut; else net.core.rmem_default, for programs that never set
 * it. */
static uint64_t raised_buffer(const struct facts *facts, bool limit)
{
    uint64_t now = limit ? facts->buffer_limit : facts->buffer_default;
    uint64_t from = limit ? 2 * now : now; /* the kernel doubles what a program sets (net/core/sock.c) */

    return now && facts->buffer == from && now <= UINT64_MAX / 4 ? 4 * now : 0;
}

/* Values of the queue: `root` is set only for the device's own queue, `parent` only for one below another.
 * The default queues of a multiqueue device have no handle to name them by. */
static bool queue_value(const char *name, const struct facts *facts, char *value, size_t size)
{
    bool called =
        strtoul(facts->place.queue_handle, NULL, 16) && strtoul(facts->place.queue_parent, NULL, 16);

    if (strcmp(name, "root") == 0)
        (void)snprintf(value, size, "%s", facts->place.queue_is_root ? "root" : "");
    else if (strcmp(name, "parent") == 0)
        (void)snprintf(value, size, "%s",
                       !facts->place.queue_is_root && called ? facts->place.queue_parent : "");
    else if (strcmp(name, "handle") == 0)
        (void)snprintf(value, size, "%s", facts->place.queue_handle);
    else
        (void)snprintf(value, size, "%s", facts->place.queue_kind);
    return *value != '\0';
}

/* Values that depend on a setting of the host. */
static bool setting_value(const char *name, const struct facts *facts, char *value, size_t size)
{
    if (strcmp(name, "somaxconn") == 0)
        return facts->limit.of && facts->limit.now == facts->listen_most && number(value, size, more(facts));
    return number(value, size, raised_buffer(facts, strcmp(name, "rmem_max") == 0));
}

static bool limit_value(const char *name, const struct facts *facts, char *value, size_t size)
{
    if (!facts->limit.of)
        return false;
    if (strcmp(name, "now") == 0)
        return number(value, size, facts->limit.now);
    if (strcmp(name, "more") == 0)
        return number(value, size, more(facts));
    return number(value, size, facts->limit.most) && facts->limit.most > facts->limit.now;
}

static bool device_value(const char *name, const struct facts *facts, char *value, size_t size)
{
    (void)name;
    (void)snprintf(value, size, "%s", facts->device_count == 1 ? facts->device : "");
    /* A name as long as the buffer may have been cut. */
    return *value && strlen(facts->device) < LEDGER_DEVICE_SIZE - 1;
}

static bool port_value(const char *name, const struct facts *facts, char *value, size_t size)
{
    (void)name;
    (void)snprintf(value, size, "%s", facts->place.port);
    return *value && strcmp(value, "other") != 0;
}

/* As filters write it. */
static bool protocol_value(const char *name, const struct facts *facts, char *value, size_t size)
{
    const char *protocol = facts->place.protocol ? facts->place.protocol : "";

    (void)name;
    (void)snprintf(value, size, "%s",
                   strcmp(protocol, "UDP") == 0   ? "udp"
                   : strcmp(protocol, "TCP") == 0 ? "tcp"
                                                  : "");
    return *value != '\0';
}

static bool way_value(const char *name, const struct facts *facts, char *value, size_t size)
{
    enum direction direction = facts->key.direction;
    const char *way = direction == DIRECTION_TRANSMIT ? "egress" : "ingress";

    (void)snprintf(value, size, "%s", *name == 'h' ? hooks(direction) : way);
    return true;
}

/* Returns false if the value is not known. */
static bool value_of(const char *name, const struct facts *facts, char *value, size_t size)
{
    static const struct {
        const char *name;
        bool (*find)(const char *name, const struct facts *facts, char *value, size_t size);
    } values[] = {
        {"device", device_value},     {"port", port_value},
        {"protocol", protocol_value}, {"hooks", way_value},
        {"way", way_value},           {"queue", queue_value},
        {"root", queue_value},        {"parent", queue_value},
        {"handle", queue_value},      {"rmem_default", setting_value},
        {"rmem_max", setting_value},  {"somaxconn", setting_value},
        {"now", limit_value},         {"more", limit_value},
        {"most", limit_value},
    };

    for (size_t i = 0; i < ELEMENTS(values); i++)
        if (strcmp(values[i].name, name) == 0)
            return values[i].find(name, facts, value, size);
    return false;
}

/* Copies a template up to `end`, with its values. Returns false if one is not known or the text does not
 * fit. */
static bool fill(const char *at, const char *end, const struct facts *facts, char *text, size_t size)
{
    size_t used = 0;

    while (at < end && used + 1 < size) {
        char name[NAME_SIZE] = "";

        if (*at != '{') {
            text[used++] = *at++;
            continue;
        }
        strncat(name, at + 1, strcspn(at + 1, "}") < NAME_SIZE ? strcspn(at + 1, "}") : NAME_SIZE - 1);
        if (!value_of(name, facts, text + used, size - used))
            return false;
        used += strlen(text + used);
        at = strchr(at, '}') + 1;
    }
    text[used] = '\0';
    return at == end;
}

bool incident_command_line(const char *words, const struct facts *facts, char *text, size_t size)
{
    _cleanup_(buffer_done) struct buffer line = {};
    char word[WORD_SIZE];

    while (*words) {
        bool quoted = *words == '\'';
        const char *begin = words + quoted, *end = begin + strcspn(begin, quoted ? "'" : " ");

        if (!fill(begin, end, facts, word, sizeof(word)))
            return false;
        buffer_text(&line, line.size ? " " : "");
        if (!shell_word(&line, word))
            return false;
        words = end + (quoted && *end);
        words += strspn(words, " ");
    }
    if (line.error || line.size >= size)
        return false;
    memcpy(text, line.data, line.size);
    text[line.size] = '\0';
    return true;
}

static bool is_for(const struct command *command, const struct incident *incident)
{
    return (!command->cause || strcmp(command->cause, incident->cause) == 0) &&
           (!command->page || (incident->remedy && strcmp(command->page, incident->remedy->page) == 0));
}

/* Adds a command that shows the packets: those of the port if it is known, else all dropped packets. */
static void add_watch(const struct facts *facts, struct incident_commands *added)
{
    struct incident_command *command = &added->items[added->count];

    if (!facts->recorded)
        return;
    if (!incident_command_line("netdrop-exporter --watch '{protocol} dst port {port}'", facts, command->text,
                               sizeof(command->text)) &&
        !incident_command_line("netdrop-exporter --watch", facts, command->text, sizeof(command->text)))
        return;
    strcpy(command->comment, "what is dropped, packet by packet");
    added->count++;
}

static void add_commands(const struct incident *incident, struct incident_commands *added)
{
    const struct facts *facts = &incident->facts;
    char comment[sizeof(added->items[0].comment)];

    for (size_t i = 0; i < command_count && added->count < INCIDENT_COMMANDS_MAX - 1; i++) {
        struct incident_command *command = &added->items[added->count];
        const char *words = commands[i].comment ? commands[i].comment : "";

        if (!is_for(&commands[i], incident) ||
            !incident_command_line(commands[i].words, facts, command->text, sizeof(command->text)))
            continue;
        if (!fill(words, words + strlen(words), facts, comment, sizeof(comment)))
            comment[0] = '\0';
        harmless_copy(command->comment, sizeof(command->comment), comment);
        added->count++;
    }
}

/* Commands look at this namespace only, except the last one. So for drops in other namespaces only that one
 * helps. */
void incident_commands(const struct incident *incident, struct incident_commands *ret_commands)
{
    ret_commands->count = 0;
    if (incident->facts.elsewhere != FACT_OTHERS)
        add_commands(incident, ret_commands);
    add_watch(&incident->facts, ret_commands);
}

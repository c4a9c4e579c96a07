/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/http/doors.h"

/*
 * Watches the listen addresses that no interface has yet. Main thread. To find out whether an address exists,
 * it binds a UDP socket to it without IP_FREEBIND; nobody can connect to that. This needs neither privileges
 * nor a dump of all addresses, of which a host may have thousands.
 */

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "daemon/systemd/log.h"
#include "daemon/systemd/messages.h"

/* Returns true if a local interface has the address, and also if this cannot be found out. */
static bool address_here(const struct listen_address *address)
{
    struct listen_address any_port = *address;
    bool v6 = address->socket.any.sa_family == AF_INET6;
    socklen_t size = v6 ? sizeof(address->socket.v6) : sizeof(address->socket.v4);
    _cleanup_(closep) int fd = socket(address->socket.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (v6)
        any_port.socket.v6.sin6_port = 0;
    else
        any_port.socket.v4.sin_port = 0;
    return fd < 0 || bind(fd, &any_port.socket.any, size) == 0 || (errno != EADDRNOTAVAIL && errno != ENODEV);
}

static bool door_here(const struct door *door)
{
    return (!door->setting || door->interface) && address_here(&door->address);
}

static void door_say(const struct door *door)
{
    const struct log_fields fields = {.message_id =
                                          door->here ? MESSAGE_ADDRESS_HERE : MESSAGE_ADDRESS_AWAITED};
    char text[LISTEN_TEXT_MAX];

    listen_text(&door->address, text);
    if (door->here)
        log_event(LOG_LEVEL_INFO, &fields, "%s is there now: it is served", text);
    else
        log_event(LOG_LEVEL_WARN, &fields, "no interface has %s: it is served when one has", text);
}

/* Updates what the page and the Status line say. */
static void doors_tell(struct doors *doors, struct web_metrics *web)
{
    char texts[LISTENERS_MAX][LISTEN_TEXT_MAX];
    struct listen_state states[LISTENERS_MAX];

    *doors->note = '\0';
    for (size_t i = 0; i < doors->count; i++) {
        listen_text(&doors->items[i].address, texts[i]);
        states[i] = (struct listen_state){.address = texts[i], .here = doors->items[i].here};
        if (!states[i].here && !*doors->note)
            (void)snprintf(doors->note, sizeof(doors->note), "no interface has %.*s", LISTEN_TEXT_MAX,
                           texts[i]);
    }
    if (web_metrics_listening(web, states, doors->count) < 0)
        log_error("out of memory: the metrics do not say which listen addresses exist");
}

static struct door *door_add(struct doors *doors, const struct listen_address *address)
{
    struct door *door = &doors->items[doors->count++];

    *door = (struct door){.address = *address, .interface = address->socket.v6.sin6_scope_id};
    return door;
}

/* Adds the addresses that listeners_open() left out, and those that may disappear with their interface. */
static void add_scoped(struct doors *doors, const struct string_list *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        struct listen_address address;
        struct door *door = NULL;

        if (listen_address_parse(addresses->items[i], &address, NULL) < 0 || !*address.scope)
            continue;
        for (size_t k = 0; k < doors->count && !door; k++)
            if (!strcmp(doors->items[k].address.scope, address.scope) &&
                IN6_ARE_ADDR_EQUAL(&doors->items[k].address.socket.v6.sin6_addr,
                                   &address.socket.v6.sin6_addr) &&
                !doors->items[k].setting)
                door = &doors->items[k];
        if (!door && doors->count < LISTENERS_MAX)
            door = door_add(doors, &address);
        if (door)
            door->setting = addresses->items[i];
    }
}

void doors_init(struct doors *doors, const struct string_list *addresses, const struct listeners *listeners,
                struct web_metrics *web)
{
    *doors = (struct doors){.sockets = listeners->count};
    for (size_t i = 0; i < listeners->count; i++) {
        struct listen_address address;

        listen_bound_to(listeners->items[i].fd, &address);
        if (address.socket.any.sa_family != AF_UNIX && !listen_is_wildcard(&address))
            door_add(doors, &address);
    }
    add_scoped(doors, addresses);
    for (size_t i = 0; i < doors->count; i++) {
        doors->items[i].here = door_here(&doors->items[i]);
        if (!doors->items[i].here)
            door_say(&doors->items[i]);
    }
    doors_tell(doors, web);
}

/* Opens the address on the interface that has the name now. The socket on an interface that is gone stays
 * open, and nobody reaches it: closing it would mean waiting for its connections. */
static int door_open(struct doors *doors, struct door *door, struct http *http, struct fault *fault)
{
    struct string_list one = {.items = (char *[]){(char *)door->setting}, .count = 1};
    struct listeners listeners = {};
    int error;

    if (doors->sockets == LISTENERS_MAX)
        return fault_set(fault, -E2BIG, "%s came back too often: it is served again after a restart",
                         door->setting);
    error = listeners_open(&one, &listeners, fault);
    if (error < 0 || listeners.count == 0)
        return error;
    listen_bound_to(listeners.items[0].fd, &door->address);
    doors->sockets++;
    error = http_start(http, &listeners, fault);
    if (!error) {
        door->interface = door->address.socket.v6.sin6_scope_id;
        door->failed = false;
    }
    return error;
}

static void door_follow(struct doors *doors, struct door *door, struct http *http)
{
    unsigned interface = if_nametoindex(door->address.scope);
    struct fault fault = {};
    int error;

    if (interface == door->interface)
        return;
    door->interface = 0;
    if (!interface || (error = door_open(doors, door, http, &fault)) == 0)
        return;
    if (!door->failed)
        log_error("%s", fault.text);
    door->failed = true;
    if (error == -E2BIG)
        door->setting = NULL; /* until a restart */
}

static uint64_t doors_due(const struct doors *doors)
{
    for (size_t i = 0; i < doors->count; i++)
        if (!doors->items[i].here)
            return doors->looked_ns + DOORS_LOOK_NS;
    return UINT64_MAX;
}

uint64_t doors_look(struct doors *doors, struct http *http, struct web_metrics *web, uint64_t now_ns)
{
    bool changed = false;

    if (now_ns < doors->looked_ns + DOORS_LOOK_NS)
        return doors_due(doors);
    doors->looked_ns = now_ns;
    for (size_t i = 0; i < doors->count; i++) {
        struct door *door = &doors->items[i];
        bool here;

        if (door->setting)
            door_follow(doors, door, http);
        here = door_here(door);
        if (here == door->here)
            continue;
        door->here = here;
        door_say(door);
        changed = true;
    }
    if (changed)
        doors_tell(doors, web);
    return doors_due(doors);
}

const char *doors_note(const struct doors *doors)
{
    return *doors->note ? doors->note : NULL;
}

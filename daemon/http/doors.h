/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The listen addresses that are specific. An address that no interface has yet is listened on all the same,
 * and served as soon as an interface has it; a link-local address whose interface is missing is opened when
 * the interface comes. This knows which addresses still wait, and says so in the log, the metrics and the
 * Status line. Main thread.
 */

#include "daemon/http/http.h"
#include "daemon/http/listen.h"
#include "daemon/run/web_metrics.h"

/* How often addresses are checked. The kernel serves a new address at once; only our message is late. */
#define DOORS_LOOK_NS (5 * NS_PER_SECOND)

struct door {
    struct listen_address address;
    const char *setting; /* as in web.listen, if the interface may come and go; otherwise NULL */
    unsigned interface;  /* the interface that it is open on; 0 if none */
    bool here;           /* an interface has the address */
    bool failed;         /* opening failed and was logged; it is retried at each check */
};

struct doors {
    struct door items[LISTENERS_MAX];
    size_t count;
    size_t sockets; /* sockets that were ever opened */
    uint64_t looked_ns;
    char note[160];
};

/* Takes the addresses of web.listen (borrowed), of which `listeners` are open, and logs which of them wait.
 * */
void doors_init(struct doors *doors, const struct string_list *addresses, const struct listeners *listeners,
                struct web_metrics *web);

/* Checks again, if the last check was DOORS_LOOK_NS ago. Returns when to do so next: UINT64_MAX if all can be
 * reached, for a change need not be seen at once. */
uint64_t doors_look(struct doors *doors, struct http *http, struct web_metrics *web, uint64_t now_ns);

/* Returns "no interface has 192.0.2.1:10190 yet", or NULL if all can be reached. Valid until the next check.
 * */
const char *doors_note(const struct doors *doors);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that incidents give, with these values filled in as an incident does: a line each, the
 * template and what it becomes, with a tab between. What needs more values than these is not given.
 *
 *     look_commands DEVICE PORT PROTOCOL DIRECTION
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/meaning/command.h"
#include "daemon/incident/incident_command.h"

static enum direction direction_of(const char *name)
{
    for (size_t i = 0; i < DIRECTION_COUNT; i++)
        if (strcmp(direction_name((enum direction)i), name) == 0)
            return (enum direction)i;
    fprintf(stderr, "look_commands: there is no direction %s\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    struct ledger_key key = {};
    struct facts facts;
    char line[sizeof(((struct incident_command *)NULL)->text)];

    if (argc != 5) {
        fprintf(stderr, "look_commands: DEVICE PORT PROTOCOL DIRECTION\n");
        return 2;
    }
    key.direction = direction_of(argv[4]);
    facts_init(&facts, &key, argv[1], 1);
    (void)snprintf(facts.place.port, sizeof(facts.place.port), "%s", argv[2]);
    facts.place.protocol = argv[3];
    for (size_t i = 0; i < command_count; i++)
        if (incident_command_line(commands[i].words, &facts, line, sizeof(line)))
            printf("%s\t%s\n", commands[i].words, line);
    return 0;
}

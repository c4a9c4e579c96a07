/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The commands of an incident: those that are known of its cause (collectors/meaning/command.h), with what is
 * known of the loss filled in, quoted for a shell. Pure. */

#include "daemon/incident/facts.h"
#include "daemon/incident/incident.h"

enum { INCIDENT_COMMANDS_MAX = 5 }; /* the last one is to see the packets */

struct incident_command {
    char text[256];   /* to be pasted into a shell as it is */
    char comment[96]; /* "": none */
};

struct incident_commands {
    struct incident_command items[INCIDENT_COMMANDS_MAX];
    size_t count;
};

/* Puts the commands of an incident together. Their texts are harmless. */
void incident_commands(const struct incident *incident, struct incident_commands *ret_commands);

/* Writes one template with its values, as a line for a shell. Returns false if a value is missing, or is none
 * to be pasted. */
bool incident_command_line(const char *words, const struct facts *facts, char *text, size_t size);

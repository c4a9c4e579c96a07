/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The commands of an incident: those that are known of its cause (collectors/meaning/command.h), with what is
 * known of the loss filled in, quoted for a shell. Pure. */

#include "daemon/incident/facts.h"
#include "daemon/incident/incident.h"

/* Fills the incident's commands in; its cause, direction and remedy are there. */
void incident_commands(struct incident *incident, const struct facts *facts);

/* One template with its values, as a line for a shell; false: a value is missing, or is none to be pasted. */
bool incident_command_line(const char *words, const struct facts *facts, char *text, size_t size);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* --report: what is lost now, on standard output. Main thread. */

#include "daemon/settings/settings.h"

enum report_format { REPORT_FORMAT_TEXT, REPORT_FORMAT_JSON };

/* Prints the report of the running service, whose socket is the configured one or systemd's. If none answers,
 * observes losses for a few seconds itself. Returns the exit status. */
int command_report(struct settings *settings, enum report_format format);

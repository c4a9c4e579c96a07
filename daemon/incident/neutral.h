/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Lists what has no colour: harmless drops and devices that were left out. Any thread. */

#include "daemon/incident/loss_report.h"
#include "daemon/run/snapshots.h"
#include "daemon/trend/trend.h"

struct known_sites;

void neutral_lines(struct loss_report *report, const struct snapshots *snapshots, struct trend *trend,
                   struct known_sites *sites);

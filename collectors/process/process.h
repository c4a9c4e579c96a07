/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The standard process_* metrics about the exporter itself. */

#include "collectors/collector.h"

extern const struct collector process_collector;

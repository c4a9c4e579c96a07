#pragma once

/* Queueing disciplines: netdrop_qdisc_*. */

#include "collectors/collector.h"

extern const struct collector qdisc_collector;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The protocol counters: what IP, ICMP, TCP, UDP and MPTCP lost, as netstat -s and nstat show them. */

#include "collectors/collector.h"

extern const struct collector snmp_collector;

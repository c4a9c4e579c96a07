/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/collector.h"

/* The table of all collectors. A new collector needs one line here. Constant data; any thread. */

#include "base/cleanup.h"
#include "collectors/conntrack/conntrack.h"
#include "collectors/drops/drop_monitor.h"
#include "collectors/ethtool/ethtool.h"
#include "collectors/link/link.h"
#include "collectors/netns/netns.h"
#include "collectors/process/process.h"
#include "collectors/qdisc/qdisc.h"
#include "collectors/snmp/snmp.h"
#include "collectors/sockets/sockets.h"
#include "collectors/softnet/softnet.h"

/* clang-format off */
const struct collector *const collectors[] = {
    &link_collector,
    &ethtool_collector,
    &snmp_collector,
    &softnet_collector,
    &conntrack_collector,
    &qdisc_collector,
    &sockets_collector,
    &drop_monitor_collector,
    &netns_collector,
    &process_collector,
};
/* clang-format on */

const size_t collector_count = ELEMENTS(collectors);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Controls the kernel's drop_monitor (generic netlink family NET_DM): start, stop, configuration, statistics.
 * One thread.
 *
 * There is one monitor for the whole system, without an owner: every privileged program can start, stop and
 * configure it, and nobody is notified. CONFIG says EBUSY while it runs (net_dm_cmd_config,
 * net/core/drop_monitor.c), START says EAGAIN (net_dm_trace_on_set).
 */

#include <stdint.h>

#include "collectors/drops/drop_netlink_parse.h"
#include "collectors/drops/drop_source.h"
#include "collectors/kernel/netlink.h"

struct drop_control {
    struct netlink netlink;
    uint16_t family;
    uint32_t group;                    /* where events are sent to */
    struct drop_monitor_config config; /* as last read */
    uint64_t dropped;                  /* by the kernel's queues, as last read */
    uint64_t lost; /* the same since it was opened, or since the first that it follows was */
};

/* Finds the family, which loads the module. On failure there is nothing to close. */
int drop_control_open(struct drop_control *control, struct limits *limits, struct fault *fault);
void drop_control_close(struct drop_control *control); /* accepts a zeroed struct */

/* Goes on counting where another one stopped. */
void drop_control_follow(struct drop_control *control, const struct drop_control *previous);

/* Starts the monitor in this mode, or leaves one that runs as it is; *ret_started tells which. Reads the
 * configuration that holds then. */
int drop_control_start(struct drop_control *control, enum drop_mode mode, bool *ret_started,
                       struct fault *fault);
void drop_control_stop(struct drop_control *control);

/* Returns whether the monitor runs. This cannot be known without CAP_NET_ADMIN. */
enum drop_active drop_control_active(struct drop_control *control);

int drop_control_read_config(struct drop_control *control, struct fault *fault);
int drop_control_read_stats(struct drop_control *control, struct fault *fault);

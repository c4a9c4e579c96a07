/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_control.h"

/*
 * Starts, stops, configures and queries the kernel's drop_monitor over generic netlink. The collector's
 * thread.
 */

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/net_dropmon.h>

#include <netlink/attr.h>

enum {
    FAMILY_VERSION = 2,
    TRUNCATE_BYTES = DROP_RECORD_DATA_SIZE, /* of each packet; more is never shown */
    QUEUE_LENGTH = 1000,
};

/* If the count fell, the module was reloaded and counts from 0. */
static uint64_t dropped_since(uint64_t before, uint64_t dropped)
{
    return dropped >= before ? dropped - before : dropped;
}

static int control_message(const struct nlmsghdr *message, void *data)
{
    struct drop_control *control = data;
    uint64_t dropped;
    int error;

    if (message->nlmsg_type == GENL_ID_CTRL)
        return drop_netlink_parse_family(message, &control->family, &control->group);
    switch (drop_netlink_command(message, control->family)) {
    case NET_DM_CMD_CONFIG_NEW:
        return drop_netlink_parse_config(message, &control->config);
    case NET_DM_CMD_STATS_NEW:
        error = drop_netlink_parse_stats(message, &dropped);
        if (error < 0)
            return error;
        control->lost += dropped_since(control->dropped, dropped);
        control->dropped = dropped;
        return 0;
    default:
        return 0;
    }
}

static const struct netlink_reader reader = {.what = "drop_monitor", .message = control_message};

static int family_find(struct drop_control *control, struct fault *fault)
{
    _cleanup_(nlmsg_freep) struct nl_msg *message = NULL;
    int error = netlink_generic_new(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, &message);

    if (error < 0 || nla_put_string(message, CTRL_ATTR_FAMILY_NAME, "NET_DM") < 0)
        return fault_set(fault, -ENOMEM, "drop_monitor: out of memory");
    error = netlink_request(&control->netlink, message, &reader, control, fault);
    if (error == -ENOENT)
        return fault_unsupported(fault, "no module drop_monitor (modprobe drop_monitor; "
                                        "CONFIG_NET_DROP_MONITOR), or not in the initial network namespace");
    return error;
}

static int put_config(struct nl_msg *message, enum drop_mode mode)
{
    uint8_t alert_mode = mode == DROP_MODE_PACKET ? NET_DM_ALERT_MODE_PACKET : NET_DM_ALERT_MODE_SUMMARY;

    if (nla_put_u8(message, NET_DM_ATTR_ALERT_MODE, alert_mode) < 0 ||
        nla_put_u32(message, NET_DM_ATTR_TRUNC_LEN, TRUNCATE_BYTES) < 0 ||
        nla_put_u32(message, NET_DM_ATTR_QUEUE_LEN, QUEUE_LENGTH) < 0)
        return -ENOMEM;
    return 0;
}

/* Sends a command. CONFIG with a mode configures; with DROP_MODE_ANY it changes nothing. */
static int command(struct drop_control *control, uint8_t command, enum drop_mode mode, struct fault *fault)
{
    _cleanup_(nlmsg_freep) struct nl_msg *message = NULL;
    int error = netlink_generic_new(control->family, command, FAMILY_VERSION, &message);

    if (error == 0 && mode != DROP_MODE_ANY)
        error = put_config(message, mode);
    if (error < 0)
        return fault_set(fault, error, "drop_monitor: out of memory");
    return netlink_request(&control->netlink, message, &reader, control, fault);
}

int drop_control_read_config(struct drop_control *control, struct fault *fault)
{
    return command(control, NET_DM_CMD_CONFIG_GET, DROP_MODE_ANY, fault);
}

int drop_control_read_stats(struct drop_control *control, struct fault *fault)
{
    return command(control, NET_DM_CMD_STATS_GET, DROP_MODE_ANY, fault);
}

int drop_control_open(struct drop_control *control, struct limits *limits, struct fault *fault)
{
    int error;

    *control = (struct drop_control){};
    error = netlink_open(NETLINK_GENERIC, limits, &control->netlink, fault);
    if (error == 0)
        error = family_find(control, fault);
    if (error == 0)
        error = drop_control_read_config(control, fault);
    if (error == -EOPNOTSUPP && !(fault && fault->unsupported))
        error = fault_unsupported(fault, "drop_monitor needs Linux 5.4");
    if (error == 0)
        error = drop_control_read_stats(control, fault);
    control->lost = 0; /* earlier losses do not concern us */
    if (error < 0)
        drop_control_close(control);
    return error;
}

void drop_control_close(struct drop_control *control)
{
    netlink_close(&control->netlink);
    *control = (struct drop_control){};
}

void drop_control_follow(struct drop_control *control, const struct drop_control *previous)
{
    control->lost += previous->lost + dropped_since(previous->dropped, control->dropped);
}

int drop_control_start(struct drop_control *control, enum drop_mode mode, bool *ret_started,
                       struct fault *fault)
{
    bool started;
    int error = command(control, NET_DM_CMD_CONFIG, mode, NULL);

    if (error == 0)
        error = command(control, NET_DM_CMD_START, DROP_MODE_ANY, NULL);
    if (error == -EPERM)
        return fault_unsupported(fault, "starting drop_monitor needs CAP_NET_ADMIN (AmbientCapabilities=)");
    if (error < 0 && error != -EBUSY && error != -EAGAIN)
        return fault_errno(fault, error, "starting drop_monitor");
    started = error == 0;
    error = drop_control_read_config(control, fault);
    if (error < 0) {
        if (started)
            drop_control_stop(control);
        return error;
    }
    *ret_started = started;
    return 0;
}

void drop_control_stop(struct drop_control *control)
{
    (void)command(control, NET_DM_CMD_STOP, DROP_MODE_ANY, NULL);
}

/* A CONFIG that changes nothing returns EBUSY if the monitor runs. */
enum drop_active drop_control_active(struct drop_control *control)
{
    switch (command(control, NET_DM_CMD_CONFIG, DROP_MODE_ANY, NULL)) {
    case -EBUSY:
        return DROP_ACTIVE_YES;
    case 0:
        return DROP_ACTIVE_NO;
    default:
        return DROP_ACTIVE_UNKNOWN;
    }
}

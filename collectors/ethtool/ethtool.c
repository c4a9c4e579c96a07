/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool.h"

/*
 * The ethtool collector: what `ethtool -S`, `-i`, `-g` and the speed say of every device that passes the
 * filter. Each statistic has the driver's own name; losses also have a cause from one vocabulary. Runs on the
 * collector's own thread: each ioctl takes the RTNL lock and may sleep as long as the driver likes.
 *
 * The sums of statistics that are gone outlive the settings: they are left to the next instance.
 *
 * A steady-state collection is one GSTATS ioctl for each device, and two dumps; it renders and allocates
 * nothing. A device that is gone, has no statistics or fails is left out, and does not fail the others.
 */

#include <errno.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/ethtool/ethtool_device.h"
#include "collectors/ethtool/ethtool_ioctl.h"
#include "collectors/ethtool/ethtool_netlink.h"
#include "collectors/ethtool/ethtool_node.h"
#include "collectors/ethtool/ethtool_select.h"
#include "collectors/ethtool/ethtool_sums.h"
#include "collectors/ethtool/ethtool_tables.h"
#include "collectors/kernel/link_table.h"
#include "config/glob.h"

struct collector_settings {
    struct string_list include;
    struct string_list exclude;
    bool per_queue;
    uint64_t max_statistics_per_device;
    bool virtual_devices;
    bool standard_groups;
};

static const struct option options[] = {
    {.key = "statistics.include",
     .type = OPTION_LIST,
     .doubt = glob_doubt,
     .offset = offsetof(struct collector_settings, include),
     .default_text = ETHTOOL_LOSS_GLOBS,
     .help = "driver statistics to show (globs on the driver's string, case ignored, # for the queue number)",
     .other_series = "*"},
    {.key = "statistics.exclude",
     .type = OPTION_LIST,
     .doubt = glob_doubt,
     .offset = offsetof(struct collector_settings, exclude),
     .default_text = ETHTOOL_NO_LOSS_GLOBS,
     .help = "driver statistics to leave out (the same kind of globs)"},
    {.key = "per_queue",
     .type = OPTION_BOOL,
     .offset = offsetof(struct collector_settings, per_queue),
     .default_text = "false",
     .help = "show each queue beside the sum of the queues",
     .other_series = "true"},
    {.key = "max_statistics_per_device",
     .type = OPTION_UINT,
     .offset = offsetof(struct collector_settings, max_statistics_per_device),
     .default_text = "512",
     .min = 1,
     .max = ETHTOOL_STRINGS_MAX,
     .help = "most series of private statistics of one device"},
    {.key = "virtual_devices",
     .type = OPTION_BOOL,
     .offset = offsetof(struct collector_settings, virtual_devices),
     .default_text = "false",
     .help = "show private statistics of links without hardware too (veth, bridge, tun, ...)",
     .other_series = "true"},
    {.key = "standard_groups",
     .type = OPTION_BOOL,
     .offset = offsetof(struct collector_settings, standard_groups),
     .default_text = "false",
     .help = "show the standard statistics: eth-phy, eth-mac, eth-ctrl, rmon, pause, fec",
     .other_series = "true"},
};

struct collector_state {
    const struct collector_settings *settings;
    const struct device_filter *filter;
    struct limits *limits;
    struct handover *handover;
    struct ethtool_selection selection;

    struct link_table links;
    struct ethtool_ioctl ioctl;
    struct ethtool_netlink netlink;

    struct ethtool_devices devices;
    struct ethtool_readings readings;
    struct ethtool_tables tables;
    struct ethtool_node node;
    uint64_t node_generation; /* of the links when the rows were made */
    bool tables_due;          /* the rows must be made again: something changed, or the last attempt failed */
};

static void ethtool_close(struct collector_state *state)
{
    ethtool_node_close(&state->node);
    ethtool_tables_close(&state->tables);
    ethtool_readings_done(&state->readings);
    ethtool_devices_leave(&state->devices, state->handover);
    ethtool_netlink_close(&state->netlink);
    ethtool_ioctl_close(&state->ioctl);
    link_table_close(&state->links);
}

static int open_parts(struct collector_state *state, struct fault *fault)
{
    int error = link_table_open(&state->links, state->limits, fault);

    if (error < 0)
        return error;
    error = ethtool_netlink_open(&state->netlink, state->limits, fault);
    if (error < 0)
        return error;
    error = ethtool_ioctl_open(&state->ioctl);
    if (error == -EAFNOSUPPORT || error == -EACCES || error == -EPERM)
        return fault_unsupported(fault, "socket for ioctls: %s", error_text(error));
    if (error < 0)
        return fault_errno(fault, error, "socket for ioctls");
    error = ethtool_tables_open(&state->tables);
    return error < 0 ? fault_set(fault, error, "ethtool tables: out of memory") : 0;
}

static int ethtool_open(struct collector_state *state, const struct collector_context *context,
                        struct fault *fault)
{
    const struct collector_settings *settings = context->settings;

    state->settings = settings;
    state->filter = context->devices;
    state->limits = context->limits;
    state->handover = context->handover;
    ethtool_devices_take(&state->devices, state->handover);
    state->selection = (struct ethtool_selection){.include = &settings->include,
                                                  .exclude = &settings->exclude,
                                                  .per_queue = settings->per_queue,
                                                  .series_max = settings->max_statistics_per_device};
    state->tables_due = true;
    if (context->node_exporter && ethtool_node_open(&state->node) < 0)
        return fault_set(fault, -ENOMEM, "ethtool: out of memory");
    return open_parts(state, fault);
}

static int update_devices(struct collector_state *state)
{
    int error = ethtool_devices_update(&state->devices, &state->links, state->filter,
                                       state->settings->virtual_devices, &state->tables_due);

    if (error < 0)
        return error;
    ethtool_devices_turn(&state->devices);
    for (size_t i = 0; i < state->devices.count && error == 0; i++)
        error = ethtool_device_load(state->devices.items[i], &state->ioctl, &state->selection, state->limits,
                                    &state->tables_due);
    return error;
}

/* Forgets readings of devices that the filter leaves out. */
static void keep_devices(struct collector_state *state)
{
    struct ethtool_readings *readings = &state->readings;
    size_t kept = 0, hint = 0;

    for (size_t i = 0; i < readings->count; i++) {
        if (ethtool_devices_find(&state->devices, readings->items[i].ifindex, &hint))
            readings->items[kept++] = readings->items[i];
    }
    readings->count = kept;
}

static int ask_rings(struct collector_state *state, const struct ethtool_device *device)
{
    struct ethtool_ringparam rings;
    int error;

    if (ethtool_ioctl_rings(&state->ioctl, device->name, &rings) < 0)
        return 0;
    const uint32_t values[] = {[ETHTOOL_RING_RECEIVE] = rings.rx_pending,
                               [ETHTOOL_RING_RECEIVE_LIMIT] = rings.rx_max_pending,
                               [ETHTOOL_RING_TRANSMIT] = rings.tx_pending,
                               [ETHTOOL_RING_TRANSMIT_LIMIT] = rings.tx_max_pending};
    for (uint16_t i = 0; i < ELEMENTS(values); i++) {
        error = ethtool_readings_add(&state->readings, (struct ethtool_reading){.ifindex = device->ifindex,
                                                                                .group = ETHTOOL_GROUP_RINGS,
                                                                                .item = i,
                                                                                .value = values[i]});
        if (error < 0)
            return error;
    }
    return 0;
}

static int ask_speed(struct collector_state *state, const struct ethtool_device *device)
{
    uint32_t speed;

    if (ethtool_ioctl_speed(&state->ioctl, device->name, &speed) < 0)
        return 0;
    return ethtool_readings_add(
        &state->readings,
        (struct ethtool_reading){.ifindex = device->ifindex, .group = ETHTOOL_GROUP_SPEED, .value = speed});
}

/* Makes one dump for all devices. If that fails, makes one ioctl for each. */
static int read_all(struct collector_state *state, enum ethtool_request request,
                    int (*ask)(struct collector_state *state, const struct ethtool_device *device))
{
    size_t start = state->readings.count;
    int error = ethtool_netlink_dump(&state->netlink, request, &state->readings);

    if (error == 0)
        return 0;
    state->readings.count = start;
    error = 0;
    for (size_t i = 0; i < state->devices.count && error == 0; i++)
        error = ask(state, state->devices.items[i]);
    return error;
}

static int read_readings(struct collector_state *state)
{
    int error;

    state->readings.count = 0;
    error = read_all(state, ETHTOOL_REQUEST_RINGS, ask_rings);
    if (error == 0)
        error = read_all(state, ETHTOOL_REQUEST_SPEED, ask_speed);
    if (error < 0)
        return error;
    /* These have no other source than the dump. What a failed dump returned before it failed is kept. */
    for (unsigned i = ETHTOOL_REQUEST_STATS; state->settings->standard_groups && i < ETHTOOL_REQUEST_COUNT;
         i++)
        (void)ethtool_netlink_dump(&state->netlink, i, &state->readings);
    keep_devices(state);
    return 0;
}

static int fill_node(struct collector_state *state, bool changed, struct snapshot *draft)
{
    int error = ethtool_node_fill(&state->node, &state->devices, &state->links, &state->ioctl,
                                  changed || state->node_generation != state->links.generation, draft);

    state->node_generation = error == 0 ? state->links.generation : 0;
    return error;
}

static int update_tables(struct collector_state *state)
{
    bool changed = state->tables_due;
    int error = 0;

    state->tables_due = true;
    if (changed)
        error = ethtool_tables_devices(&state->tables, &state->devices, state->settings->per_queue);
    if (error == 0)
        error = ethtool_tables_readings(&state->tables, &state->devices, &state->readings, changed);
    if (error == 0)
        state->tables_due = false;
    return error;
}

static void read_statistics(struct collector_state *state, struct snapshot *draft)
{
    for (size_t i = 0; i < state->devices.count; i++) {
        struct ethtool_device *device = state->devices.items[i];
        const uint64_t *values;
        int error;

        if (device->move_count == 0)
            continue;
        error = ethtool_ioctl_stats(&state->ioctl, device->name, device->count, &values);
        if (error == 0)
            ethtool_sums_fill(device, values, draft);
        else if (error == -ESTALE) /* the values do not match the known names; the next round reads both */
            device->load_due = true;
    }
}

static void tell_limit(const struct collector_state *state, struct snapshot *draft)
{
    snapshot_limit(draft, 0, state->settings->max_statistics_per_device);
    for (size_t i = 0; i < state->devices.count; i++)
        snapshot_limit(draft, state->devices.items[i]->selected.series,
                       state->settings->max_statistics_per_device);
}

/* Clears the values of renamed devices: if a name passed from one device to another during the round, they
 * stand under the wrong device. */
static int drop_renamed(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    int error = link_table_drain(&state->links, fault);

    if (error < 0)
        return error;
    for (size_t i = 0; state->links.generation != state->devices.generation && i < state->devices.count;
         i++) {
        const struct ethtool_device *device = state->devices.items[i];
        const struct link *link = link_table_find(&state->links, device->ifindex);

        if (!link || !ethtool_device_is(device, link))
            ethtool_sums_forget(device, draft);
    }
    return 0;
}

static int ethtool_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    int error = link_table_update(&state->links, clock_boottime_ns(), fault);
    bool changed;

    if (error < 0)
        return error;
    link_table_begin(&state->links);
    error = update_devices(state);
    if (error == 0)
        error = read_readings(state);
    changed = state->tables_due;
    if (error == 0)
        error = update_tables(state);
    if (error == 0)
        error = ethtool_tables_fill(&state->tables, &state->readings, draft);
    if (error == 0)
        error = fill_node(state, changed, draft);
    if (error < 0)
        return fault_errno(fault, error, "ethtool");
    device_filter_note(state->links.count, state->devices.count, fault);
    read_statistics(state, draft);
    tell_limit(state, draft);
    return drop_renamed(state, draft, fault);
}

/* link.c says why notifications are handled as they arrive. */
static int ethtool_event_fd(struct collector_state *state)
{
    return link_table_fd(&state->links);
}

static int ethtool_event(struct collector_state *state, struct fault *fault)
{
    return link_table_drain(&state->links, fault);
}

const struct collector ethtool_collector = {
    .name = "ethtool",
    .summary =
        "private statistics of drivers, NIC loss by cause, rings, speed; those of virtual devices only with "
        "virtual_devices",
    .holds_rtnl = true,
    .counts_losses = true,
    .enabled = true,
    .interval = "15s",
    .filters_devices = true,
    .options = OPTION_TABLE(options, struct collector_settings),
    .node = ethtool_node,
    .state_size = sizeof(struct collector_state),
    .open = ethtool_open,
    .event_fd = ethtool_event_fd,
    .event = ethtool_event,
    .collect = ethtool_collect,
    .close = ethtool_close,
};

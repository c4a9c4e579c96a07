/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_node.h"

/* Asks each device that is up for speed and duplex, as sysfs does (net/core/net-sysfs.c), and renders texts
 * only if one of them changed. node_exporter's collector/netclass_linux.go and ethtool_linux.go show these.
 * The ethtool collector's thread. */

#include <errno.h>
#include <linux/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

enum { BYTES_PER_MEGABIT = 1000 * 1000 / 8 };

#define NO_SPEED INT64_MIN

/* Compared with memcmp(): no padding. */
struct ethtool_link_state {
    uint32_t ifindex;
    uint32_t duplex; /* DUPLEX_FULL, ..., or NO_DUPLEX */
    uint32_t operstate;
    uint32_t admin_up;
};

#define NO_DUPLEX UINT32_MAX

static const struct node_metric speed_metrics[] = {
    {.metric = {.name = "node_network_speed_bytes",
                .help = "Network device property: speed_bytes",
                .type = METRIC_GAUGE,
                .value = VALUE_INT64},
     .ours = "netdrop_link_speed_bytes_per_second",
     .note =
         "-125000 for an up link of unknown speed, as there without `--collector.netclass.ignore-invalid-speed`; "
         "ours then has no row."},
};

static const struct node_metric info_metrics[] = {
    {.metric = {.name = "node_network_info",
                .help = "Non-numeric data from /sys/class/net/<iface>, value is always 1",
                .type = METRIC_GAUGE},
     .ours = "netdrop_link_info",
     .note = "With the label `adminstate`, which node_exporter 1.5 has not."},
};

static const struct node_metric driver_metrics[] = {
    {.metric = {.name = "node_ethtool_info",
                .help = "A metric with a constant '1' value labeled by bus_info, device, driver, "
                        "expansion_rom_version, firmware_version, version",
                .type = METRIC_GAUGE},
     .ours = "netdrop_ethtool_info"},
};

static const struct node_names speed = {"netclass", speed_metrics, ELEMENTS(speed_metrics), NULL};
static const struct node_names info = {"netclass", info_metrics, ELEMENTS(info_metrics), NULL};
static const struct node_names driver = {"ethtool", driver_metrics, ELEMENTS(driver_metrics), NULL};

const struct node_names *const ethtool_node[] = {&speed, &info, &driver, NULL};

int ethtool_node_open(struct ethtool_node *node)
{
    int error = node_columns_new(&speed, &node->speed_columns);

    if (error == 0)
        error = node_columns_new(&info, &node->info_columns);
    return error == 0 ? node_columns_new(&driver, &node->driver_columns) : error;
}

void ethtool_node_close(struct ethtool_node *node)
{
    column_set_unref(node->speed_columns);
    column_set_unref(node->info_columns);
    column_set_unref(node->driver_columns);
    row_set_unref(node->devices);
    row_set_unref(node->info);
    row_set_unref(node->drivers);
    free(node->states);
    free(node->speeds);
    *node = (struct ethtool_node){};
}

static int reserve(struct ethtool_node *node, size_t count)
{
    struct ethtool_link_state *states;
    int64_t *speeds;

    if (count <= node->capacity)
        return 0;
    states = reallocarray(node->states, count, sizeof(*states));
    if (states)
        node->states = states;
    speeds = reallocarray(node->speeds, count, sizeof(*speeds));
    if (speeds)
        node->speeds = speeds;
    if (!states || !speeds)
        return -ENOMEM;
    node->capacity = count;
    return 0;
}

/* Asks a device that is up, as speed_show() and duplex_show() do (net/core/net-sysfs.c). */
static void ask(const struct ethtool_device *device, const struct link *link, struct ethtool_ioctl *ioctl,
                struct ethtool_link_state *state, int64_t *ret_speed)
{
    struct ethtool_cmd settings;

    *state = (struct ethtool_link_state){.ifindex = (uint32_t)device->ifindex, .duplex = NO_DUPLEX};
    *ret_speed = NO_SPEED;
    if (!link)
        return;
    state->operstate = link->numbers[LINK_OPERSTATE];
    state->admin_up = link->numbers[LINK_ADMIN_UP];
    if (!state->admin_up || ethtool_ioctl_settings(ioctl, device->name, &settings) < 0)
        return;
    state->duplex = settings.duplex;
    *ret_speed = (int64_t)(int32_t)ethtool_cmd_speed(&settings) * BYTES_PER_MEGABIT;
}

/* Returns true if texts must be rendered again. */
static bool ask_all(struct ethtool_node *node, const struct ethtool_devices *devices,
                    const struct link_table *links, struct ethtool_ioctl *ioctl)
{
    bool moved = node->count != devices->count;

    node->count = devices->count;
    for (size_t i = 0; i < devices->count; i++) {
        const struct ethtool_device *device = devices->items[i];
        struct ethtool_link_state state;

        ask(device, link_table_find(links, device->ifindex), ioctl, &state, &node->speeds[i]);
        moved = moved || memcmp(&state, &node->states[i], sizeof(state)) != 0;
        node->states[i] = state;
    }
    return moved;
}

static int add_info(struct row_set *rows, const struct ethtool_device *device, const struct link *link,
                    const struct ethtool_link_state *state)
{
    static const char *const duplexes[] = {[DUPLEX_HALF] = "half", [DUPLEX_FULL] = "full"};
    static const char *const operstates[] = {[IF_OPER_UNKNOWN] = "unknown",
                                             [IF_OPER_NOTPRESENT] = "notpresent",
                                             [IF_OPER_DOWN] = "down",
                                             [IF_OPER_LOWERLAYERDOWN] = "lowerlayerdown",
                                             [IF_OPER_TESTING] = "testing",
                                             [IF_OPER_DORMANT] = "dormant",
                                             [IF_OPER_UP] = "up"};
    const char *duplex = state->duplex == NO_DUPLEX           ? ""
                         : state->duplex < ELEMENTS(duplexes) ? duplexes[state->duplex]
                                                              : "unknown";

    return row_set_add(
        rows,
        (const char *const[]){device->label, link ? link->address : "", link ? link->broadcast : "", duplex,
                              operstates[state->operstate < ELEMENTS(operstates) ? state->operstate : 0],
                              state->admin_up ? "up" : "down", link ? link->alias : ""});
}

static int add_driver(struct row_set *rows, const struct ethtool_device *device)
{
    const struct ethtool_drvinfo *found = &device->info;
    char rom[sizeof(found->erom_version) + 1] = "";

    if (!device->has_info)
        return 0;
    memcpy(rom, found->erom_version, sizeof(found->erom_version));
    return row_set_add(rows, (const char *const[]){found->bus_info, device->label, found->driver, rom,
                                                   found->fw_version, found->version});
}

static int make_rows(struct ethtool_node *node, const struct ethtool_devices *devices,
                     const struct link_table *links)
{
    static const char *const device_label = "device";
    static const char *const info_labels[] = {"device",    "address",    "broadcast", "duplex",
                                              "operstate", "adminstate", "ifalias"};
    static const char *const driver_labels[] = {
        "bus_info", "device", "driver", "expansion_rom_version", "firmware_version", "version"};
    _cleanup_(row_set_unrefp) struct row_set *rows = NULL, *texts = NULL, *drivers = NULL;
    int error = row_set_new(&device_label, 1, &rows);

    if (error == 0)
        error = row_set_new(info_labels, ELEMENTS(info_labels), &texts);
    if (error == 0)
        error = row_set_new(driver_labels, ELEMENTS(driver_labels), &drivers);
    for (size_t i = 0; i < devices->count && error >= 0; i++) {
        const struct ethtool_device *device = devices->items[i];
        const char *label = device->label;

        error = row_set_add(rows, &label);
        if (error >= 0)
            error = add_info(texts, device, link_table_find(links, device->ifindex), &node->states[i]);
        if (error >= 0)
            error = add_driver(drivers, device);
    }
    if (error < 0)
        return error;
    row_set_replace(&node->devices, take_ptr(rows));
    row_set_replace(&node->info, take_ptr(texts));
    row_set_replace(&node->drivers, take_ptr(drivers));
    return 0;
}

/* Adds a table whose value is 1 in all rows. */
static int add_ones(struct snapshot *draft, struct column_set *columns, struct row_set *rows)
{
    struct table *table = snapshot_add_table(draft, columns, rows);

    for (size_t row = 0; table && row < rows->count; row++)
        table_set(table, row, 0, 1);
    return table ? 0 : -ENOMEM;
}

int ethtool_node_fill(struct ethtool_node *node, const struct ethtool_devices *devices,
                      const struct link_table *links, struct ethtool_ioctl *ioctl, bool changed,
                      struct snapshot *draft)
{
    struct table *table;
    int error;

    if (!node->speed_columns)
        return 0;
    error = reserve(node, devices->count);
    if (error == 0 && (ask_all(node, devices, links, ioctl) || changed || !node->devices)) {
        error = make_rows(node, devices, links);
        if (error < 0)
            node->count = SIZE_MAX; /* tries again next time */
    }
    if (error < 0)
        return error;
    table = snapshot_add_table(draft, node->speed_columns, node->devices);
    if (!table)
        return -ENOMEM;
    for (size_t row = 0; row < node->devices->count; row++)
        if (node->speeds[row] != NO_SPEED)
            table_set(table, row, 0, (uint64_t)node->speeds[row]);
    error = add_ones(draft, node->info_columns, node->info);
    return error == 0 ? add_ones(draft, node->driver_columns, node->drivers) : error;
}

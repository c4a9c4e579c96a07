/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/ethtool/ethtool_device.h"

/* Of which links the ethtool collector reads private statistics. */

#include <stdio.h>

#include "base/cleanup.h"
#include "tests/unit/unit.h"

static const struct {
    const char *kind, *bus;
    bool hardware;
} cases[] = {
    {"physical", "0000:03:00.0", true},
    {"physical", "", true}, /* before Linux 5.14, and hardware without a bus */
    {"dsa", "0.0:05", true},
    {"ipoib", "0000:04:00.1", true},
    {"can", "can@2180000", true},
    {"wwan", "wwan0", true},
    {"veth", "", false},
    {"tun", "", false},
    {"bridge", "", false},
    {"vcan", "", false},
};

/* The driver of hardware is asked by default, whether or not the link has a kind. */
static void test_statistics_of_hardware_whose_link_has_a_kind(void **state)
{
    struct link links[ELEMENTS(cases)] = {}, *items[ELEMENTS(cases)];
    char *every = (char[]){"*"};
    const struct device_filter filter = {.include = {.items = &every, .count = 1}};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        links[i] = (struct link){.ifindex = (int)i + 1, .kind = cases[i].kind, .bus = cases[i].bus};
        (void)snprintf(links[i].name, sizeof(links[i].name), "d%zu", i);
        links[i].device = links[i].name;
        items[i] = &links[i];
    }
    for (unsigned virtual_devices = 0; virtual_devices < 2; virtual_devices++) {
        const struct link_table table = {.items = items, .count = ELEMENTS(cases), .generation = 1};
        struct ethtool_devices devices = {};
        bool changed = false;

        assert_int_equal(ethtool_devices_update(&devices, &table, &filter, virtual_devices, &changed), 0);
        assert_true(changed);
        assert_int_equal(devices.count, ELEMENTS(cases));
        for (size_t i = 0; i < ELEMENTS(cases); i++)
            if (devices.items[i]->wants_statistics != (cases[i].hardware || virtual_devices))
                fail_msg("%s %s", cases[i].kind, cases[i].bus);
        ethtool_devices_done(&devices);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics_of_hardware_whose_link_has_a_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

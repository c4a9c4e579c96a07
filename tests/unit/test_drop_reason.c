/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reasons by the kernel's BTF: made with libbpf, and the running kernel's own where it has one. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/btf.h>

#include "base/cleanup.h"
#include "collectors/drops/drop_reason.h"
#include "tests/unit/unit.h"

struct value {
    const char *name;
    int64_t number;
};

static void add_enum(struct btf *btf, const char *name, const struct value *values, size_t count)
{
    assert_true(btf__add_enum(btf, name, 4) > 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(btf__add_enum_value(btf, values[i].name, values[i].number), 0);
}

static void expect(const struct drop_reasons *reasons, uint32_t number, const char *expected)
{
    char name[DROP_REASON_SIZE];

    drop_reason_name(reasons, number, name);
    assert_string_equal(name, expected);
}

static void test_enums(void **state)
{
    static const struct value core[] = {
        {"SKB_NOT_DROPPED_YET", 0},
        {"SKB_CONSUMED", 1},
        {"SKB_DROP_REASON_NOT_SPECIFIED", 2},
        {"SKB_DROP_REASON_NO_SOCKET", 3},
        {"SKB_DROP_REASON_ALIAS", 3},
        {"SKB_DROP_REASON_A_NAME_THAT_IS_LONGER_THAN_ANY_LABEL_OF_OURS_MAY_EVER_BE_AND_IS_CUT", 4},
        {"SKB_DROP_REASON_FAR", 6},
        {"SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000},
        {"SKB_DROP_REASON_TOO_LARGE", 0xffff},
    };
    static const struct value openvswitch[] = {
        {"__OVS_DROP_REASON", 0x30000}, {"OVS_DROP_LAST_ACTION", 0x30001}, {"OVS_DROP_METER", 0x30005}};
    struct btf *btf = btf__new_empty();
    struct drop_reasons reasons = {};

    (void)state;
    assert_non_null(btf);
    expect(&reasons, 3, "3");
    add_enum(btf, "skb_drop_reason", core, ELEMENTS(core));
    add_enum(btf, "ovs_drop_reason", openvswitch, ELEMENTS(openvswitch));
    add_enum(btf, "another", (const struct value[]){{"WRONG", 5}}, 1);
    assert_int_equal(drop_reasons_take(&reasons, btf), 0);
    btf__free(btf);
    expect(&reasons, 0, "SKB_NOT_DROPPED_YET");
    expect(&reasons, 1, "SKB_CONSUMED");
    expect(&reasons, 2, "NOT_SPECIFIED");
    expect(&reasons, 3, "NO_SOCKET");
    expect(&reasons, 4, "A_NAME_THAT_IS_LONGER_THAN_ANY_LABEL_OF_OURS_MAY_EVER_BE_AND_IS");
    expect(&reasons, 5, "5");
    expect(&reasons, 6, "FAR");
    expect(&reasons, 0xffff, "65535");
    expect(&reasons, 0x30001, "OVS_DROP_LAST_ACTION");
    expect(&reasons, 0x30002, "196610");
    expect(&reasons, 0x20001, "131073");
    expect(&reasons, UINT32_MAX, "4294967295");
    drop_reasons_done(&reasons);
}

static void test_no_kernel(void **state)
{
    struct drop_reasons reasons;

    (void)state;
    assert_int_equal(drop_reasons_load(&reasons, "/nonexistent"), 0);
    expect(&reasons, 3, "3");
    drop_reasons_done(&reasons);
}

static void write_btf(const struct btf *btf, const char *directory, const char *name)
{
    char path[128];
    FILE *file;
    __u32 size;
    const void *bytes = btf__raw_data(btf, &size);

    (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The reasons of a module that is loaded later have names before the first of them is shown. The kernel's BTF
 * is read again only where that may tell more: it is large. */
static void test_module_loaded_later(void **state)
{
    static const struct value core[] = {{"SKB_DROP_REASON_NOT_SPECIFIED", 2}};
    static const struct value openvswitch[] = {{"OVS_DROP_METER", 0x30005}};
    char directory[] = "/tmp/netdrop-btf-XXXXXX", path[64];
    struct btf *kernel = btf__new_empty(), *module;
    struct drop_reasons reasons;

    (void)state;
    assert_non_null(mkdtemp(directory));
    add_enum(kernel, "skb_drop_reason", core, ELEMENTS(core));
    write_btf(kernel, directory, "vmlinux");
    assert_int_equal(drop_reasons_load(&reasons, directory), 0);
    expect(&reasons, 0x30005, "196613");
    assert_false(drop_reasons_renew(&reasons, 0x30005, directory));

    module = btf__new_empty_split(kernel);
    add_enum(module, "ovs_drop_reason", openvswitch, ELEMENTS(openvswitch));
    write_btf(module, directory, "openvswitch");
    assert_false(drop_reasons_renew(&reasons, 2, directory));
    assert_false(drop_reasons_renew(&reasons, 7, directory)); /* nobody has it */
    assert_true(drop_reasons_renew(&reasons, 0x30005, directory));
    expect(&reasons, 0x30005, "OVS_DROP_METER");
    expect(&reasons, 2, "NOT_SPECIFIED");
    assert_false(drop_reasons_renew(&reasons, 0x30005, directory));
    assert_false(drop_reasons_renew(&reasons, 0x30006, directory)); /* and is not asked for each time */
    drop_reasons_done(&reasons);
    btf__free(module);
    btf__free(kernel);
    (void)snprintf(path, sizeof(path), "%s/vmlinux", directory);
    (void)remove(path);
    (void)snprintf(path, sizeof(path), "%s/openvswitch", directory);
    (void)remove(path);
    assert_int_equal(rmdir(directory), 0);
}

static void test_running_kernel(void **state)
{
    struct drop_reasons reasons;
    char name[DROP_REASON_SIZE];
    bool found = false;

    (void)state;
    if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
        skip();
    assert_int_equal(drop_reasons_load(&reasons, "/sys/kernel/btf"), 0);
    for (uint32_t i = 0; i < 32 && !found; i++) {
        drop_reason_name(&reasons, i, name);
        found = strcmp(name, "NO_SOCKET") == 0;
    }
    assert_true(found);
    drop_reasons_done(&reasons);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_enums), cmocka_unit_test(test_no_kernel),
                                       cmocka_unit_test(test_module_loaded_later),
                                       cmocka_unit_test(test_running_kernel)};

    return cmocka_run_group_tests_name("drop_reason", tests, NULL, NULL);
}

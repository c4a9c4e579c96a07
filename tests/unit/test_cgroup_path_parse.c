/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose a cgroup is: each form of a path that is known, names that somebody made to be in the way, and how
 * /proc/PID/cgroup tells the path. */

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "collectors/kernel/cgroup_path_parse.h"
#include "tests/unit/damage.h"

#define ID "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"

static void assert_workload(const char *path, const char *unit, const char *container, const char *pod)
{
    struct bytes bytes = bytes_copy(path, strlen(path));
    struct workload workload;

    memset(&workload, 'x', sizeof(workload));
    cgroup_path_parse(bytes.data, bytes.size, &workload);
    bytes_done(&bytes);
    if (strcmp(workload.unit, unit) || strcmp(workload.container_id, container) ||
        strcmp(workload.pod_uid, pod))
        fail_msg("%s: unit %s, container %s, pod %s", path, workload.unit, workload.container_id,
                 workload.pod_uid);
}

/* A field of the line, without the tab or line feed behind it; "-" is nothing. */
static const char *field(char **line)
{
    char *at = strsep(line, "\t\n");

    assert_non_null(at);
    return strcmp(at, "-") != 0 ? at : "";
}

static void test_known_paths(void **state)
{
    _cleanup_(fclosep) FILE *stream = NULL;
    char file[4096], text[1024];
    int count = 0;

    (void)state;
    (void)snprintf(file, sizeof(file), "%s/cgroup/paths", getenv("FIXTURES"));
    stream = fopen(file, "r");
    assert_non_null(stream);
    while (fgets(text, sizeof(text), stream)) {
        char *line = text;
        const char *path, *unit, *container;

        if (*text == '#')
            continue;
        path = field(&line);
        unit = field(&line);
        container = field(&line);
        assert_workload(path, unit, container, field(&line));
        count++;
    }
    assert_true(count > 130);
}

/* Control bytes, NUL and broken UTF-8 make no unit, no manager, and end no name early. */
static void test_hostile_bytes(void **state)
{
    static const char *const bytes[] = {"\x01", "\n", "\x7f", "\xff", "\xc3", " ",
                                        "\"",   "{",  "%",    "*",    "$",    "#"};
    static const char nul[] =
        "/system.slice/a\0.service/kubepods/pod214f3ba8\0004b69-4bdb-a7d5-5ecc73f04ae9/" ID;
    struct workload workload;
    char path[256];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(bytes); i++) {
        (void)snprintf(path, sizeof(path), "/system.slice/a%sb.service/ssh.service", bytes[i]);
        assert_workload(path, "system.slice", "", "");
        (void)snprintf(path, sizeof(path), "/lxc/a%sb/system.slice/ssh.service", bytes[i]);
        assert_workload(path, "lxc", "", "");
        (void)snprintf(path, sizeof(path), "/docker/%s" ID, bytes[i]);
        assert_workload(path, "-.slice", "", "");
    }
    cgroup_path_parse(nul, sizeof(nul) - 1, &workload);
    assert_string_equal(workload.unit, "system.slice");
    assert_string_equal(workload.container_id, ID);
    assert_string_equal(workload.pod_uid, "");
}

/* Of a name that leaves no room, the manager's is told. */
static void test_long_names(void **state)
{
    char name[300], path[1024], unit[300];

    (void)state;
    memset(name, 'x', sizeof(name));
    for (int size = 200; size < 299; size++) {
        (void)snprintf(unit, sizeof(unit), "%.*s.service", size - 8, name);
        (void)snprintf(path, sizeof(path), "/system.slice/%s", unit);
        assert_workload(path, size <= 255 ? unit : "system.slice", "", "");
        (void)snprintf(path, sizeof(path), "/user.slice/user@1.service/%.*s.service", size - 8, name);
        (void)snprintf(unit, sizeof(unit), "user@1.service/%.*s.service", size - 8, name);
        assert_workload(path, size <= 240 ? unit : "user@1.service", "", "");
        /* A manager that leaves no room for any. */
        (void)snprintf(path, sizeof(path), "/machine-%.*s.scope/a.service/payload/b.service", size - 14,
                       name);
        (void)snprintf(unit, sizeof(unit), "machine-%.*s.scope/%s", size - 14, name, "a.service");
        if (size > 245)
            *strchr(unit, '/') = '\0';
        else if (size <= 235)
            strcat(unit, "/b.service");
        assert_workload(path, size <= 255 ? unit : "a.service/b.service", "", "");
        (void)snprintf(path, sizeof(path), "/machine-%.*s.scope/lxc/b", size - 14, name);
        (void)snprintf(unit, sizeof(unit), "machine-%.*s.scope%s", size - 14, name,
                       size > 251   ? ""
                       : size > 249 ? "/lxc"
                                    : "/lxc/b");
        assert_workload(path, size <= 255 ? unit : "lxc/b", "", "");
    }
}

static void test_deep_paths(void **state)
{
    static char path[200 * 1024];
    struct workload workload;
    size_t size = 0;

    (void)state;
    while (size < sizeof(path) - 200)
        size += (size_t)sprintf(path + size, "/a/user@1.service/lxc/b/docker-" ID ".scope");
    cgroup_path_parse(path, size, &workload);
    assert_string_equal(workload.unit, "user@1.service/lxc/b");
    assert_string_equal(workload.container_id, ID);
}

static void check(const struct bytes *bytes, void *context)
{
    struct workload workload;

    (void)context;
    cgroup_path_parse(bytes->data, bytes->size, &workload);
    assert_true(workload.unit[0] != '\0' && strlen(workload.unit) < sizeof(workload.unit));
    assert_true(strlen(workload.container_id) == 0 ||
                strlen(workload.container_id) == WORKLOAD_CONTAINER_DIGITS);
    assert_true(strlen(workload.pod_uid) == 0 || strlen(workload.pod_uid) == 36 ||
                strlen(workload.pod_uid) == 32);
}

static void test_cut_and_damaged(void **state)
{
    static const char path[] =
        "/machine.slice/systemd-nspawn@w\\x2db.service/payload/kubelet.slice/kubelet-kubepods.slice/"
        "kubelet-kubepods-pod214f3ba8_4b69_4bdb_a7d5_5ecc73f04ae9.slice/cri-containerd-" ID ".scope/lxc/1";

    (void)state;
    each_prefix(path, strlen(path), check, NULL);
    each_damage(path, strlen(path), check, NULL);
}

static const struct {
    const char *text;
    const char *path; /* NULL: none */
} files[] = {
    {"0::/system.slice/ssh.service\n", "/system.slice/ssh.service"},
    {"0::/\n", "/"},
    {"0::/a (deleted)\n", "/a"},
    {"0:: (deleted)\n", " (deleted)"},
    {"0::/a", NULL}, /* cut: who knows what comes */
    {"", NULL},
    {"\n", NULL},
    {"0:/a\n", NULL},
    {"x:name=systemd:/a\n", NULL},
    {"12:cpu,cpuacct:/docker/a\n11:memory:/docker/a\n", NULL},
    /* v1: systemd's own */
    {"12:cpu,cpuacct:/docker/a\n1:name=systemd:/docker/b (deleted)\n", "/docker/b"},
    /* hybrid */
    {"12:cpu:/a\n1:name=systemd:/b\n0::/c\n", "/c"},
    {"0::/c\n1:name=systemd:/b\n12:cpu:/a\n", "/c"},
    {"1:name=systemd:/b\n0::/\n", "/b"},
    {"0::/\n1:name=systemd:/b\n", "/b"},
    {"1:name=systemd:/\n0::/c\n", "/c"},
    {"1:name=systemd:/\n0::/\n", "/"},
};

static void test_files_of_processes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        struct bytes bytes = bytes_copy(files[i].text, strlen(files[i].text));
        const char *path = NULL;
        size_t size = 0;

        assert_int_equal(cgroup_path_find(bytes.data, bytes.size, &path, &size), files[i].path != NULL);
        if (files[i].path && (strlen(files[i].path) != size || memcmp(path, files[i].path, size) != 0))
            fail_msg("%s: %.*s", files[i].text, (int)size, path);
        assert_true(files[i].path || !path);
        bytes_done(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_paths),     cmocka_unit_test(test_hostile_bytes),
        cmocka_unit_test(test_long_names),      cmocka_unit_test(test_deep_paths),
        cmocka_unit_test(test_cut_and_damaged), cmocka_unit_test(test_files_of_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

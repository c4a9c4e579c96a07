/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the local socket: its mode from the first moment on, whose it is, and when it goes. What other
 * programs see of it is the integration tests' to check. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/http/local_socket.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/local-socketXXXXXX";
static char path[sizeof(folder) + 2];
static unsigned bound, listened; /* mode of the file right after bind(), and when it is first listened at */

static unsigned mode_of(const char *name)
{
    struct stat found;

    return lstat(name, &found) == 0 ? found.st_mode : 0;
}

/* The C library's, seen through. */
int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    long result = syscall(SYS_bind, fd, address, size);

    bound = mode_of(path);
    return (int)result;
}

int listen(int fd, int backlog)
{
    listened = mode_of(path);
    return (int)syscall(SYS_listen, fd, backlog);
}

static int set_up(void **state)
{
    (void)state;
    bound = listened = 0;
    return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
}

static int open_at(const char *where, struct local_socket *ret_socket, struct listeners *ret_listeners)
{
    struct systemd_fds passed = {};
    struct fault fault = {};

    return local_socket_listen(where, &passed, ret_socket, ret_listeners, &fault);
}

static void test_mode_is_there_from_the_beginning(void **state)
{
    static const mode_t masks[] = {0, 022, 0777};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(masks); i++) {
        mode_t before = umask(masks[i]);
        struct local_socket socket = {};
        struct listeners listeners = {};

        assert_int_equal(open_at(path, &socket, &listeners), 0);
        assert_int_equal(umask(before), masks[i]); /* as it was */
        assert_int_equal(bound, S_IFSOCK | 0660);
        assert_int_equal(listened, S_IFSOCK | 0660);
        assert_int_equal(listeners.count, 1);
        assert_ptr_equal(listeners.items[0].rights, &rights_local);
        local_socket_remove(&socket);
        assert_int_equal(mode_of(path), 0);
        listeners_done(&listeners);
    }
}

static void test_none_is_asked_for(void **state)
{
    struct local_socket socket = {};
    struct listeners listeners = {.count = 1};

    (void)state;
    assert_int_equal(open_at("", &socket, &listeners), 0);
    assert_int_equal(listeners.count, 1);
    listeners.count = 0;
    assert_int_equal(open_at("", &socket, &listeners), -EINVAL); /* nobody could ask anything */
    local_socket_remove(&socket);
}

static void test_row_61_only_who_made_it_removes_it(void **state)
{
    struct local_socket socket = {}, other = {};
    struct listeners listeners = {}, others = {};

    (void)state;
    assert_int_equal(open_at(path, &socket, &listeners), 0);
    assert_int_equal(open_at(path, &other, &others), -EADDRINUSE);
    assert_int_equal(others.count, 0);
    local_socket_remove(&other); /* it has none */
    assert_int_equal(mode_of(path), S_IFSOCK | 0660);
    /* Somebody clears it away, and another one takes its place. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(open_at(path, &other, &others), 0);
    local_socket_remove(&socket);
    assert_int_equal(mode_of(path), S_IFSOCK | 0660);
    local_socket_remove(&other);
    local_socket_remove(&other); /* twice is once */
    assert_int_equal(mode_of(path), 0);
    listeners_done(&listeners);
    listeners_done(&others);
}

static void test_row_61_dead_ones_are_replaced(void **state)
{
    struct local_socket socket = {};
    struct listeners listeners = {};

    (void)state;
    assert_int_equal(open_at(path, &socket, &listeners), 0);
    listeners_done(&listeners); /* as where it was killed */
    assert_int_equal(open_at(path, &socket, &listeners), 0);
    assert_int_equal(listeners.count, 1);
    local_socket_remove(&socket);
    listeners_done(&listeners);
}

static void test_url(void **state)
{
    struct local_socket socket = {};
    struct listeners listeners = {};
    char url[LISTEN_URL_MAX], expected[LISTEN_URL_MAX];

    (void)state;
    assert_int_equal(open_at(path, &socket, &listeners), 0);
    listen_url(listeners.items[0].fd, "https", "/metrics", url);
    (void)snprintf(expected, sizeof(expected), "unix:%s", path);
    assert_string_equal(url, expected);
    local_socket_remove(&socket);
    listeners_done(&listeners);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mode_is_there_from_the_beginning, set_up),
        cmocka_unit_test_setup(test_none_is_asked_for, set_up),
        cmocka_unit_test_setup(test_row_61_only_who_made_it_removes_it, set_up),
        cmocka_unit_test_setup(test_row_61_dead_ones_are_replaced, set_up),
        cmocka_unit_test_setup(test_url, set_up),
    };
    int failed;

    if (!mkdtemp(folder))
        return 1;
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(folder);
    return failed;
}

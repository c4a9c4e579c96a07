/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening addresses as users write them, the sockets they become, and the words for what goes wrong. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "daemon/http/listen.h"
#include "tests/unit/unit.h"

static void test_good_addresses(void **state)
{
    static const struct {
        const char *text, *host;
        int family, port;
        bool all;
    } cases[] = {
        {":10190", "::", AF_INET6, 10190, true},
        {":0", "::", AF_INET6, 0, true},
        {"127.0.0.1:10190", "127.0.0.1", AF_INET, 10190, false},
        {"0.0.0.0:65535", "0.0.0.0", AF_INET, 65535, false},
        {"[::1]:10190", "::1", AF_INET6, 10190, false},
        {"[::]:1", "::", AF_INET6, 1, true},
        {"localhost:10190", "127.0.0.1", AF_INET, 10190, false},
        {"LocalHost:1", "127.0.0.1", AF_INET, 1, false},
        {"[fe80::1%eth0]:10190", "fe80::1", AF_INET6, 10190, false},
        {"[2001:db8::192.0.2.1]:80", "2001:db8::c000:201", AF_INET6, 80, false},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct listen_address address;
        char host[INET6_ADDRSTRLEN];
        bool v6 = cases[i].family == AF_INET6;

        if (listen_address_parse(cases[i].text, &address, NULL) < 0)
            fail_msg("%s", cases[i].text);
        assert_int_equal(address.socket.any.sa_family, cases[i].family);
        assert_int_equal(address.all, cases[i].all);
        assert_int_equal(ntohs(v6 ? address.socket.v6.sin6_port : address.socket.v4.sin_port), cases[i].port);
        inet_ntop(cases[i].family,
                  v6 ? (void *)&address.socket.v6.sin6_addr : (void *)&address.socket.v4.sin_addr, host,
                  sizeof(host));
        assert_string_equal(host, cases[i].host);
    }
}

static void test_bad_addresses(void **state)
{
    static const char *const cases[] = {
        "",
        "10190",
        ":",
        ":x",
        ":-1",
        ":+1",
        ": 1",
        ":1 ",
        ":65536",
        ":000001",
        ":99999999999999999999",
        "localhost",
        "localhos:1",
        "localhost.:1",
        "example.org:1",
        "*:1",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0:1",
        "::1:10190",
        "[::1]",
        "[::1]10190",
        "[::1:10190",
        "::1]:10190",
        "[127.0.0.1]:1",
        "[]:1",
        "[:1",
        "]:1",
        "[::1%lo]:1",
        "[fe80::1%]:1",
        "[fe80::1%sixteen-bytes-00]:1",
        "fe80::1%lo:1",
        "127.0.0.1%lo:1",
        " :1",
        "127.0.0.1 :1",
        "[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb]:1",
        "http://localhost:10190",
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct listen_address address = {.all = true};
        struct fault fault = {};

        if (listen_address_parse(cases[i], &address, &fault) != -EINVAL)
            fail_msg("\"%s\" is taken", cases[i]);
        assert_int_equal(fault.error, -EINVAL);
        assert_non_null(strstr(fault.text, "write \":10190\""));
        assert_int_equal(address.socket.any.sa_family, 0); /* untouched */
    }
}

static void test_scopes(void **state)
{
    struct listen_address address;
    struct fault fault = {};

    (void)state;
    assert_int_equal(listen_address_parse("[fe80::1%fifteen-bytes-0]:1", &address, NULL), 0);
    assert_string_equal(address.scope, "fifteen-bytes-0");
    assert_int_equal(listen_address_parse("[::1]:1", &address, NULL), 0);
    assert_string_equal(address.scope, "");
    assert_int_equal(listen_address_parse("[fe80::1]:1", &address, &fault), -EINVAL);
    assert_non_null(strstr(fault.text, "write which, \"[fe80::1%eth0]:10190\""));
}

static struct string_list list_of(char **items, size_t count)
{
    return (struct string_list){.items = items, .count = count};
}

static void test_open_and_url(void **state)
{
    char *items[] = {(char[]){"127.0.0.1:0"}, (char[]){":0"}};
    struct string_list list = list_of(items, ELEMENTS(items));
    struct listeners listeners;
    char url[LISTEN_URL_MAX];
    int on = 0;
    socklen_t size = sizeof(on);

    (void)state;
    assert_int_equal(listeners_open(&list, &listeners, NULL), 0);
    assert_int_equal(listeners.count, 2);
    assert_int_equal(getsockopt(listeners.items[1].fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size), 0);
    assert_int_equal(on, 1);
    listen_url(listeners.items[0].fd, "https", "/metrics", url);
    assert_memory_equal(url, "https://127.0.0.1:", strlen("https://127.0.0.1:"));
    assert_non_null(strstr(url, "/metrics"));
    assert_null(strstr(url, ":0/"));
    listen_url(listeners.items[1].fd, "http", "", url);
    assert_memory_equal(url, "http://localhost:", strlen("http://localhost:"));
    listeners_done(&listeners);
    assert_int_equal(listeners.count, 0);
}

static void test_who_can_reach_it(void **state)
{
    static const struct {
        const char *address;
        bool local;
    } cases[] = {
        {"127.0.0.1:0", true}, {"127.9.8.7:0", true}, {"[::1]:0", true},
        {"0.0.0.0:0", false},  {"[::]:0", false},     {":0", false},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        char address[32], *items[] = {address};
        struct string_list list = list_of(items, 1);
        struct listeners listeners;

        strcpy(address, cases[i].address);
        assert_int_equal(listeners_open(&list, &listeners, NULL), 0);
        assert_int_equal(listen_is_local(listeners.items[0].fd), cases[i].local);
        listeners_done(&listeners);
    }
    assert_false(listen_is_local(-1));
}

static void test_row_43_port_in_use(void **state)
{
    char *any[] = {(char[]){"127.0.0.1:0"}};
    char taken[LISTEN_URL_MAX], url[LISTEN_URL_MAX];
    char *both[] = {any[0], taken};
    struct string_list list = list_of(any, 1);
    struct listeners first, second = {.count = 77};
    struct fault fault;

    (void)state;
    assert_int_equal(listeners_open(&list, &first, &fault), 0);
    listen_url(first.items[0].fd, "http", "", url);
    (void)snprintf(taken, sizeof(taken), "%.100s", url + strlen("http://"));
    list = list_of(both, 2);
    assert_int_equal(listeners_open(&list, &second, &fault), -EADDRINUSE);
    assert_int_equal(second.count, 77); /* untouched */
    assert_non_null(strstr(fault.text, taken));
    assert_non_null(strstr(fault.text, "another program"));
    listeners_done(&first);
}

static void test_wrong_numbers(void **state)
{
    char any[] = "127.0.0.1:0", *items[LISTENERS_MAX + 1];
    struct string_list list = list_of(items, 0);
    struct listeners listeners;
    struct fault fault;

    (void)state;
    assert_int_equal(listeners_open(&list, &listeners, &fault), 0); /* there may be a local socket */
    assert_int_equal(listeners.count, 0);
    for (size_t i = 0; i <= LISTENERS_MAX; i++)
        items[i] = any;
    list.count = LISTENERS_MAX + 1;
    assert_int_equal(listeners_open(&list, &listeners, &fault), -EINVAL);
}

static in_port_t port_of(int fd)
{
    struct listen_address address;

    listen_bound_to(fd, &address);
    return address.socket.any.sa_family == AF_INET ? address.socket.v4.sin_port : address.socket.v6.sin6_port;
}

/* Documentation's: nobody has it. Of an interface that is not there, nothing is opened. */
static void test_row_68_addresses_that_are_not_there(void **state)
{
    char *items[] = {(char[]){"192.0.2.1:0"}, (char[]){"[2001:db8::1]:0"}, (char[]){"[fe80::1%nosuch]:0"}};
    struct string_list list = list_of(items, ELEMENTS(items));
    struct listeners listeners;
    struct listen_address address;
    char text[LISTEN_TEXT_MAX];

    (void)state;
    assert_int_equal(listeners_open(&list, &listeners, NULL), 0);
    assert_int_equal(listeners.count, 2);
    listen_bound_to(listeners.items[0].fd, &address);
    listen_text(&address, text);
    assert_memory_equal(text, "192.0.2.1:", strlen("192.0.2.1:"));
    listen_bound_to(listeners.items[1].fd, &address);
    listen_text(&address, text);
    assert_memory_equal(text, "[2001:db8::1]:", strlen("[2001:db8::1]:"));
    listeners_done(&listeners);
}

static void test_localhost_is_both(void **state)
{
    char *items[] = {(char[]){"localhost:0"}};
    struct string_list list = list_of(items, 1);
    struct listeners listeners;
    char url[LISTEN_URL_MAX];

    (void)state;
    assert_int_equal(listeners_open(&list, &listeners, NULL), 0);
    assert_int_equal(listeners.count, 2);
    assert_int_equal(port_of(listeners.items[0].fd), port_of(listeners.items[1].fd));
    listen_url(listeners.items[0].fd, "http", "", url);
    assert_memory_equal(url, "http://127.0.0.1:", strlen("http://127.0.0.1:"));
    listen_url(listeners.items[1].fd, "http", "", url);
    assert_memory_equal(url, "http://[::1]:", strlen("http://[::1]:"));
    listeners_done(&listeners);
}

/* As Go has it; but who names an IPv4 address with the same port beside it means IPv6 alone. */
static void test_what_an_unspecified_address_is(void **state)
{
    char *items[] = {(char[]){"[::]:0"}, (char[]){"127.0.0.1:0"}};
    struct string_list list = list_of(items, 1);
    struct listeners listeners;

    (void)state;
    for (size_t i = 1; i <= 2; i++) {
        int only_v6 = -1;
        socklen_t size = sizeof(only_v6);

        list.count = i;
        assert_int_equal(listeners_open(&list, &listeners, NULL), 0);
        assert_int_equal(getsockopt(listeners.items[0].fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, &size), 0);
        assert_int_equal(only_v6, i == 2);
        listeners_done(&listeners);
    }
}

static void test_a_link_local_url(void **state)
{
    char *items[] = {(char[]){"[fe80::1%lo]:0"}};
    struct string_list list = list_of(items, 1);
    struct listeners listeners;
    struct listen_address address;
    char url[LISTEN_URL_MAX], text[LISTEN_TEXT_MAX];

    (void)state;
    assert_int_equal(listeners_open(&list, &listeners, NULL), 0);
    assert_int_equal(listeners.count, 1);
    listen_url(listeners.items[0].fd, "http", "/", url);
    assert_memory_equal(url, "http://[fe80::1%25lo]:", strlen("http://[fe80::1%25lo]:"));
    listen_bound_to(listeners.items[0].fd, &address);
    listen_text(&address, text);
    assert_memory_equal(text, "[fe80::1%lo]:", strlen("[fe80::1%lo]:"));
    listeners_done(&listeners);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_addresses),
        cmocka_unit_test(test_bad_addresses),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_open_and_url),
        cmocka_unit_test(test_who_can_reach_it),
        cmocka_unit_test(test_row_43_port_in_use),
        cmocka_unit_test(test_wrong_numbers),
        cmocka_unit_test(test_row_68_addresses_that_are_not_there),
        cmocka_unit_test(test_localhost_is_both),
        cmocka_unit_test(test_what_an_unspecified_address_is),
        cmocka_unit_test(test_a_link_local_url),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

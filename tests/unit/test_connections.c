/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection table: limits over all and per address, deadlines by phase, shedding. Socket pairs stand in
 * for clients and the clock is injected: nothing here waits. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/http/connections.h"
#include "tests/unit/unit.h"

#define SECOND NS_PER_SECOND

enum { TOTAL = 6, PER_ADDRESS = 3 };

struct fixture {
    struct connections *connections;
    struct limits limits;
    int pairs[16][2];
    size_t pair_count;
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    static const struct connections_limits settings = {
        .total = TOTAL, .per_address = PER_ADDRESS, .request_timeout_ns = 10 * SECOND};

    memset(&fixture, 0, sizeof(fixture));
    *state = &fixture;
    return connections_new(&settings, &fixture.limits, &fixture.connections);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    fixture->connections = connections_free(fixture->connections);
    for (size_t i = 0; i < fixture->pair_count; i++) {
        close(fixture->pairs[i][0]);
        close(fixture->pairs[i][1]);
    }
    return 0;
}

static union address address_of(const char *text)
{
    union address address;

    memset(&address, 0, sizeof(address));
    if (inet_pton(AF_INET, text, &address.v4.sin_addr) == 1)
        address.any.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &address.v6.sin6_addr) == 1)
        address.any.sa_family = AF_INET6;
    else
        fail_msg("%s", text);
    return address;
}

/* A connection whose client end is pairs[index][0]. */
static struct connection *client(struct fixture *fixture, const char *text, uint64_t now_ns)
{
    union address address = address_of(text);
    int *pair = fixture->pairs[fixture->pair_count++];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    return connections_add(fixture->connections, pair[1], &address.any, now_ns);
}

/* Whether the client of connection `index` sees the end. */
static bool ended(struct fixture *fixture, size_t index)
{
    char byte;
    ssize_t size = recv(fixture->pairs[index][0], &byte, 1, MSG_DONTWAIT);

    return size == 0 || (size < 0 && errno != EAGAIN);
}

static uint64_t hits(struct fixture *fixture, enum limit limit)
{
    return fixture->limits.hits[limit];
}

static bool admitted(struct fixture *fixture, const char *text)
{
    union address address = address_of(text);

    return connections_admit(fixture->connections, &address.any);
}

static void test_limit_per_address(void **state)
{
    struct fixture *fixture = *state;
    struct connection *first = client(fixture, "192.0.2.1", 1);

    assert_non_null(first);
    assert_non_null(client(fixture, "::ffff:192.0.2.1", 1)); /* the same host, by a dual-stack socket */
    assert_non_null(client(fixture, "192.0.2.1", 1));
    assert_null(client(fixture, "::ffff:192.0.2.1", 1));
    assert_false(admitted(fixture, "192.0.2.1"));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS_PER_ADDRESS), 2);
    assert_true(admitted(fixture, "192.0.2.2"));
    assert_true(admitted(fixture, "2001:db8::1"));
    connections_remove(fixture->connections, first);
    assert_true(admitted(fixture, "::ffff:192.0.2.1"));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS_PER_ADDRESS), 2);
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS), 0);
}

static void test_limit_total(void **state)
{
    static const char *const hosts[TOTAL] = {"192.0.2.1", "192.0.2.2",   "192.0.2.3",
                                             "192.0.2.4", "2001:db8::1", "2001:db8::2"};
    struct fixture *fixture = *state;
    struct connection *open[TOTAL];

    for (size_t i = 0; i < TOTAL; i++) {
        open[i] = client(fixture, hosts[i], 1);
        assert_non_null(open[i]);
    }
    assert_false(admitted(fixture, "192.0.2.9"));
    assert_null(client(fixture, "192.0.2.9", 1));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS), 2);
    for (size_t i = 0; i < TOTAL; i++)
        connections_remove(fixture->connections, open[i]);
    for (size_t i = 0; i < TOTAL; i++)
        assert_non_null(client(fixture, hosts[i], 1));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS), 2);
}

static void test_limits_change(void **state)
{
    static const struct connections_limits less = {
        .total = 1, .per_address = 1, .request_timeout_ns = SECOND};
    struct fixture *fixture = *state;

    assert_non_null(client(fixture, "192.0.2.1", 0));
    assert_non_null(client(fixture, "192.0.2.1", 0));
    connections_configure(fixture->connections, &less);
    assert_false(admitted(fixture, "192.0.2.2"));
    assert_int_equal(connections_sweep(fixture->connections, 2 * SECOND), 2);
}

/* reliability.md 30: the deadline runs from the start, whatever arrives in between. */
static void test_row_30_slow_requests(void **state)
{
    struct fixture *fixture = *state;
    struct connection *silent = client(fixture, "192.0.2.1", 100 * SECOND);
    struct connection *slow = client(fixture, "192.0.2.2", 100 * SECOND);

    assert_non_null(silent);
    connections_request(fixture->connections, slow, 105 * SECOND);
    assert_int_equal(connections_sweep(fixture->connections, 99 * SECOND), 0);
    assert_int_equal(connections_sweep(fixture->connections, 110 * SECOND), 0);
    assert_int_equal(connections_sweep(fixture->connections, 110 * SECOND + 1), 1);
    assert_true(ended(fixture, 0));
    assert_false(ended(fixture, 1));
    connections_answer(fixture->connections, slow); /* goes on with the same deadline */
    assert_int_equal(connections_sweep(fixture->connections, 115 * SECOND), 0);
    assert_int_equal(connections_sweep(fixture->connections, 115 * SECOND + 1), 1);
    assert_true(ended(fixture, 1));
    assert_int_equal(hits(fixture, LIMIT_REQUEST_TIME), 2);
    /* Until libmicrohttpd has removed them they are not shut down, nor counted, again. */
    assert_int_equal(connections_sweep(fixture->connections, 200 * SECOND), 0);
    assert_int_equal(hits(fixture, LIMIT_REQUEST_TIME), 2);
}

/* Who is gone gives its slot back long before the deadline, unless an answer is being made for it, or on its
 * way. */
static void test_client_is_gone(void **state)
{
    struct fixture *fixture = *state;
    struct connection *in_request = client(fixture, "192.0.2.1", 100 * SECOND);
    struct connection *in_answer = client(fixture, "192.0.2.2", 100 * SECOND);
    struct connection *in_idle = client(fixture, "192.0.2.3", 100 * SECOND);
    char byte = 'G';

    assert_non_null(client(fixture, "192.0.2.4", 100 * SECOND)); /* waiting, and still there */
    connections_request(fixture->connections, in_request, 100 * SECOND);
    connections_request(fixture->connections, in_answer, 100 * SECOND);
    connections_answer(fixture->connections, in_answer);
    connections_complete(fixture->connections, in_idle, 100 * SECOND);
    for (size_t i = 0; i < 3; i++) /* the client's end: it may still want to read */
        assert_int_equal(shutdown(fixture->pairs[i][0], SHUT_WR), 0);
    assert_int_equal(send(fixture->pairs[2][1], &byte, 1, 0), 1); /* an answer that it has not read yet */
    assert_int_equal(connections_sweep(fixture->connections, 101 * SECOND), 0);
    assert_int_equal(connections_sweep(fixture->connections, 101 * SECOND + 1), 1);
    assert_true(ended(fixture, 0));
    assert_false(ended(fixture, 1));
    assert_int_equal(recv(fixture->pairs[2][0], &byte, 1, MSG_DONTWAIT), 1);
    assert_false(ended(fixture, 2));
    assert_int_equal(connections_sweep(fixture->connections, 102 * SECOND), 1);
    assert_true(ended(fixture, 2));
    assert_false(ended(fixture, 3));
    assert_int_equal(hits(fixture, LIMIT_REQUEST_TIME), 0); /* it was no deadline */
}

/* What has arrived and was not read yet may be a whole request: the HTTP thread is late, not the client. */
static void test_gone_with_unread_request(void **state)
{
    struct fixture *fixture = *state;
    char byte = 'G';

    assert_non_null(client(fixture, "192.0.2.1", 0));
    assert_int_equal(send(fixture->pairs[0][0], &byte, 1, 0), 1);
    assert_int_equal(shutdown(fixture->pairs[0][0], SHUT_WR), 0);
    assert_int_equal(connections_sweep(fixture->connections, 5 * SECOND), 0);
    assert_int_equal(recv(fixture->pairs[0][1], &byte, 1, 0), 1);
    assert_int_equal(connections_sweep(fixture->connections, 5 * SECOND), 1);
}

static void test_kept_alive(void **state)
{
    struct fixture *fixture = *state;
    struct connection *scraper = client(fixture, "192.0.2.1", 0);

    /* Its first request may be on its way; after a while nobody waits for that. */
    assert_int_equal(connections_active(fixture->connections, CONNECTION_NEW_NS - 1), 1);
    assert_int_equal(connections_active(fixture->connections, CONNECTION_NEW_NS), 0);
    for (uint64_t at = 5 * SECOND; at < 400 * SECOND; at += 60 * SECOND) {
        connections_request(fixture->connections, scraper, at);
        assert_int_equal(connections_active(fixture->connections, at), 1);
        connections_answer(fixture->connections, scraper);
        assert_int_equal(connections_active(fixture->connections, at), 1);
        connections_complete(fixture->connections, scraper, at + SECOND);
        assert_int_equal(connections_active(fixture->connections, at + SECOND), 0);
        assert_int_equal(connections_sweep(fixture->connections, at + 59 * SECOND), 0);
    }
    connections_complete(fixture->connections, scraper, 400 * SECOND);
    assert_int_equal(connections_sweep(fixture->connections, 400 * SECOND + CONNECTION_IDLE_MAX_NS), 0);
    assert_int_equal(connections_sweep(fixture->connections, 400 * SECOND + CONNECTION_IDLE_MAX_NS + 1), 1);
    assert_true(ended(fixture, 0));
    assert_int_equal(hits(fixture, LIMIT_REQUEST_TIME), 0); /* nobody's request was cut off */
}

static void test_shed_oldest(void **state)
{
    struct fixture *fixture = *state;
    struct connection *waiting = client(fixture, "192.0.2.1", 1);
    struct connection *newer = client(fixture, "192.0.2.2", 1);
    struct connection *older = client(fixture, "192.0.2.3", 1);

    assert_non_null(waiting);
    assert_false(connections_shed_oldest(fixture->connections));
    connections_request(fixture->connections, older, 2);
    connections_request(fixture->connections, newer, 3);
    assert_false(connections_shed_oldest(fixture->connections)); /* they hold no answer yet */
    connections_answer(fixture->connections, newer);
    connections_answer(fixture->connections, older);
    assert_int_equal(connections_active(fixture->connections, SECOND), 2);
    assert_true(connections_shed_oldest(fixture->connections));
    assert_true(ended(fixture, 2));
    assert_false(ended(fixture, 1));
    assert_int_equal(connections_active(fixture->connections, SECOND), 1);
    assert_true(connections_shed_oldest(fixture->connections));
    assert_true(ended(fixture, 1));
    assert_false(connections_shed_oldest(fixture->connections));
    assert_false(ended(fixture, 0));
    assert_int_equal(hits(fixture, LIMIT_RESPONSE_BYTES), 2);
}

/* A descriptor that libmicrohttpd closed may be another's by the next sweep. */
static void test_removed_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct connection *gone = client(fixture, "192.0.2.1", 0);
    struct connection *next;

    connections_remove(fixture->connections, gone);
    assert_int_equal(connections_sweep(fixture->connections, 1000 * SECOND), 0);
    assert_false(ended(fixture, 0));
    next =
        client(fixture, "192.0.2.2", 1000 * SECOND); /* the storage of the first, with nothing left of it */
    assert_ptr_equal(next, gone);
    assert_int_equal(connections_sweep(fixture->connections, 1001 * SECOND), 0);
    assert_int_equal(connections_active(fixture->connections, 1001 * SECOND), 0);
}

static void *churn(void *data)
{
    struct fixture *fixture = data;
    union address address = address_of("192.0.2.7");

    for (unsigned i = 0; i < 20000; i++) {
        struct connection *connection = connections_add(fixture->connections, -1, &address.any, i);

        if (!connection)
            continue;
        connections_request(fixture->connections, connection, i);
        connections_answer(fixture->connections, connection);
        connections_complete(fixture->connections, connection, i);
        connections_remove(fixture->connections, connection);
    }
    return NULL;
}

/* Several HTTP threads and main at once: for the thread sanitizer, and no entry is lost. */
static void test_threads(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[4];

    for (size_t i = 0; i < ELEMENTS(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, churn, fixture), 0);
    for (unsigned i = 0; i < 2000; i++) {
        (void)connections_sweep(fixture->connections, i);
        assert_true(connections_active(fixture->connections, i) <= PER_ADDRESS);
    }
    for (size_t i = 0; i < ELEMENTS(threads); i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < PER_ADDRESS; i++)
        assert_non_null(client(fixture, "192.0.2.7", 0));
    assert_null(client(fixture, "192.0.2.7", 0));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_limit_per_address),
        TEST(test_limit_total),
        TEST(test_limits_change),
        TEST(test_row_30_slow_requests),
        TEST(test_client_is_gone),
        TEST(test_gone_with_unread_request),
        TEST(test_kept_alive),
        TEST(test_shed_oldest),
        TEST(test_removed_is_left_alone),
        TEST(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

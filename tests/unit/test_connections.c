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
    int pairs[64][2];
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
    static const struct connections_limits settings = {.total = TOTAL,
                                                       .per_address = PER_ADDRESS,
                                                       .idle_per_address = PER_ADDRESS,
                                                       .request_timeout_ns = 10 * SECOND};

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
    return connections_add(fixture->connections, &(struct newcomer){SHARE_NETWORK, &address.any, pair[1]},
                           now_ns);
}

/* The same by the local socket; the client is of this user. */
static struct connection *local_client(struct fixture *fixture, uint64_t now_ns)
{
    const struct sockaddr address = {.sa_family = AF_UNIX};
    int *pair = fixture->pairs[fixture->pair_count++];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    return connections_add(fixture->connections, &(struct newcomer){SHARE_LOCAL, &address, pair[1]}, now_ns);
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

    return connections_admit(fixture->connections, &(struct newcomer){SHARE_NETWORK, &address.any, -1});
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

static bool local_admitted(struct fixture *fixture)
{
    return connections_admit(fixture->connections, &(struct newcomer){SHARE_LOCAL, NULL, -1});
}

/* Whoever forgets to end: neither the other users of this host nor the network stand before a closed door. */
static void test_local_limit_per_user(void **state)
{
    struct fixture *fixture = *state;
    struct connection *first = local_client(fixture, 1);

    assert_non_null(first);
    for (size_t i = 1; i < LOCAL_CONNECTIONS_PER_USER; i++)
        assert_non_null(local_client(fixture, 1));
    assert_null(local_client(fixture, 1));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS_PER_ADDRESS), 1);
    assert_true(local_admitted(fixture)); /* who it is, nobody knows yet */
    connections_remove(fixture->connections, first);
    assert_non_null(local_client(fixture, 1));
    for (size_t i = 0; i < PER_ADDRESS; i++)
        assert_non_null(client(fixture, "192.0.2.1", 1));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS), 0);
}

static void test_shares_are_apart(void **state)
{
    static const struct sockaddr address = {.sa_family = AF_UNIX};
    struct connection *open[LOCAL_CONNECTIONS_MAX];
    struct fixture *fixture = *state;

    /* Descriptors that say nobody's name count as one user's. */
    for (size_t i = 0; i < LOCAL_CONNECTIONS_PER_USER; i++) {
        open[2 * i] = local_client(fixture, 1);
        open[2 * i + 1] =
            connections_add(fixture->connections, &(struct newcomer){SHARE_LOCAL, &address, -1}, 1);
        assert_non_null(open[2 * i]);
        assert_non_null(open[2 * i + 1]);
    }
    assert_false(local_admitted(fixture));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS), 1);
    for (size_t i = 0; i < TOTAL; i++)
        assert_non_null(client(fixture, i < PER_ADDRESS ? "192.0.2.1" : "192.0.2.2", 1));
    assert_false(admitted(fixture, "192.0.2.3"));
    connections_remove(fixture->connections, open[1]);
    assert_true(local_admitted(fixture));
    assert_false(admitted(fixture, "192.0.2.3"));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS), 3);
}

static void test_local_deadline(void **state)
{
    struct fixture *fixture = *state;
    struct connection *reader = local_client(fixture, SECOND);

    connections_request(fixture->connections, reader, SECOND);
    connections_answer(fixture->connections, reader);
    assert_int_equal(connections_sweep(fixture->connections, 11 * SECOND), 0);
    assert_int_equal(connections_sweep(fixture->connections, 11 * SECOND + 1), 1);
    assert_true(ended(fixture, 0));
    assert_int_equal(hits(fixture, LIMIT_REQUEST_TIME), 1);
}

static void test_limits_change(void **state)
{
    static const struct connections_limits less = {
        .total = 1, .per_address = 1, .idle_per_address = 1, .request_timeout_ns = SECOND};
    struct fixture *fixture = *state;

    assert_non_null(client(fixture, "192.0.2.1", 0));
    assert_non_null(client(fixture, "192.0.2.1", 0));
    connections_configure(fixture->connections, &less);
    assert_false(admitted(fixture, "192.0.2.2"));
    assert_int_equal(connections_sweep(fixture->connections, 2 * SECOND), 2);
}

/* Row 30 of docs/faults.md: the deadline runs from the start, whatever arrives in between. */
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

/* Who ended his side before the answer was out: libmicrohttpd is told no more of it. */
static void test_ended_before_the_answer(void **state)
{
    struct fixture *fixture = *state;
    struct connection *stays = client(fixture, "192.0.2.1", 100 * SECOND);
    struct connection *ended_early;

    connections_complete(fixture->connections, stays, 100 * SECOND);
    assert_true(connections_announce(fixture->connections, 100 * SECOND, UINT64_MAX) > 150 * SECOND);
    ended_early = client(fixture, "192.0.2.2", 100 * SECOND);
    assert_int_equal(shutdown(fixture->pairs[1][0], SHUT_WR), 0);
    connections_complete(fixture->connections, ended_early, 100 * SECOND);
    assert_int_equal(connections_announce(fixture->connections, 100 * SECOND, UINT64_MAX), 101 * SECOND);
    assert_int_equal(connections_sweep(fixture->connections, 101 * SECOND + 1), 1);
    assert_true(ended(fixture, 1));
    assert_false(ended(fixture, 0));
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

/* Row 77 of docs/faults.md: whoever waits for a next request gives up its place to who asks now. */
static void test_row_77_idle_ones_make_room(void **state)
{
    struct fixture *fixture = *state;
    struct connection *open[PER_ADDRESS];

    for (size_t i = 0; i < PER_ADDRESS; i++) {
        open[i] = client(fixture, "192.0.2.1", 1);
        connections_request(fixture->connections, open[i], 2);
    }
    assert_false(admitted(fixture, "192.0.2.1")); /* all are busy */
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS_PER_ADDRESS), 1);
    connections_complete(fixture->connections, open[2], 3);
    connections_complete(fixture->connections, open[1], 4);
    assert_true(admitted(fixture, "192.0.2.1"));
    assert_non_null(client(fixture, "192.0.2.1", 5)); /* the same one, not another */
    assert_true(ended(fixture, 2));
    assert_false(ended(fixture, 0) || ended(fixture, 1));
    connections_remove(fixture->connections, open[2]); /* libmicrohttpd has seen it */
    assert_non_null(client(fixture, "192.0.2.1", 6));
    assert_true(ended(fixture, 1));
    assert_null(client(fixture, "192.0.2.1", 7));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS_PER_ADDRESS), 2);
}

/* Of all, where all places are taken. */
static void test_row_77_idle_ones_of_others(void **state)
{
    static const char *const hosts[TOTAL] = {"192.0.2.1", "192.0.2.2", "192.0.2.3",
                                             "192.0.2.4", "192.0.2.5", "192.0.2.6"};
    struct fixture *fixture = *state;
    struct connection *open[TOTAL];

    for (size_t i = 0; i < TOTAL; i++)
        open[i] = client(fixture, hosts[i], 1);
    assert_false(admitted(fixture, "192.0.2.9"));
    connections_complete(fixture->connections, open[4], 9);
    connections_complete(fixture->connections, open[3], 8);
    assert_non_null(client(fixture, "192.0.2.9", 10));
    assert_true(ended(fixture, 3));
    assert_false(ended(fixture, 4));
    assert_int_equal(hits(fixture, LIMIT_CONNECTIONS), 1);
}

/* Fewer than there may be in all. */
static void test_row_77_few_may_be_idle(void **state)
{
    static const struct connections_limits settings = {
        .total = TOTAL, .per_address = TOTAL, .idle_per_address = 2, .request_timeout_ns = SECOND};
    struct fixture *fixture = *state;

    connections_configure(fixture->connections, &settings);
    for (unsigned i = 0; i < TOTAL; i++)
        connections_complete(fixture->connections, client(fixture, "192.0.2.1", i), i);
    for (size_t i = 0; i < TOTAL; i++)
        assert_int_equal(ended(fixture, i), i < TOTAL - 2);
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

/* Nobody has to look before something may be due: each second for who waits for a request, else at the
 * deadline; and not at all where there is nobody. */
static void test_when_to_sweep(void **state)
{
    struct fixture *fixture = *state;
    struct connections *connections = fixture->connections;
    struct connection *scraper;

    assert_int_equal(connections_announce(connections, SECOND, UINT64_MAX), UINT64_MAX);
    scraper = client(fixture, "192.0.2.1", 100 * SECOND);
    assert_int_equal(connections_announce(connections, 100 * SECOND, UINT64_MAX), 101 * SECOND);
    assert_int_equal(connections_announce(connections, 109 * SECOND + 1, UINT64_MAX), 110 * SECOND + 1);
    assert_int_equal(connections_announce(connections, 100 * SECOND, 100 * SECOND + 5), 100 * SECOND + 5);
    connections_request(connections, scraper, 103 * SECOND);
    assert_int_equal(connections_announce(connections, 103 * SECOND, UINT64_MAX), 104 * SECOND);
    connections_answer(connections, scraper);
    assert_int_equal(connections_announce(connections, 103 * SECOND, UINT64_MAX), 113 * SECOND + 1);
    connections_complete(connections, scraper, 105 * SECOND);
    assert_int_equal(connections_announce(connections, 105 * SECOND, UINT64_MAX),
                     105 * SECOND + CONNECTION_IDLE_MAX_NS + 1);
    assert_int_equal(connections_sweep(connections, 105 * SECOND + CONNECTION_IDLE_MAX_NS + 1), 1);
    assert_int_equal(connections_announce(connections, 300 * SECOND, UINT64_MAX), UINT64_MAX); /* shut */
}

/* Who is due before the sweep that was announced calls for another, once; who is not wakes nobody. */
static void test_sweeper_is_called(void **state)
{
    struct fixture *fixture = *state;
    struct bell bell;
    struct connection *slow;

    assert_int_equal(bell_init(&bell), 0);
    connections_sweeper(fixture->connections, &bell);
    assert_int_equal(connections_announce(fixture->connections, 0, 15 * SECOND), 15 * SECOND);
    assert_non_null(client(fixture, "192.0.2.1", 5 * SECOND));
    assert_false(bell_heard(&bell));
    slow = client(fixture, "192.0.2.2", 4 * SECOND);
    assert_true(bell_heard(&bell));
    assert_non_null(client(fixture, "192.0.2.3", 4 * SECOND));
    connections_request(fixture->connections, slow, 4 * SECOND);
    assert_false(bell_heard(&bell));
    connections_request(fixture->connections, slow, 3 * SECOND);
    assert_true(bell_heard(&bell));
    connections_sweeper(fixture->connections, NULL);
    bell_done(&bell);
}

static void *churn(void *data)
{
    struct fixture *fixture = data;
    union address address = address_of("192.0.2.7");
    const struct newcomer newcomer = {SHARE_NETWORK, &address.any, -1};

    for (unsigned i = 0; i < 20000; i++) {
        struct connection *connection = connections_add(fixture->connections, &newcomer, i);

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
        TEST(test_local_limit_per_user),
        TEST(test_shares_are_apart),
        TEST(test_local_deadline),
        TEST(test_limits_change),
        TEST(test_row_30_slow_requests),
        TEST(test_client_is_gone),
        TEST(test_ended_before_the_answer),
        TEST(test_gone_with_unread_request),
        TEST(test_kept_alive),
        TEST(test_row_77_idle_ones_make_room),
        TEST(test_row_77_idle_ones_of_others),
        TEST(test_row_77_few_may_be_idle),
        TEST(test_shed_oldest),
        TEST(test_removed_is_left_alone),
        TEST(test_when_to_sweep),
        TEST(test_sweeper_is_called),
        TEST(test_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The question whether an HTTP thread answers: it is asked of a real libmicrohttpd, is answered, is lost with
 * a thread that does not run, and survives that its connection is renewed as often as somebody waits to be
 * accepted. */

#include <poll.h>

#include "daemon/http/self_probe.h"
#include "tests/unit/unit.h"

enum { PATIENCE_MS = 10000, STEP_MS = 5 };

static struct probe_address address;
static struct self_probe probe;
static struct MHD_Daemon *server;

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result;

    (void)data, (void)version, (void)upload, (void)upload_size, (void)state;
    assert_string_equal(url, "/-/healthy");
    assert_string_equal(method, "HEAD");
    result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

/* Without a thread of its own it answers only when it is run. */
static void start(unsigned flags)
{
    server = MHD_start_daemon(flags | MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, on_request, NULL,
                              MHD_OPTION_END);
    assert_non_null(server);
    assert_int_equal(probe_address_init(&address), 0);
    assert_int_equal(self_probe_init(&probe, server, &address, false), 0);
}

static int teardown(void **state)
{
    (void)state;
    MHD_stop_daemon(server);
    self_probe_done(&probe);
    return 0;
}

static bool answered_soon(void)
{
    for (int waited = 0; waited < PATIENCE_MS; waited += STEP_MS) {
        if (self_probe_answered(&probe, server))
            return true;
        (void)poll(NULL, 0, STEP_MS);
    }
    return false;
}

static void test_a_thread_that_runs_answers(void **state)
{
    (void)state;
    start(MHD_USE_INTERNAL_POLLING_THREAD);
    for (int i = 0; i < 3; i++) {
        self_probe_ask(&probe, server);
        assert_true(answered_soon());
    }
}

static void test_nobody_runs(void **state)
{
    (void)state;
    start(0);
    self_probe_ask(&probe, server);
    for (int i = 0; i < 5; i++)
        assert_false(self_probe_answered(&probe, server));
    for (int i = 0; i < 100 && !self_probe_answered(&probe, server); i++)
        assert_int_equal(MHD_run(server), MHD_YES);
    assert_true(self_probe_answered(&probe, server));
}

/* Somebody waits to be accepted at every look. */
static void test_renewed_before_the_answer(void **state)
{
    (void)state;
    start(0);
    self_probe_ask(&probe, server);
    self_probe_renew(&probe, server);
    assert_int_equal(probe.state, PROBE_WAITING);
    for (int i = 0; i < 100 && probe.state == PROBE_WAITING; i++) {
        assert_int_equal(MHD_run(server), MHD_YES);
        self_probe_renew(&probe, server);
    }
    assert_true(self_probe_answered(&probe, server));
    self_probe_renew(&probe, server);
    assert_true(self_probe_answered(&probe, server));
}

static void test_own_address(void **state)
{
    struct probe_address other;
    struct sockaddr foreign = {.sa_family = AF_UNIX};

    (void)state;
    start(0);
    assert_int_equal(probe_address_init(&other), 0);
    assert_true(probe_address_equal(&address, &address.any));
    assert_false(probe_address_equal(&address, &other.any));
    assert_false(probe_address_equal(&address, &foreign));
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_thread_that_runs_answers),
        TEST(test_nobody_runs),
        TEST(test_renewed_before_the_answer),
        TEST(test_own_address),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

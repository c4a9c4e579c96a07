/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is the same for every collector: its keys with the defaults of each, and who has its state when. */

#include "collectors/collector.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

struct collector_state {
    char bytes[4096];
    bool half_built;
};

static int open_error;
static unsigned closed;

static int fake_open(struct collector_state *state, const struct collector_context *context,
                     struct fault *fault)
{
    for (size_t i = 0; i < sizeof(state->bytes); i++)
        assert_int_equal(state->bytes[i], 0);
    memset(state->bytes, 'x', sizeof(state->bytes));
    state->half_built = true;
    (void)context;
    return open_error < 0 ? fault_set(fault, open_error, "no such luck") : 0;
}

static void fake_close(struct collector_state *state)
{
    assert_true(state->half_built);
    closed++;
}

static const struct collector fake = {
    .name = "fake",
    .enabled = false,
    .interval = "7s",
    .state_size = sizeof(struct collector_state),
    .open = fake_open,
    .close = fake_close,
};

static void test_open_and_close(void **state)
{
    const struct collector_context context = {};
    struct collector_state *opened = NULL;
    struct fault fault = {};

    (void)state;
    open_error = 0;
    closed = 0;
    for (unsigned i = 0; i < 2; i++) { /* zeros the second time, too */
        assert_int_equal(collector_open(&fake, &context, &opened, &fault), 0);
        assert_non_null(opened);
        assert_int_equal(closed, i);
        assert_null(collector_close(&fake, opened));
        assert_int_equal(closed, i + 1);
    }
    assert_null(collector_close(&fake, NULL));
    assert_int_equal(closed, 2);
}

/* Half of an open is undone, and nobody gets to see it. */
static void test_open_fails(void **state)
{
    const struct collector_context context = {};
    struct collector_state *opened = NULL;
    struct fault fault = {};

    (void)state;
    open_error = -EIO;
    closed = 0;
    assert_int_equal(collector_open(&fake, &context, &opened, &fault), -EIO);
    assert_string_equal(fault.text, "no such luck");
    assert_null(opened);
    assert_int_equal(closed, 1);
}

static void test_options(void **state)
{
    struct collector_options options;
    struct collector_common common = {.enabled = true};

    (void)state;
    collector_options(&fake, &options);
    assert_int_equal(options.table.count, COLLECTOR_OPTION_COUNT);
    assert_int_equal(options_init(&options.table, &common), 0);
    assert_false(common.enabled);
    assert_true(common.interval_ns == 7 * NS_PER_SECOND);
    assert_true(common.max_age_ns == 30 * NS_PER_SECOND);
    options_done(&options.table, &common);
    for (size_t i = 0; i < collector_count; i++) {
        collector_options(collectors[i], &options);
        assert_int_equal(options_init(&options.table, &common), 0);
        assert_int_equal(common.enabled, collectors[i]->enabled);
        options_done(&options.table, &common);
    }
}

/* Also where each descriptor is open, which no single kernel does. */
static void test_all_descriptors_fit(void **state)
{
    (void)state;
    for (size_t i = 0; i < collector_count; i++) {
        size_t count = 0;

        while (collectors[i]->handles && collectors[i]->handles[count])
            count++;
        assert_in_range(count, 0, HANDOVER_HANDLES_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_close),
        cmocka_unit_test(test_open_fails),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_all_descriptors_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

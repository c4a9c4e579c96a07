/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opens and reads each collector once for whoever wants to know what it has. Main thread; nothing else runs.
 */
#include "daemon/command_collectors.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "collectors/collector.h"
#include "daemon/command_output.h"
#include "daemon/run/handover_set.h"

/* Counts the series that a scrape would have now. Returns false and sets the fault if the collector fails. */
static bool count_series(const struct collector *collector, struct collector_state *state,
                         uint64_t *ret_series, struct fault *fault)
{
    struct snapshot *draft = snapshot_new();
    int error = draft ? collector->collect(state, draft, fault) : fault_set(fault, -ENOMEM, "out of memory");

    if (error == 0)
        *ret_series = snapshot_series(draft);
    snapshot_unref(draft);
    return error == 0;
}

/* Copies the collector's own settings, with one option set to its other value. Returns NULL if memory runs
 * out, or if the value is not valid. */
static void *settings_but_for(const struct option_table *table, const void *settings,
                              const struct option *but)
{
    void *copy = options_new(table);
    struct fault fault = {};
    int error = copy ? 0 : -ENOMEM;

    for (size_t i = 0; i < table->count && error == 0; i++)
        error = option_copy(&table->options[i], copy, settings);
    if (error == 0)
        error = option_set_text(but, copy, but->other_series, &fault);
    if (error < 0) {
        options_free(table, copy);
        return NULL;
    }
    return copy;
}

/* Lists how many series the other value of the option would make. Lists nothing if the option has this value
 * already. */
static void list_other(const struct collector *collector, const struct collector_context *usual,
                       const struct option *option, struct buffer *out)
{
    void *other = settings_but_for(&collector->options, usual->settings, option);
    struct collector_context context = *usual;
    struct collector_state *state = NULL;
    struct fault fault = {};
    uint64_t series;

    context.settings = other;
    if (other && !option_equal(option, other, usual->settings) &&
        collector_open(collector, &context, &state, &fault) == 0) {
        if (count_series(collector, state, &series, &fault))
            buffer_printf(out, "               %" PRIu64 " with %s=%s\n", series, option->key,
                          option->other_series);
        (void)collector_close(collector, state);
    }
    options_free(&collector->options, other);
}

static void list_series(const struct collector *collector, const struct collector_context *context,
                        struct collector_state *state, struct buffer *out)
{
    struct fault fault = {};
    uint64_t series;

    if (!count_series(collector, state, &series, &fault)) {
        buffer_printf(out, "    series:    none: %s\n", fault.text);
        return;
    }
    buffer_printf(out, "    series:    %" PRIu64 "\n", series);
    for (size_t i = 0; i < collector->options.count; i++)
        if (collector->options.options[i].other_series)
            list_other(collector, context, &collector->options.options[i], out);
}

static void list_collector(const struct settings *settings, struct limits *limits, size_t i,
                           struct buffer *out)
{
    const struct collector *collector = collectors[i];
    _cleanup_(handover_done) struct handover handover = {};
    const struct collector_context context = settings_context(settings, i, limits, &handover);
    struct collector_state *state = NULL;
    struct fault fault = {};
    int error;

    handover_set_open_one(&handover, settings, limits, i);
    error = collector_open(collector, &context, &state, &fault);
    buffer_printf(out, "%s\n    %s\n    enabled:   %s\n    needs:     %s\n    runs here: ", collector->name,
                  collector->summary, settings_collector(settings, i)->enabled ? "yes" : "no",
                  collector_needs(collector));
    if (error < 0) {
        buffer_printf(out, "no: %s\n", fault.text);
        return;
    }
    /* A collector that had to choose between sources says which one it chose, and why. */
    buffer_printf(out, "yes%s%s\n", fault.text[0] ? ": " : "", fault.text);
    list_series(collector, &context, state, out);
    (void)collector_close(collector, state);
}

int command_list_collectors(const struct settings *settings)
{
    _cleanup_(buffer_done) struct buffer out = {};
    struct limits limits = {};
    int status = EXIT_SUCCESS;

    /* One after the other: if one hangs, the output ends with those before it. */
    for (size_t i = 0; i < collector_count && status == EXIT_SUCCESS; i++) {
        buffer_clear(&out);
        list_collector(settings, &limits, i, &out);
        status = command_output_text(&out);
    }
    buffer_clear(&out);
    if (settings->host_network == HOST_NETWORK_NO)
        buffer_text(&out, HOST_NETWORK_OTHER "\n");
    return status == EXIT_SUCCESS ? command_output_text(&out) : status;
}

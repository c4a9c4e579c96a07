/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/self_test.h"

/*
 * Implements --self-test. Main thread. Uses the same runners and registry as the daemon, and all that --once
 * does.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/engine.h"
#include "daemon/own_drop.h"
#include "daemon/run/snapshots.h"
#include "daemon/systemd/log.h"

#define LISTEN_NS (2 * NS_PER_SECOND) /* the kernel's monitor reports once a second */
#define POLL_NS   (NS_PER_SECOND / 100)
#define STOP_NS   (2 * NS_PER_SECOND)

enum { NAME_COLUMN = 14, RESULT_COLUMN = 10 };

/* What was seen of our own drops. */
struct sighting {
    uint64_t count;
    bool sure;       /* for our reason */
    char where[160]; /* room for a reason and a function */
    uint64_t lost;   /* drops of the whole host that have no row */
};

static void print_line(const char *name, const char *result, const char *text)
{
    _cleanup_(buffer_done) struct buffer line = {};

    report_escape(&line, text);
    buffer_append(&line, "", 1);
    printf("%-*s  %-*s%s%s\n", NAME_COLUMN, name, *text ? RESULT_COLUMN : 0, result, *text ? "  " : "",
           line.error ? "" : line.data);
}

/* Returns true if a site may have counted our drops: UDP's receive function, as far as it is known, dropped
 * for a missing socket, as far as that is known, in a namespace that is neither the host's nor one with a
 * name, since ours has none. */
static bool may_be_ours(const struct row_set *rows, size_t row, const char *reason, const char *function)
{
    static const char *const reasons[] = {"NO_SOCKET", "NOT_SPECIFIED", ""};
    char netns[64] = "";

    if (row_set_label(rows, row, "netns", netns, sizeof(netns)) > 0 && strcmp(netns, "other") != 0)
        return false;
    if (strcmp(function, "unknown") != 0 && !(strstr(function, "udp") && strstr(function, "rcv")))
        return false;
    for (size_t i = 0; i < ELEMENTS(reasons); i++)
        if (strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

/* Finds the site that counted most drops that may be ours. One whose reason is known comes first. */
static void look_in_table(const struct table *table, size_t column, struct sighting *sighting)
{
    for (size_t row = 0; row < table->rows->count; row++) {
        char reason[64] = "", function[64] = "";
        uint64_t count;
        bool sure;

        (void)row_set_label(table->rows, row, "reason", reason, sizeof(reason));
        (void)row_set_label(table->rows, row, "function", function, sizeof(function));
        if (!may_be_ours(table->rows, row, reason, function) || !table_get(table, row, column, &count))
            continue;
        sure = strcmp(reason, "NO_SOCKET") == 0;
        if (sure < sighting->sure || (sure == sighting->sure && count <= sighting->count))
            continue;
        sighting->count = count;
        sighting->sure = sure;
        (void)snprintf(sighting->where, sizeof(sighting->where), "%s%s%s", reason, *reason ? " in " : "in ",
                       function);
    }
}

static uint64_t sum_of(const struct table *table, size_t column)
{
    uint64_t sum = 0, count;

    for (size_t row = 0; row < table->rows->count; row++)
        if (table_get(table, row, column, &count))
            sum += count;
    return sum;
}

static struct sighting look(const struct registry *registry)
{
    struct sighting sighting = {};
    struct snapshots snapshots;
    struct table_walk walk;
    const struct table *table;
    size_t column;

    registry_snapshots(registry, clock_boottime_ns(), &snapshots);
    walk = table_walk_begin(&snapshots);
    while ((table = table_walk_role(&walk, ROLE_DROP_SITES, &column)))
        look_in_table(table, column, &sighting);
    walk = table_walk_begin(&snapshots);
    while ((table = table_walk_role(&walk, ROLE_DROPS_UNSEEN, &column)))
        sighting.lost += sum_of(table, column);
    snapshots_done(&snapshots);
    return sighting;
}

/* Returns true if a collector is open that should count our drops. */
static bool is_counting(const struct engine *engine, const struct settings *settings)
{
    for (size_t i = 0; i < collector_count; i++)
        if (collectors[i]->explains && settings_collector(settings, i)->enabled &&
            !engine->handovers[i].fault.error)
            return true;
    return false;
}

static int tell_collector(const struct registry *registry, const struct settings *settings, size_t i)
{
    struct collector_health health;
    char text[sizeof(health.note) + 64];

    registry_health(registry, i, clock_boottime_ns(), &health);
    if (!health.enabled) {
        print_line(collectors[i]->name, "off", "");
        return EXIT_SUCCESS;
    }
    if (health.state == COLLECTOR_OK) {
        (void)snprintf(text, sizeof(text), "%" PRIu64 " series%s%s", health.series,
                       health.note[0] ? "; " : "", health.note);
        print_line(collectors[i]->name, "works", text);
        return EXIT_SUCCESS;
    }
    if (health.state != COLLECTOR_UNSUPPORTED) {
        print_line(collectors[i]->name, health_state_name(health.state), health.reason);
        return EXIT_FAILURE;
    }
    print_line(collectors[i]->name, "absent", health.reason);
    return collectors[i]->explains || settings_collector_chosen(settings, i) ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Reports what became of our drops. `made` says why they could not be made. */
static int tell_drop(const struct registry *registry, bool counting, const struct fault *made)
{
    static const char *const results[] = {
        [OWN_DROP_SEEN] = "seen", [OWN_DROP_SEEN_IN_PART] = "in part", [OWN_DROP_NOT_SEEN] = "not seen"};
    struct sighting sighting = look(registry);
    uint64_t seen = sighting.count < OWN_DROP_COUNT ? sighting.count : OWN_DROP_COUNT;
    enum own_drop_verdict verdict = own_drop_judge(seen, sighting.lost);
    _cleanup_(buffer_done) struct buffer text = {};

    if (!counting || made->error) {
        print_line("own drop", "not tried", counting ? made->text : "nothing counts drop sites");
        return EXIT_SUCCESS;
    }
    buffer_printf(&text, "%" PRIu64 " of %d datagrams to a closed port, in a namespace of their own%s%s",
                  seen, OWN_DROP_COUNT, seen ? ": " : "", sighting.where);
    if (sighting.lost)
        buffer_printf(&text, "; without a row, of the whole host: %" PRIu64, sighting.lost);
    buffer_append(&text, "", 1);
    print_line("own drop", results[verdict], text.error ? "" : text.data);
    return verdict == OWN_DROP_SEEN ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int tell(const struct engine *engine, const struct settings *settings, bool counting,
                const struct fault *made)
{
    int status = EXIT_SUCCESS;

    for (size_t i = 0; i < collector_count; i++)
        if (tell_collector(engine->registry, settings, i) != EXIT_SUCCESS)
            status = EXIT_FAILURE;
    if (tell_drop(engine->registry, counting, made) != EXIT_SUCCESS)
        status = EXIT_FAILURE;
    if (settings->host_network == HOST_NETWORK_NO)
        print_line("network", "not host's", HOST_NETWORK_OTHER);
    return fflush(stdout) ? EXIT_FAILURE : status;
}

int command_self_test(struct settings *settings)
{
    struct systemd_fds passed = {};
    struct engine engine;
    struct fault fault = {}, made = {};
    int status = EXIT_FAILURE;
    bool counting = false;
    int error = engine_init(&engine, settings, &passed, &fault);

    if (!error) {
        counting = is_counting(&engine, settings);
        /* Counting has begun, and there is no other thread yet. */
        if (counting)
            (void)own_drop_make(&made);
        error = runner_set_apply(engine.runners, settings, LISTEN_NS, &fault);
    }
    if (error < 0) {
        log_error("%s", fault.text);
    } else {
        while (!runner_set_settled(engine.runners))
            nanosleep(&(struct timespec){.tv_nsec = POLL_NS}, NULL);
        status = tell(&engine, settings, counting, &made);
    }
    if (!engine_done(&engine, STOP_NS))
        _exit(status); /* a thread still hangs in the kernel */
    return status;
}

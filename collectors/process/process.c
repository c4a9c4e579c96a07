/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/process/process.h"

/*
 * The standard process_* metrics (Prometheus' "Writing client libraries"), a collector like the others so
 * that a request touches no file. Always about this process: from the real /proc/self, whatever
 * --path.procfs says. Runs on the collector's thread; nothing is allocated after open.
 */

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "collectors/kernel/procfile.h"
#include "collectors/process/process_parse.h"

enum process_column {
    COLUMN_CPU_SECONDS,
    COLUMN_OPEN_FDS,
    COLUMN_MAX_FDS,
    COLUMN_VIRTUAL_BYTES,
    COLUMN_VIRTUAL_MAX_BYTES,
    COLUMN_RESIDENT_BYTES,
    COLUMN_START_TIME_SECONDS,
    COLUMN_COUNT
};

static const struct metric metrics[COLUMN_COUNT] = {
    [COLUMN_CPU_SECONDS] = {.name = "process_cpu_seconds_total",
                            .help = "User and system CPU time that the exporter has used",
                            .source = "CLOCK_PROCESS_CPUTIME_ID",
                            .unit = "seconds",
                            .type = METRIC_COUNTER,
                            .value = VALUE_SECONDS},
    [COLUMN_OPEN_FDS] = {.name = "process_open_fds",
                         .help = "File descriptors that the exporter has open",
                         .source = "/proc/self/fd",
                         .type = METRIC_GAUGE,
                         .value = VALUE_UINT64},
    [COLUMN_MAX_FDS] = {.name = "process_max_fds",
                        .help = "File descriptors that the exporter may have open",
                        .source = "RLIMIT_NOFILE",
                        .type = METRIC_GAUGE,
                        .value = VALUE_UINT64},
    [COLUMN_VIRTUAL_BYTES] = {.name = "process_virtual_memory_bytes",
                              .help = "Address space of the exporter",
                              .source = "/proc/self/stat vsize",
                              .unit = "bytes",
                              .type = METRIC_GAUGE,
                              .value = VALUE_UINT64},
    [COLUMN_VIRTUAL_MAX_BYTES] = {.name = "process_virtual_memory_max_bytes",
                                  .help = "Address space that the exporter may have, 2^64-1 where unlimited",
                                  .source = "RLIMIT_AS",
                                  .unit = "bytes",
                                  .type = METRIC_GAUGE,
                                  .value = VALUE_UINT64},
    [COLUMN_RESIDENT_BYTES] = {.name = "process_resident_memory_bytes",
                               .help = "Memory of the exporter that is resident",
                               .source = "/proc/self/stat rss",
                               .unit = "bytes",
                               .type = METRIC_GAUGE,
                               .value = VALUE_UINT64},
    [COLUMN_START_TIME_SECONDS] = {.name = "process_start_time_seconds",
                                   .help = "When the exporter started, in seconds since the epoch",
                                   .source = "/proc/self/stat starttime",
                                   .unit = "seconds",
                                   .type = METRIC_GAUGE,
                                   .value = VALUE_SECONDS},
};

struct collector_state {
    struct procfile stat;
    DIR *descriptors; /* NULL if it may not be read */
    uint64_t
        start_ns; /* CLOCK_REALTIME at the start; does not move when the clock is set; 0 if not known yet */
    uint64_t page_bytes;
    struct column_set *columns;
    struct row_set *rows;
};

static void process_close(struct collector_state *state)
{
    procfile_done(&state->stat);
    if (state->descriptors)
        closedir(state->descriptors);
    column_set_unref(state->columns);
    row_set_unref(state->rows);
}

static int read_stat(struct collector_state *state, struct process_stat *ret_stat, struct fault *fault)
{
    int error = procfile_read(&state->stat, fault);

    if (error < 0)
        return error;
    error = process_parse_stat(state->stat.data, state->stat.size, ret_stat);
    if (error < 0)
        return fault_set(fault, error, "%s: not a stat line", state->stat.path);
    return 0;
}

/* Starts from CLOCK_BOOTTIME, which needs no /proc/stat (hidden by ProcSubset=pid), and has the same time
 * namespace offset as the field starttime. */
static uint64_t start_time_ns(const struct process_stat *stat)
{
    uint64_t ticks_per_second = (uint64_t)sysconf(_SC_CLK_TCK);
    uint64_t since_boot_ns = uint64_product(stat->start_ticks, NS_PER_SECOND / ticks_per_second);

    return clock_realtime_ns() - clock_boottime_ns() + since_boot_ns;
}

static int make_sets(struct collector_state *state)
{
    int error = column_set_new(metrics, COLUMN_COUNT, &state->columns);

    return error < 0 ? error : row_set_new_single(&state->rows);
}

static int process_open(struct collector_state *state, const struct collector_context *context,
                        struct fault *fault)
{
    (void)context;
    if (procfile_init(&state->stat, "/proc/self", "stat") < 0 || make_sets(state) < 0)
        return fault_set(fault, -ENOMEM, "out of memory");
    state->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    state->descriptors = opendir("/proc/self/fd");
    return 0;
}

/* The kept directory stream is an open descriptor too, and counts. */
static int count_descriptors(DIR *descriptors, uint64_t *ret_count, struct fault *fault)
{
    const struct dirent *entry;
    uint64_t count = 0;

    rewinddir(descriptors);
    while ((errno = 0, entry = readdir(descriptors)))
        count += entry->d_name[0] != '.';
    if (errno)
        return fault_errno(fault, -errno, "/proc/self/fd");
    *ret_count = count;
    return 0;
}

static uint64_t soft_limit(__rlimit_resource_t resource)
{
    struct rlimit limit = {.rlim_cur = RLIM_INFINITY};

    (void)getrlimit(resource, &limit);
    return limit.rlim_cur;
}

static void fill_stat(struct collector_state *state, struct table *table, struct fault *fault)
{
    struct fault reason = {};
    struct process_stat stat;

    if (read_stat(state, &stat, &reason) < 0) {
        fault_note(fault, "without %s", reason.text);
        return;
    }
    if (!state->start_ns)
        state->start_ns = start_time_ns(&stat);
    table_set(table, 0, COLUMN_VIRTUAL_BYTES, stat.virtual_bytes);
    table_set(table, 0, COLUMN_RESIDENT_BYTES, uint64_product(stat.resident_pages, state->page_bytes));
    table_set(table, 0, COLUMN_START_TIME_SECONDS, state->start_ns);
}

static void fill_descriptors(struct collector_state *state, struct table *table, struct fault *fault)
{
    struct fault reason = {};
    uint64_t count = 0;

    if (!state->descriptors)
        fault_note(fault, "without /proc/self/fd");
    else if (count_descriptors(state->descriptors, &count, &reason) < 0)
        fault_note(fault, "without %s", reason.text);
    else
        table_set(table, 0, COLUMN_OPEN_FDS, count);
}

/* If /proc is missing, or hides our own files (hidepid), the metrics that do not need it are still served. */
static int process_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    struct table *table = snapshot_add_table(draft, state->columns, state->rows);

    if (!table)
        return fault_set(fault, -ENOMEM, "out of memory");
    table_set(table, 0, COLUMN_CPU_SECONDS, clock_read_ns(CLOCK_PROCESS_CPUTIME_ID));
    table_set(table, 0, COLUMN_MAX_FDS, soft_limit(RLIMIT_NOFILE));
    table_set(table, 0, COLUMN_VIRTUAL_MAX_BYTES, soft_limit(RLIMIT_AS));
    fill_stat(state, table, fault);
    fill_descriptors(state, table, fault);
    return 0;
}

const struct collector process_collector = {
    .name = "process",
    .summary = "what the exporter itself uses: CPU, memory, descriptors",
    .enabled = true,
    .interval = "15s",
    .state_size = sizeof(struct collector_state),
    .open = process_open,
    .collect = process_collect,
    .close = process_close,
};

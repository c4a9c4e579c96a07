/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_bpf.h"

/*
 * Reads what bpf/drop.bpf.c counts inside the kernel, through descriptors and without any capability. The
 * collector's thread.
 *
 * Deletes the key of a site only if its device is gone and the key has not moved since the last reading. So
 * devices that come and go do not fill the map, and no event can be on its way to the key.
 */

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "collectors/drops/drop_bpf_private.h"
#include "collectors/drops/drop_kept_file.h"

static const char btf_directory[] = "/sys/kernel/btf";

static const char *const handle_names[] = {
    [DROP_BPF_LINK] = "bpf-link",
    [DROP_BPF_NESTED_LINK] = "bpf-nested-link",
    [DROP_BPF_PROGRAM] = "bpf-program",
    [DROP_BPF_COUNTS] = "bpf-counts",
    [DROP_BPF_TALLIES] = "bpf-tallies",
    [DROP_BPF_SYMBOLS] = "bpf-symbols",
    [DROP_BPF_WORKLOADS] = "bpf-workloads",
    [DROP_BPF_CGROUPS] = "bpf-cgroups",
    [DROP_BPF_BURSTS] = "bpf-bursts",
    [DROP_BPF_SETTINGS] = "bpf-settings",
    [DROP_BPF_UDP_LINK] = "bpf-udp-link",
    [DROP_BPF_SPACES] = "bpf-spaces",
    [DROP_BPF_DEVICES] = "bpf-devices",
    [DROP_BPF_TENANTS] = "bpf-tenants",
    [DROP_BPF_RECORD_SITES] = "bpf-record-sites",
    [DROP_BPF_RECORDS] = "bpf-records",
    [DROP_BPF_STACKS] = "bpf-stacks",
    [DROP_BPF_HANDLES] = NULL,
};

static const struct drop_map_shape site_shape = {
    .key_size = sizeof(struct drop_key), .value_size = sizeof(struct drop_value), .sums = 2};

static const struct drop_map_shape burst_shape = {
    .key_size = sizeof(struct drop_key), .value_size = sizeof(struct drop_bursts), .sums = DROP_BURST_STEPS};

static void state_free(struct drop_bpf_state *state)
{
    drop_reasons_done(&state->reasons);
    drop_map_done(&state->sites);
    drop_map_done(&state->bursts);
    drop_workload_map_done(&state->workloads);
    free(state);
}

DEFINE_CLEANUP(struct drop_bpf_state *, state_free)

static void drop_bpf_close(void *data)
{
    struct drop_bpf_state *state = data;

    drop_handles_close(&state->handles);
    state_free(state);
}

/* The source and the reader of one reading. */
struct telling {
    struct drop_bpf_state *state;
    const struct drop_reader *reader;
};

static const char *reason_text(struct drop_bpf_state *state, uint32_t reason, char text[DROP_REASON_SIZE])
{
    if (drop_reasons_renew(&state->reasons, reason, btf_directory))
        (void)malloc_trim(0); /* reading the kernel's BTF takes megabytes */
    drop_reason_name(&state->reasons, reason, text);
    return text;
}

static enum direction direction_of(const struct drop_key *key)
{
    if (key->circumstances & DROP_KEY_MADE_HERE)
        return DIRECTION_TRANSMIT;
    return key->circumstances & DROP_KEY_FORWARDED ? DIRECTION_FORWARD : DIRECTION_RECEIVE;
}

static int give_site(const void *site, const uint64_t *came, void *data)
{
    const struct telling *telling = data;
    const struct drop_key *key = site;
    char reason[DROP_REASON_SIZE];
    struct drop_device device;
    struct drop_count count = {
        .location = key->location,
        .ifindex = (int)key->ifindex,
        .protocol = key->protocol,
        .direction = direction_of(key),
        .circumstances = key->circumstances & DROP_KEY_MEANINGS,
        .count = came[0],
        .owner = (key->circumstances & DROP_KEY_OWNERS) >> DROP_KEY_OWNER_SHIFT,
        .segments = came[0] + came[1],
    };

    if (came[0] == 0)
        return 0;
    count.reason = reason_text(telling->state, key->reason, reason);
    drop_bpf_place(&telling->state->handles, key, &count, &device);
    return telling->reader->count(&count, telling->reader->data);
}

static int give_workload(const void *workload, const uint64_t *came, void *data)
{
    const struct telling *telling = data;
    const struct drop_workload_key *key = workload;
    char reason[DROP_REASON_SIZE] = "";

    if (came[0] == 0)
        return 0;
    return telling->reader->workload(
        &(struct drop_workload_count){
            .cgroup = key->cgroup,
            .location = key->location,
            .reason = key->location ? reason_text(telling->state, key->reason, reason) : reason,
            .netns = key->netns,
            .circumstances = key->circumstances & DROP_KEY_MEANINGS,
            .count = came[0]},
        telling->reader->data);
}

static int give_burst(const void *site, const uint64_t *came, void *data)
{
    const struct telling *telling = data;
    const struct drop_key *key = site;
    char reason[DROP_REASON_SIZE];
    struct drop_burst_count count = {
        .location = key->location,
        .reason = reason_text(telling->state, key->reason, reason),
        .ifindex = key->netns == DROP_NETNS_SELF ? (int)key->ifindex : 0,
        .circumstances = key->circumstances & DROP_KEY_MEANINGS,
    };

    memcpy(count.came.reached, came, sizeof(count.came.reached));
    return telling->reader->burst(&count, telling->reader->data);
}

/* Returns true if our device is gone, or, for other namespaces, which do not tell, if the epoch is over. */
static bool site_over(const void *site, void *data)
{
    const struct telling *telling = data;
    struct drop_epoch *epoch = &telling->state->epoch;
    const struct drop_key *key = site;

    if (epoch->draining && drop_epoch_over(key, epoch))
        return true;
    return key->netns == DROP_NETNS_SELF && key->ifindex &&
           !telling->reader->link_exists((int)key->ifindex, telling->reader->data);
}

/* Returns true if it removed any. */
static bool sites_forget(struct drop_bpf_state *state, struct telling *telling)
{
    bool any = drop_map_forget(&state->bursts, site_over, telling, give_burst, telling);

    any |= drop_map_forget(&state->sites, site_over, telling, give_site, telling);
    if (state->epoch.draining)
        state->epoch.draining = drop_epoch_left(&state->epoch, &state->sites) > 0 ||
                                drop_epoch_left(&state->epoch, &state->bursts) > 0;
    else if (state->abilities & DROP_ABILITY_NAMESPACES)
        drop_epoch_turn(&state->epoch, &state->sites);
    return any;
}

static uint16_t circumstances_of(const void *key)
{
    return ((const struct drop_key *)key)->circumstances;
}

/* Reads how many drops were lost. Of those that the first program did not see, the second has counted most,
 * and the later its count is read, the more. The rest is lost; this number never falls. */
static int losses_read(struct drop_bpf_state *state)
{
    struct bpf_prog_info info = {};
    __u32 size = sizeof(info);
    uint64_t nested;
    int error;

    if (bpf_obj_get_info_by_fd(state->handles.fds[DROP_BPF_PROGRAM], &info, &size) < 0)
        return -errno;
    error =
        drop_map_array(&state->sites, state->handles.fds[DROP_BPF_TALLIES], DROP_TALLY_COUNT, state->tallies);
    if (error < 0)
        return error;
    nested = state->tallies[DROP_TALLY_NESTED];
    if (info.recursion_misses > nested && info.recursion_misses - nested > state->recursions)
        state->recursions = info.recursion_misses - nested;
    state->loaded_ns = info.load_time;
    return 0;
}

static int drop_bpf_read(void *data, const struct drop_reader *reader, struct fault *fault)
{
    struct drop_bpf_state *state = data;
    struct telling telling = {.state = state, .reader = reader};
    bool took;
    int error = drop_map_read(&state->bursts); /* first: a drop that reached a size was counted before it */

    if (error == 0)
        error = drop_map_read(&state->sites);
    if (error == 0)
        error = drop_workload_map_read(&state->workloads);
    if (error == 0)
        error = losses_read(state);
    if (error == 0)
        error = drop_map_moved(&state->sites, give_site, &telling);
    if (error == 0)
        error = drop_map_moved(&state->workloads.map, give_workload, &telling);
    if (error == 0)
        error = drop_map_moved(&state->bursts, give_burst, &telling);
    if (error < 0)
        return fault_errno(fault, error, "reading the BPF map of drops");
    drop_map_keep(&state->sites);
    drop_map_keep(&state->bursts);
    took = sites_forget(state, &telling);
    took |= drop_workload_map_keep(&state->workloads, give_workload, &telling);
    return took;
}

static bool drop_bpf_symbol(const void *data, uint64_t location, char text[DROP_SYMBOL_TEXT_SIZE])
{
    const struct drop_bpf_state *state = data;
    struct drop_symbol symbol;

    if (bpf_map_lookup_elem(state->handles.fds[DROP_BPF_SYMBOLS], &location, &symbol) < 0)
        return false;
    memcpy(text, symbol.text, DROP_SYMBOL_TEXT_SIZE);
    return text[DROP_SYMBOL_TEXT_SIZE - 1] == '\0';
}

/* All counts begin when the program is loaded. The first reader reports all of them, a later one what came
 * since the last reading. */
static int state_begin(struct drop_bpf_state *state, struct drop_bpf_state *previous)
{
    const int *fds = state->handles.fds;
    const uint32_t setting = DROP_SETTING_ABILITIES;
    const struct drop_workload_fds workload_fds = {.workloads = fds[DROP_BPF_WORKLOADS],
                                                   .paths = fds[DROP_BPF_CGROUPS],
                                                   .settings = fds[DROP_BPF_SETTINGS]};
    int error = drop_map_init(&state->sites, fds[DROP_BPF_COUNTS], &site_shape, state->cpus);

    if (error == 0)
        error = drop_map_init(&state->bursts, fds[DROP_BPF_BURSTS], &burst_shape, 1);
    state->epoch = (struct drop_epoch){.settings_fd = fds[DROP_BPF_SETTINGS],
                                       .setting = DROP_SETTING_EPOCH_SITES,
                                       .circumstances = circumstances_of};
    if (error == 0)
        error = drop_epoch_init(&state->epoch, fds[DROP_BPF_COUNTS]);
    if (error == 0)
        error = drop_workload_map_init(&state->workloads, &workload_fds, state->cpus);
    if (error == 0)
        error = drop_reasons_load(&state->reasons, btf_directory);
    if (error == 0 && bpf_map_lookup_elem(fds[DROP_BPF_SETTINGS], &setting, &state->abilities) < 0)
        error = -errno;
    if (error == 0)
        error = drop_bpf_records_begin(state);
    state->map_bytes = drop_bpf_maps_bytes(&state->handles);
    if (error < 0 || !previous)
        return error;
    drop_map_inherit(&state->sites, &previous->sites);
    drop_map_inherit(&state->bursts, &previous->bursts);
    state->epoch.draining = previous->epoch.draining;
    drop_workload_map_inherit(&state->workloads, &previous->workloads);
    return 0;
}

static int drop_bpf_adopt(const struct drop_options *options, const struct drop_handles *handles,
                          void *previous, void **ret_state, struct fault *fault)
{
    _cleanup_(state_freep) struct drop_bpf_state *state = calloc(1, sizeof(*state));
    int cpus = libbpf_num_possible_cpus();
    int error;

    (void)options;
    if (!state)
        return fault_set(fault, -ENOMEM, "BPF: out of memory");
    if (cpus < 0)
        return fault_errno(fault, cpus, "number of CPUs");
    error = drop_bpf_check_maps(handles, fault);
    if (error < 0)
        return error;
    state->cpus = (size_t)cpus;
    state->handles = *handles;
    error = state_begin(state, previous);
    if (error < 0)
        return fault_errno(fault, error, "BPF");
    *ret_state = take_ptr(state);
    return 0;
}

static bool drop_bpf_cgroup(const void *data, uint64_t cgroup, char path[DROP_CGROUP_PATH_SIZE])
{
    return drop_workload_map_path(&((const struct drop_bpf_state *)data)->workloads, cgroup, path);
}

static void drop_bpf_reason(void *data, uint32_t reason, char text[DROP_REASON_SIZE])
{
    (void)reason_text(data, reason, text);
}

static void drop_bpf_tenants(const void *data, int (*each)(uint32_t space, uint64_t cgroup, void *each_data),
                             void *each_data)
{
    const struct drop_bpf_state *state = data;

    drop_bpf_list_tenants(&state->handles, each, each_data);
}

static void drop_bpf_status(const void *data, struct drop_status *ret_status)
{
    const struct drop_bpf_state *state = data;
    unsigned shift;

    *ret_status = (struct drop_status){
        .mode = "tracepoint",
        .active = DROP_ACTIVE_YES, /* the link is ours: nobody else can detach it */
        .lost = {[DROP_LOST_MAP_FULL] =
                     state->tallies[DROP_TALLY_SITE] + state->tallies[DROP_TALLY_SITE_OF_OWNER],
                 [DROP_LOST_RECURSION] = state->recursions},
        .window_ns = drop_bpf_window_ns(&shift),
        .segments = state->abilities & DROP_ABILITY_SEGMENTS,
        .workloads = state->abilities & DROP_ABILITY_WORKLOADS,
        .udp_apart = state->handles.fds[DROP_BPF_UDP_LINK] >= 0,
        .unknown = state->tallies[DROP_TALLY_SITE] + state->recursions,
        .udp_unknown = state->tallies[DROP_TALLY_UDP_OWNER],
        .since_ns = state->loaded_ns,
        .map_bytes = state->map_bytes,
        .records = state->record_sites > 0,
        .recorded_sites = state->tallies[DROP_TALLY_RECORD_SITES],
        .recorded = state->tallies[DROP_TALLY_RECORDED],
        .unrecorded = state->tallies[DROP_TALLY_UNRECORDED],
    };
}

static void drop_bpf_save(const void *data, struct drop_kept_writer *writer)
{
    const struct drop_bpf_state *state = data;

    drop_map_save(&state->sites, writer);
    drop_map_save(&state->bursts, writer);
    drop_kept_put_number(writer, state->epoch.draining);
    drop_workload_map_save(&state->workloads, writer);
}

/* Restores a state only to be inherited from. */
static int drop_bpf_restore(struct drop_kept_reader *reader, void **ret_state)
{
    _cleanup_(state_freep) struct drop_bpf_state *state = calloc(1, sizeof(*state));
    int error;

    if (!state)
        return -ENOMEM;
    state->handles = (struct drop_handles)DROP_HANDLES_NONE;
    error = drop_map_restore(&state->sites, &site_shape, reader);
    if (error == 0)
        error = drop_map_restore(&state->bursts, &burst_shape, reader);
    state->epoch.draining = drop_kept_get_number(reader) != 0;
    if (error == 0)
        error = drop_workload_map_restore(&state->workloads, reader);
    if (error < 0)
        return error;
    *ret_state = take_ptr(state);
    return 0;
}

const struct drop_source drop_source_bpf = {
    .name = "bpf",
    .handles = handle_names,
    .devices = true,
    .open = drop_bpf_load,
    .kept_as = drop_bpf_kept_as,
    .adopt = drop_bpf_adopt,
    .read = drop_bpf_read,
    .symbol = drop_bpf_symbol,
    .cgroup = drop_bpf_cgroup,
    .tenants = drop_bpf_tenants,
    .recorder = drop_bpf_recorder,
    .recorder_done = drop_bpf_recorder_done,
    .reason = drop_bpf_reason,
    .totals = drop_bpf_totals,
    .status = drop_bpf_status,
    .save = drop_bpf_save,
    .restore = drop_bpf_restore,
    .close = drop_bpf_close,
};

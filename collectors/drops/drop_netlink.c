/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_source.h"

/*
 * The kernel's drop_monitor as a source: generic netlink family NET_DM, in summary or packet mode. The
 * collector's thread.
 *
 * There is one monitor for the whole system, and it has no owner: any privileged program can start, stop and
 * configure it, and nobody is told. So: if one runs already, we listen to it as it is, and leave it running.
 * If we started it, a privileged process checks it every few seconds (drop_keeper.h). If somebody stopped it,
 * that process starts it again one check later, unless somebody else has started one meanwhile. It stops the
 * monitor only if the last start was its own. If there is no such process (the descriptor came from
 * netdrop-open), we cannot know whether the monitor runs.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/net_dropmon.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "collectors/drops/drop_control.h"
#include "collectors/drops/drop_counts.h"
#include "collectors/drops/drop_keeper.h"
#include "collectors/drops/drop_recording.h"

#define CHECK_INTERVAL_NS (4 * NS_PER_SECOND)

enum {
    HANDLE_EVENTS, /* a socket that joined the multicast group */
    HANDLE_KEEPER, /* reports of the keeper process; -1 without one */
};

struct drop_netlink_state {
    struct drop_handles handles;
    struct drop_control control;
    struct netlink events;
    enum drop_mode mode; /* the only mode that is accepted; DROP_MODE_ANY: both */
    struct drop_keeper_report kept;
    uint64_t checked_ns;
    struct drop_counts counts;
    struct drop_recording recording;
    uint64_t too_many; /* events beyond the number of kinds that are kept */
    uint64_t overflows[DROP_OVERFLOW_COUNT];
};

static const char *const handle_names[] = {
    [HANDLE_EVENTS] = "drop-events", [HANDLE_KEEPER] = "drop-keeper", NULL};

static enum drop_mode mode_of(const struct drop_control *control)
{
    return control->config.packet_mode ? DROP_MODE_PACKET : DROP_MODE_SUMMARY;
}

static const char *mode_name(enum drop_mode mode)
{
    return mode == DROP_MODE_PACKET ? "packet" : "summary";
}

static bool kept(const struct drop_netlink_state *state)
{
    return state->handles.fds[HANDLE_KEEPER] >= 0;
}

/* The mode to start if no monitor runs: summary, unless packet mode is asked for. */
static enum drop_mode mode_wanted(const struct drop_options *options)
{
    return options->mode == DROP_MODE_PACKET ? DROP_MODE_PACKET : DROP_MODE_SUMMARY;
}

/* Joining needs CAP_SYS_ADMIN in the initial user namespace (GENL_MCAST_CAP_SYS_ADMIN, since Linux 6.7 and
 * the stable kernels of that time). Once joined, the descriptor receives in any process. */
static int events_join(uint32_t group, int *ret_fd, struct fault *fault)
{
    struct netlink events;
    int error = netlink_listen(NETLINK_GENERIC, group, &events, fault);
    int fd;

    if (error == -EOPNOTSUPP)
        return fault_unsupported(fault,
                                 "listening to drop_monitor needs CAP_SYS_ADMIN (AmbientCapabilities=)");
    if (error < 0)
        return error;
    fd = fcntl(netlink_fd(&events), F_DUPFD_CLOEXEC, 3);
    error = fd < 0 ? fault_errno(fault, -errno, "drop_monitor") : 0;
    netlink_close(&events);
    if (error == 0)
        *ret_fd = fd;
    return error;
}

static int drop_netlink_open(const struct drop_options *options, struct drop_handles *ret_handles,
                             struct fault *fault)
{
    struct drop_handles handles = DROP_HANDLES_NONE;
    struct drop_control control;
    int error = drop_control_open(&control, options->limits, fault);

    if (error < 0)
        return error;
    error = events_join(control.group, &handles.fds[HANDLE_EVENTS],
                        fault); /* before the start, so that nothing is missed */
    if (error == 0)
        error = drop_control_start(&control, mode_wanted(options), &handles.started, fault);
    if (error == 0 && options->keep)
        error = drop_keeper_fork(mode_wanted(options), handles.started, &handles.fds[HANDLE_KEEPER],
                                 &handles.keeper, fault);
    if (error < 0 && handles.started)
        drop_control_stop(&control);
    drop_control_close(&control);
    if (error < 0)
        closep(&handles.fds[HANDLE_EVENTS]);
    else
        *ret_handles = handles;
    return error;
}

static int events_adopt(struct drop_netlink_state *state, int fd, struct fault *fault)
{
    struct nl_sock *socket = nl_socket_alloc();
    char *buffer = malloc(NETLINK_BUFFER_SIZE);

    if (!socket || !buffer || nl_socket_set_fd(socket, NETLINK_GENERIC, fd) < 0) {
        if (socket)
            nl_socket_free(socket);
        free(buffer);
        return fault_set(fault, -EINVAL, "drop_monitor: the descriptor is no generic netlink socket");
    }
    state->events = (struct netlink){.socket = socket, .buffer = buffer, .protocol = NETLINK_GENERIC};
    return 0;
}

static void drop_netlink_close(void *data)
{
    struct drop_netlink_state *state = data;

    drop_control_close(&state->control);
    closep(&state->handles.fds[HANDLE_KEEPER]);
    netlink_close(&state->events);
    drop_counts_done(&state->counts);
    drop_recording_done(&state->recording);
    free(state);
}

DEFINE_CLEANUP(struct drop_netlink_state *, drop_netlink_close)

/* Takes over what was read from the socket but not given yet, and the counts of losses. */
static void counts_take(struct drop_netlink_state *state, struct drop_netlink_state *previous)
{
    state->counts = previous->counts;
    previous->counts = (struct drop_counts){};
    if (state->recording.recorder.count == previous->recording.recorder.count) {
        drop_recording_done(&state->recording);
        state->recording = previous->recording;
        previous->recording = (struct drop_recording){};
    }
    state->too_many = previous->too_many;
    memcpy(state->overflows, previous->overflows, sizeof(state->overflows));
    state->kept = previous->kept;
    drop_control_follow(&state->control, &previous->control);
}

static int drop_netlink_adopt(const struct drop_options *options, const struct drop_handles *handles,
                              void *previous, void **ret_state, struct fault *fault)
{
    _cleanup_(drop_netlink_closep) struct drop_netlink_state *state = calloc(1, sizeof(*state));
    int error;

    if (!state)
        return fault_set(fault, -ENOMEM, "drop_monitor: out of memory");
    state->handles.fds[HANDLE_KEEPER] = -1;
    error = drop_control_open(&state->control, options->limits, fault);
    if (error == 0)
        error = drop_recording_init(&state->recording, options->record_sites);
    if (error == 0)
        error = events_adopt(state, handles->fds[HANDLE_EVENTS], fault);
    if (error < 0)
        return error;
    state->handles = *handles;
    state->mode = options->mode;
    state->kept.active = kept(state) ? DROP_ACTIVE_YES : DROP_ACTIVE_UNKNOWN;
    state->checked_ns = clock_boottime_ns();
    if (previous)
        counts_take(state, previous);
    *ret_state = take_ptr(state);
    return 0;
}

/* The monitor may be another program's by now, in another mode. */
static int monitor_check(struct drop_netlink_state *state, struct fault *fault)
{
    state->checked_ns = clock_boottime_ns();
    return drop_control_read_config(&state->control, fault);
}

static int check_mode(const struct drop_netlink_state *state, struct fault *fault)
{
    enum drop_mode mode = mode_of(&state->control);

    if (state->mode == DROP_MODE_ANY || state->mode == mode)
        return 0;
    return fault_set(fault, -EBUSY, "another program runs drop_monitor in %s mode%s", mode_name(mode),
                     kept(state) ? "" : ": restart the exporter once that ended");
}

static void count_summary(uint64_t location, uint32_t count, void *data)
{
    struct drop_netlink_state *state = data;

    /* Without a location it is not a site: the rx_dropped counter of a driver moved (trace_napi_poll_hit). */
    if (location && drop_counts_add(&state->counts, &(struct drop_packet){.location = location}, count) < 0)
        state->too_many += count;
}

/* Records the packet. A packet without bytes, or with cut ones, is counted but not recorded. The message has
 * the wall clock's time; the record has CLOCK_BOOTTIME. */
static void record(struct drop_netlink_state *state, const struct nlmsghdr *message,
                   const struct drop_packet *packet)
{
    struct drop_payload payload;
    uint64_t now_ns = clock_boottime_ns(), realtime_ns = clock_realtime_ns();

    if (!state->recording.recorder.count || drop_netlink_parse_payload(message, &payload) < 0)
        return;
    payload.time_ns =
        payload.time_ns && payload.time_ns < realtime_ns && realtime_ns - payload.time_ns < now_ns
            ? now_ns - (realtime_ns - payload.time_ns)
            : now_ns;
    drop_recording_add(&state->recording, packet, &payload, now_ns);
}

/* A malformed message does not end listening: it counts as a lost one. */
static int take_event(const struct nlmsghdr *message, void *data)
{
    struct drop_netlink_state *state = data;
    struct drop_packet packet;
    int error = drop_netlink_command(message, state->control.family);

    if (error == NET_DM_CMD_ALERT) {
        error = drop_netlink_parse_summary(message, count_summary, state);
        if (error >= DROP_SUMMARY_ENTRIES)
            state->overflows[DROP_OVERFLOW_SUMMARY_WINDOW]++;
    } else if (error == NET_DM_CMD_PACKET_ALERT) {
        error = drop_netlink_parse_packet(message, &packet);
        if (error == 0)
            record(state, message, &packet);
        if (error == 0 && drop_counts_add(&state->counts, &packet, 1) < 0)
            state->too_many++;
    }
    if (error == -EBADMSG)
        state->overflows[DROP_OVERFLOW_SOCKET]++;
    return 0;
}

static int drop_netlink_event_fd(const void *data)
{
    return netlink_fd(&((const struct drop_netlink_state *)data)->events);
}

static int drop_netlink_event(void *data, struct fault *fault)
{
    struct drop_netlink_state *state = data;
    int error = netlink_drain(&state->events, take_event, state);

    if (error == -ENOBUFS) {
        state->overflows[DROP_OVERFLOW_SOCKET]++;
        return 0;
    }
    return error < 0 ? fault_errno(fault, error, "drop_monitor events") : 0;
}

static int give_counts(struct drop_netlink_state *state, const struct drop_reader *reader)
{
    drop_counts_merge(&state->counts);
    for (size_t i = 0; i < state->counts.count; i++) {
        const struct drop_counted *counted = &state->counts.items[i];
        int error = reader->count(&(struct drop_count){.location = counted->packet.location,
                                                       .symbol = counted->packet.symbol,
                                                       .reason = counted->packet.reason,
                                                       .protocol = counted->packet.protocol,
                                                       .count = counted->count},
                                  reader->data);

        if (error < 0)
            return error;
    }
    drop_counts_clear(&state->counts);
    return 0;
}

static int drop_netlink_read(void *data, const struct drop_reader *reader, struct fault *fault)
{
    struct drop_netlink_state *state = data;
    int error = drop_netlink_event(state, fault);

    if (error == 0 && clock_boottime_ns() - state->checked_ns >= CHECK_INTERVAL_NS)
        error = monitor_check(state, fault);
    if (error == 0)
        error = check_mode(state, fault);
    if (error < 0) {
        drop_counts_clear(&state->counts); /* they are of a mode that was not asked for */
        return error;
    }
    if (kept(state))
        drop_keeper_read(state->handles.fds[HANDLE_KEEPER], &state->kept);
    if (state->control.config.packet_mode)
        error = drop_control_read_stats(&state->control, fault);
    if (error < 0)
        return error;
    error = give_counts(state, reader);
    return error < 0 ? fault_errno(fault, error, "drop_monitor") : 0;
}

/* Returns true if packets are recorded. Summary mode has no packets. */
static bool records(const struct drop_netlink_state *state)
{
    return state->recording.recorder.count && mode_of(&state->control) == DROP_MODE_PACKET;
}

static int drop_netlink_recorder(const void *data, struct drop_recorder *ret_recorder)
{
    const struct drop_netlink_state *state = data;

    *ret_recorder = records(state) ? state->recording.recorder : (struct drop_recorder){};
    ret_recorder->used = state->recording.used;
    return 0;
}

static void drop_netlink_reason(void *data, uint32_t reason, char text[DROP_REASON_SIZE])
{
    const struct drop_netlink_state *state = data;

    strcpy(text, drop_recording_reason(&state->recording, reason));
}

static void drop_netlink_totals(const void *data,
                                void (*each)(const struct drop_recorder_key *key, uint64_t count,
                                             void *each_data),
                                void *each_data)
{
    drop_recording_totals(&((const struct drop_netlink_state *)data)->recording, each, each_data);
}

static void drop_netlink_status(const void *data, struct drop_status *ret_status)
{
    const struct drop_netlink_state *state = data;

    *ret_status = (struct drop_status){
        .mode = mode_name(mode_of(&state->control)),
        .active = state->kept.active,
        .lost = {[DROP_LOST_QUEUE] = state->control.lost, [DROP_LOST_MAP_FULL] = state->too_many},
        .records = records(state),
        .recorded_sites = state->recording.used,
        .recorded = state->recording.recorded,
        .unrecorded = state->recording.unrecorded,
    };
    memcpy(ret_status->overflows, state->overflows, sizeof(state->overflows));
    ret_status->overflows[DROP_OVERFLOW_STOPPED] = state->kept.stopped;
}

/*
 * No devices: an event has the ifindex on which the packet arrived, but not its namespace, and every
 * namespace has a device 2. A name would often be wrong.
 */
const struct drop_source drop_source_netlink = {
    .name = "drop_monitor",
    .handles = handle_names,
    .open = drop_netlink_open,
    .adopt = drop_netlink_adopt,
    .event_fd = drop_netlink_event_fd,
    .event = drop_netlink_event,
    .read = drop_netlink_read,
    .recorder = drop_netlink_recorder,
    .reason = drop_netlink_reason,
    .totals = drop_netlink_totals,
    .status = drop_netlink_status,
    .close = drop_netlink_close,
};

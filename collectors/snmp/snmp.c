/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/snmp/snmp.h"

/*
 * Reads /proc/self/net/{snmp,netstat,snmp6} from kept descriptors, on the collector's thread:
 * the counters of the daemon's network namespace. Through self, because ProcSubset=pid hides /proc/net. If
 * one file is missing (no IPv6) or refused, the others are still served, and it is tried again at each
 * collection. A file that is refused or malformed is reported (fault_note()).
 */

#include <errno.h>

#include "collectors/kernel/procfile.h"
#include "collectors/snmp/snmp_layout.h"
#include "collectors/snmp/snmp_node.h"
#include "config/glob.h"

struct collector_settings {
    struct snmp_selection fields;
};

struct collector_state {
    struct snmp_selection fields;
    struct limits *limits;
    const char *procfs;
    struct procfile files[SNMP_FILE_COUNT];
    struct snmp_layout *layout; /* NULL if none yet */
};

static void snmp_close(struct collector_state *state)
{
    for (size_t i = 0; i < SNMP_FILE_COUNT; i++)
        procfile_done(&state->files[i]);
    snmp_layout_free(state->layout);
}

/* Returns true if it is not a file, or too large to be the kernel's. A file that we may not read is not
 * strange. */
static bool is_strange(int error)
{
    return error == -EINVAL || error == -EFBIG;
}

static int read_file(struct procfile *file, struct snmp_text *ret_text, struct fault *fault)
{
    int error = procfile_read(file, fault);

    *ret_text = (struct snmp_text){"", 0};
    if (error == 0 && !file->size)
        error = fault_set(fault, -EBADMSG, "%s: empty", file->path);
    if (error == 0)
        *ret_text = (struct snmp_text){file->data, file->size};
    return error;
}

/* Says why no file could be read. */
static int no_files(const struct collector_state *state, const struct fault *last, struct fault *fault)
{
    if (last->error && !procfile_is_absent(last->error))
        return fault_set(fault, last->error, "%s", last->text);
    return fault_unsupported(fault, "%s/self/net has none of snmp, netstat, snmp6%s%s", state->procfs,
                             last->error ? ": " : "", last->text);
}

/* Reads the files that exist, and notes those that may not be read. Fails only if none can be read: with the
 * last file's fault, or "unsupported" if all are missing or refused. */
static int read_files(struct collector_state *state, struct snmp_text texts[SNMP_FILE_COUNT],
                      struct fault *fault)
{
    struct fault last = {};
    size_t there = 0;

    for (size_t i = 0; i < SNMP_FILE_COUNT; i++) {
        struct fault reason = {};
        int error = read_file(&state->files[i], &texts[i], &reason);

        there += error == 0;
        if (error == -ENOMEM)
            return fault_set(fault, error, "%s", reason.text);
        if (error == 0 || error == -ENOENT)
            continue;
        fault_note(fault, "without %s", reason.text);
        if (is_strange(error))
            limit_hit(state->limits, LIMIT_PROC_MALFORMED);
        if (!last.error || procfile_is_absent(last.error))
            last = reason;
    }
    return there ? 0 : no_files(state, &last, fault);
}

static int snmp_open(struct collector_state *state, const struct collector_context *context,
                     struct fault *fault)
{
    static const char *const names[SNMP_FILE_COUNT] = {
        [SNMP_FILE_SNMP] = "self/net/snmp",
        [SNMP_FILE_NETSTAT] = "self/net/netstat",
        [SNMP_FILE_SNMP6] = "self/net/snmp6",
    };
    struct snmp_text texts[SNMP_FILE_COUNT];

    state->fields = context->settings->fields;
    state->fields.node_exporter = context->node_exporter;
    state->limits = context->limits;
    state->procfs = context->procfs;
    for (size_t i = 0; i < SNMP_FILE_COUNT; i++)
        if (procfile_init(&state->files[i], context->procfs, names[i]) < 0)
            return fault_set(fault, -ENOMEM, "out of memory");
    return read_files(state, texts, fault);
}

/* Called if the kernel shows other fields than before: a module came or went, or an ICMP type came for the
 * first time. */
static int make_layout(struct collector_state *state, const struct snmp_text texts[SNMP_FILE_COUNT],
                       struct fault *fault)
{
    struct snmp_layout *layout;
    int error = snmp_layout_new(texts, &state->fields, state->limits, &layout);

    if (error == -EFBIG)
        return fault_set(fault, error, "%s/self/net: more than %d fields", state->procfs, SNMP_FIELDS_MAX);
    if (error < 0)
        return fault_set(fault, error, "out of memory");
    snmp_layout_free(state->layout);
    state->layout = layout;
    return 0;
}

static int snmp_collect(struct collector_state *state, struct snapshot *draft, struct fault *fault)
{
    struct snmp_text texts[SNMP_FILE_COUNT];
    int error = read_files(state, texts, fault);

    if (error == 0 && (!state->layout || !snmp_layout_matches(state->layout, texts)))
        error = make_layout(state, texts, fault);
    if (error < 0)
        return error;
    if (!snmp_layout_blocks(state->layout))
        return fault_set(fault, -EBADMSG, "%s/self/net: no counters in snmp, netstat, snmp6", state->procfs);
    if (snmp_layout_fill(state->layout, texts, state->limits, draft, fault) < 0)
        return fault_set(fault, -ENOMEM, "out of memory");
    return 0;
}

/*
 * Everything that shows loss, and the totals that losses are divided by: packets and segments dropped or not
 * sent, connections that failed or were refused, retransmissions, and drops that others report.
 * tests/golden/snmp_selection.txt lists which fields of which kernel this selects.
 */
#define DEFAULT_FIELDS                                                                                       \
    "*Drop*,*Err*,*Fail*,*Overflow*,*Prune*,*Discard*,*Collapse*,*Retrans*,*Timeout*,"                       \
    "*NoPorts,*NoRoutes,*Filter,*Unknown*,*Rsts,*Resets,*RateLimit*,*Unreachs,*TimeExcds,"                   \
    "*AbortOn*,*TooBig*,*Truncated*,*Pressure*,*ReqQFull*,"                                                  \
    "*_PAWS*,*NotFound,*NoTokenFound,*Unexpected,*AOBad,*AORequired,*Rejected,*BeyondWindow,*OutOfWindow*,"  \
    "*Overlaps,*IgnoredMulti,*ParmProb*,*Blackhole,*_MPRst*,*Corruption*,*Mismatch*,*NoDSSInWindow,"         \
    "*DSSNo*Match*,"                                                                                         \
    "Tcp_InSegs,Tcp_OutSegs,Tcp_PassiveOpens,Tcp_ActiveOpens,"                                               \
    "Udp_InDatagrams,Udp_OutDatagrams,Udp6_InDatagrams,Udp6_OutDatagrams,"                                   \
    "UdpLite_InDatagrams,UdpLite_OutDatagrams,UdpLite6_InDatagrams,UdpLite6_OutDatagrams,"                   \
    "Ip_InReceives,Ip_InDelivers,Ip_OutRequests,Ip6_InReceives,Ip6_InDelivers,Ip6_OutRequests,"              \
    "Icmp_InMsgs,Icmp_OutMsgs,Icmp6_InMsgs,Icmp6_OutMsgs"

static const struct option options[] = {
    {
        .key = "fields.include",
        .type = OPTION_LIST,
        .doubt = glob_doubt,
        .offset = offsetof(struct collector_settings, fields.include),
        .default_text = DEFAULT_FIELDS,
        .help =
            "counters to show: globs on the kernel's names, as PROTOCOL_FIELD (TcpExt_Listen*, Udp6_NoPorts)",
        .other_series = "*",
    },
    {
        .key = "fields.exclude",
        .type = OPTION_LIST,
        .doubt = glob_doubt,
        .offset = offsetof(struct collector_settings, fields.exclude),
        .default_text = "",
        .help = "counters to leave out (globs)",
    },
};

const struct collector snmp_collector = {
    .name = "snmp",
    .summary = "counters of IP, ICMP, TCP, UDP and MPTCP (/proc/net/snmp, netstat, snmp6)",
    .counts_losses = true,
    .enabled = true,
    .interval = "15s",
    .options = OPTION_TABLE(options, struct collector_settings),
    .node = snmp_node,
    .state_size = sizeof(struct collector_state),
    .open = snmp_open,
    .collect = snmp_collect,
    .close = snmp_close,
};

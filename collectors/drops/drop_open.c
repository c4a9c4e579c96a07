/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_open.h"

/*
 * Opens a source of drops in two steps: with privilege, then from descriptors alone. The main thread or
 * netdrop-open opens it; the collector's thread copies the descriptors.
 */

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "collectors/drops/drop_control.h"
#include "collectors/drops/drop_kept.h"
#include "collectors/drops/drop_kept_file.h"
#include "collectors/kernel/ksyms.h"
#include "collectors/kernel/procfile.h"

static const char kallsyms_name[] = "kallsyms";
static const char modules_name[] = "modules";
static const char kept_name[] = "drop-kept";

const char *const drop_handle_names[] = {
    kallsyms_name, modules_name,       "bpf-link",     "bpf-nested-link", "bpf-program",
    "bpf-counts",  "bpf-tallies",      "bpf-symbols",  "bpf-workloads",   "bpf-cgroups",
    "bpf-bursts",  "bpf-settings",     "bpf-udp-link", "bpf-spaces",      "bpf-devices",
    "bpf-tenants", "bpf-record-sites", "bpf-records",  "bpf-stacks",      "drop-events",
    "drop-keeper", kept_name,          NULL,
};

static const struct drop_source *const drop_sources[] = {&drop_source_bpf, &drop_source_netlink};

static int source_open(const struct drop_source *source, const struct drop_options *options,
                       struct handover *handover, struct fault *fault)
{
    struct drop_handles handles;
    int error = source->open(options, &handles, fault);

    if (error < 0)
        return error;
    for (size_t i = 0; source->handles[i]; i++)
        if (handles.fds[i] >= 0)
            handover_put(handover, source->handles[i], handles.fds[i]);
    handover->started = handles.started;
    handover->keeper = handles.keeper;
    return 0;
}

/*
 * auto: BPF is exact, knows reasons and devices, and costs a tenth of a microsecond per drop. Without it,
 * summary mode: it counted all of a flood of 100,000 drops at a cost of 9 %. Packet mode lost more than half
 * of that flood at three times the cost, and never sees packets that this host sends. A monitor that another
 * program runs is used in its own mode.
 */
static int source_choose(enum drop_choice choice, const struct drop_options *options,
                         struct handover *handover, struct fault *fault)
{
    struct fault bpf = {}, netlink = {};
    int error;

    if (choice == DROP_CHOICE_BPF)
        return source_open(&drop_source_bpf, options, handover, fault);
    if (choice != DROP_CHOICE_AUTO)
        return source_open(&drop_source_netlink, options, handover, fault);
    if (source_open(&drop_source_bpf, options, handover, &bpf) == 0)
        return fault_set(fault, 0, "by bpf%s%.200s", bpf.text[0] ? ", " : "", bpf.text);
    error = source_open(&drop_source_netlink, options, handover, &netlink);
    if (error == 0)
        return fault_set(fault, 0, "by drop_monitor, for bpf cannot run here: %.200s", bpf.text);
    if (bpf.unsupported && netlink.unsupported)
        return fault_unsupported(fault, "bpf: %.140s; drop_monitor: %.140s", bpf.text, netlink.text);
    return fault_set(fault, bpf.unsupported ? netlink.error : bpf.error, "bpf: %.140s; drop_monitor: %.140s",
                     bpf.text, netlink.text);
}

/* Tells what will be missing: without the kernel's symbols, functions are unknown, and everything else works.
 * With BPF the kernel itself tells the program the names; packet mode has most of them. */
static void tell_hidden(const struct handover *handover, enum drop_choice choice, struct fault *fault)
{
    int fd = -1;

    if (!fault || choice == DROP_CHOICE_PACKET || handover_has(handover, "bpf-symbols"))
        return;
    (void)handover_copy(handover, kallsyms_name, &fd);
    if (!ksyms_visible(fd)) {
        struct fault chosen = *fault;

        (void)fault_set(fault, 0,
                        "%.160s%swithout the names of functions: /proc/kallsyms hides the addresses "
                        "(kernel.kptr_restrict, CAP_SYSLOG)",
                        chosen.text, chosen.text[0] ? "; " : "");
    }
    closep(&fd);
}

void drop_kept_as(enum drop_choice choice, const struct drop_options *options, char *text, size_t size)
{
    char source[HANDOVER_KEPT_SIZE / 2] = "";

    if ((choice == DROP_CHOICE_AUTO || choice == DROP_CHOICE_BPF) && drop_source_bpf.kept_as)
        drop_source_bpf.kept_as(options, source, sizeof(source));
    if (source[0])
        (void)snprintf(text, size, "%s, layout %016llx", source, (unsigned long long)drop_kept_layout());
}

/* Keeps what another process needs to go on. */
static void keep(struct handover *handover)
{
    int fd;

    if (!handover->leaving || !drop_source_bpf.kept_as || !handover_has(handover, drop_source_bpf.handles[0]))
        return;
    fd = drop_kept_file_new();
    if (fd < 0)
        return;
    handover_put(handover, kept_name, fd);
    handover->keepable = true;
}

int drop_open(enum drop_choice choice, const struct drop_options *options, const char *procfs,
              struct handover *handover, struct fault *fault)
{
    int error = source_choose(choice, options, handover, fault);

    if (error < 0)
        return error;
    procfile_hand_over(handover, kallsyms_name, procfs, kallsyms_name);
    procfile_hand_over(handover, modules_name, procfs, modules_name);
    tell_hidden(handover, choice, fault);
    keep(handover);
    return 0;
}

static int source_copy(const struct handover *handover, const struct drop_source *source,
                       struct drop_handles *ret_handles)
{
    struct drop_handles handles = DROP_HANDLES_NONE;

    if (!source->handles[0])
        return -ENOENT;
    for (size_t i = 0; source->handles[i]; i++) {
        int error = handover_copy(handover, source->handles[i], &handles.fds[i]);

        if (error < 0 && (i == 0 || error != -ENOENT)) {
            drop_handles_close(&handles);
            return error;
        }
    }
    *ret_handles = handles;
    return 0;
}

int drop_opened_copy(const struct handover *handover, struct drop_opened *ret_opened, struct fault *fault)
{
    struct drop_opened opened = DROP_OPENED_NONE;

    for (size_t i = 0; i < ELEMENTS(drop_sources) && !opened.source; i++) {
        int error = source_copy(handover, drop_sources[i], &opened.handles);

        if (error == 0)
            opened.source = drop_sources[i];
        else if (error != -ENOENT)
            return fault_errno(fault, error, "drop_monitor");
    }
    if (fault && handover->fault.text[0])
        *fault = handover->fault;
    if (!opened.source)
        return handover->fault.error
                   ? handover->fault.error
                   : fault_unsupported(fault,
                                       "what needs privilege is opened at start only: restart the exporter");
    (void)handover_copy(handover, kallsyms_name, &opened.kallsyms);
    (void)handover_copy(handover, modules_name, &opened.modules);
    (void)handover_copy(handover, kept_name, &opened.kept);
    *ret_opened = opened;
    return 0;
}

void drop_opened_done(struct drop_opened *opened)
{
    if (opened->source)
        drop_handles_close(&opened->handles);
    closep(&opened->kallsyms);
    closep(&opened->modules);
    closep(&opened->kept);
}

void drop_open_stop(void)
{
    struct limits limits = {};
    struct drop_control control;

    if (drop_control_open(&control, &limits, NULL) < 0)
        return;
    drop_control_stop(&control);
    drop_control_close(&control);
}

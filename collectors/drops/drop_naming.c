/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_naming.h"

/*
 * Names the addresses, interface indexes and control groups of drops, and books the counts. The collector's
 * thread.
 */

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "collectors/drops/drop_kept.h"
#include "collectors/drops/drop_naming_private.h"
#include "collectors/drops/drop_places.h"
#include "collectors/kernel/cgroup_path_parse.h"
#include "collectors/kernel/cgroup_tree.h"

static const struct link *link_find(const struct drop_naming *naming, const char *device)
{
    const struct link_table *links = &naming->links;

    for (size_t i = 0; i < links->count; i++)
        if (strcmp(links->items[i]->device, device) == 0)
            return links->items[i];
    return NULL;
}

static bool device_exists(const char *device, void *data)
{
    return link_find(data, device);
}

static_assert(DROP_NO_CARRIER == (unsigned)DROP_KEY_NO_CARRIER &&
                  DROP_TO_GROUP == (unsigned)DROP_KEY_TO_GROUP && DROP_TO_HOST == (unsigned)DROP_KEY_TO_HOST,
              "the BPF program's circumstances are those of the meanings");

/* Returns "" for a device that the filter leaves out, or that is gone. */
static const char *device_of(const struct drop_naming *naming, int ifindex)
{
    const struct link *link = ifindex ? link_table_find(&naming->links, ifindex) : NULL;

    return link && device_filter_match(naming->filter, link->device, link->kind) ? link->device : "";
}

/* Names the namespace, and its device. In a namespace without a name, the device has none either: it would be
 * taken for one of ours. */
static void name_space(const struct drop_naming *naming, const struct drop_pending *pending,
                       struct drop_labels *labels)
{
    if (!pending->space || !naming->label_netns)
        return;
    strcpy(labels->space, drop_spaces_name(&naming->book.spaces, pending->space));
    if (labels->space[0])
        strcpy(labels->device, pending->device);
}

/* Names what was read. */
static void name_pending(const struct drop_naming *naming, const struct drop_pending *pending,
                         const struct drop_meaning *meaning, struct drop_labels *ret_labels)
{
    const struct ksym *symbol = ksyms_find(&naming->ksyms, pending->location);

    *ret_labels = (struct drop_labels){.netns = pending->netns, .protocol = pending->protocol};
    strcpy(ret_labels->reason, pending->reason);
    if (symbol && symbol->function[0]) {
        strcpy(ret_labels->function, symbol->function);
        strcpy(ret_labels->module, symbol->module);
        ret_labels->offset = naming->label_offset ? symbol->offset : 0;
    } else {
        strcpy(ret_labels->function, "unknown");
    }
    strcpy(ret_labels->device, device_of(naming, pending->ifindex));
    name_space(naming, pending, ret_labels);
    /* Only circumstances that matter to the meaning make a row. */
    ret_labels->circumstance = meaning ? meaning->circumstance : 0;
}

/* Counts the drops of a site that belong to no row of a workload. */
static void take_unowned(struct drop_naming *naming, const struct drop_pending *pending,
                         enum loss_class loss_class, bool sockets)
{
    enum drop_unowned unowned = DROP_UNOWNED_NONE;

    if (pending->owner == DROP_OWNER_KNOWN)
        return;
    if (pending->owner == DROP_OWNER_FULL)
        unowned = DROP_UNOWNED_OTHER;
    else if (pending->owner == DROP_OWNER_UNKNOWN || (!sockets && drop_reason_of_socket(pending->reason)))
        unowned = DROP_UNOWNED_UNKNOWN;
    drop_workloads_add_unowned(&naming->book.workloads, unowned, loss_class, pending->count);
}

/* Returns the row of its cause, or NULL if memory runs out. */
static struct drop_cause_row *cause_row(struct drop_naming *naming, const struct drop_pending *pending,
                                        enum drop_cause cause, const char *function)
{
    enum direction direction = drop_direction_of(cause, function);
    const struct drop_cause_key key = {
        .cause = cause,
        .direction = direction ? direction : pending->direction,
        .netns = pending->netns,
        .ip_version = pending->protocol == DROP_PROTOCOL_IPV4   ? 4
                      : pending->protocol == DROP_PROTOCOL_IPV6 ? 6
                                                                : 0,
    };

    return drop_cause_table_row(&naming->book.causes, &key, device_of(naming, pending->ifindex));
}

/* Books the site completely or not at all. Returns -ENOMEM. */
static int take_site(struct drop_naming *naming, const struct drop_pending *pending, enum drop_cause cause,
                     const struct drop_labels *labels)
{
    struct drop_cause_row *row = cause_row(naming, pending, cause, labels->function);
    int error =
        row ? drop_table_add(&naming->book.sites, labels, pending->count, pending->segments) : -ENOMEM;

    if (error < 0)
        return error;
    row->skbs += pending->count;
    row->segments += pending->segments ? pending->segments : pending->count;
    return 0;
}

/* Returns true if the link table may soon hear of the device: it was just made, or is being removed. */
static bool is_early(const struct drop_naming *naming, int ifindex)
{
    const struct link_table *links = &naming->links;

    return naming->book.source->devices && ifindex && !link_table_find(links, ifindex) && !links->full;
}

/* Moves early items to the front. Returns how many there are. */
#define early_first(naming, items, count)                                                                    \
    ({                                                                                                       \
        size_t early_ = 0;                                                                                   \
                                                                                                             \
        for (size_t i_ = 0; i_ < (count); i_++)                                                              \
            if (is_early(naming, (items)[i_].ifindex)) {                                                     \
                typeof(*(items)) item_ = (items)[i_];                                                        \
                                                                                                             \
                (items)[i_] = (items)[early_];                                                               \
                (items)[early_++] = item_;                                                                   \
            }                                                                                                \
        early_;                                                                                              \
    })

static int take_pending(struct drop_naming *naming, struct drop_places *places,
                        const struct drop_pending *pending, const struct drop_status *status)
{
    static const struct drop_bursts no_bursts;
    const struct drop_meaning *meaning =
        drop_places_find(places, &naming->ksyms,
                         (struct drop_place){.location = pending->location,
                                             .reason = pending->reason,
                                             .circumstances = pending->circumstances});
    enum drop_cause cause = drop_places_cause(meaning);
    enum loss_class loss_class = cause_meanings[cause].loss_class;
    struct drop_labels labels;
    int error;

    name_pending(naming, pending, meaning, &labels);
    error = take_site(naming, pending, cause, &labels);
    if (error < 0)
        return error;
    take_unowned(naming, pending, loss_class, !status->udp_apart);
    if (status->window_ns)
        (void)drop_burst_table_add(&naming->book.bursts, loss_class, labels.device, &no_bursts,
                                   pending->count);
    return 0;
}

static int take_sites(struct drop_naming *naming, struct drop_places *places, bool wait)
{
    struct drop_book *book = &naming->book;
    size_t early = wait ? early_first(naming, book->pending, book->pending_count) : 0;
    struct drop_status status;
    int error;

    book->source->status(book->source_state, &status);
    book->sites.now_ns = clock_boottime_ns();
    for (; book->pending_count > early; book->pending_count--) {
        error = take_pending(naming, places, &book->pending[book->pending_count - 1], &status);
        if (error < 0)
            return error;
    }
    return 0;
}

static enum loss_class class_at(const struct drop_naming *naming, struct drop_places *places,
                                struct drop_place place)
{
    return cause_meanings[drop_places_cause(drop_places_find(places, &naming->ksyms, place))].loss_class;
}

static void take_workload_count(struct drop_naming *naming, struct drop_places *places,
                                const struct drop_pending_workload *pending)
{
    struct drop_book *book = &naming->book;
    struct drop_workload_labels labels = {.loss_class = LOSS_CAPACITY, .netns = pending->netns};
    struct drop_workloads *rows = pending->location ? &book->workloads : &book->udp;
    char path[DROP_CGROUP_PATH_SIZE];

    if (pending->location)
        labels.loss_class = class_at(naming, places,
                                     (struct drop_place){.location = pending->location,
                                                         .reason = pending->reason,
                                                         .circumstances = pending->circumstances});
    if (!book->source->cgroup(book->source_state, pending->cgroup, path)) {
        drop_workloads_add_unowned(rows, DROP_UNOWNED_UNKNOWN, labels.loss_class, pending->count);
        return;
    }
    /* A control group may have any name. Names that are not valid UTF-8 are repaired first, so that rows that
     * look the same are one row. */
    utf8_mend(path);
    cgroup_path_parse(path[0] ? path : "/", path[0] ? strlen(path) : 1, &labels.who);
    strcpy(labels.reason, pending->reason);
    drop_workloads_add(rows, &labels, path, pending->count);
}

static void take_workloads(struct drop_naming *naming, struct drop_places *places)
{
    struct drop_book *book = &naming->book;

    book->workloads.now_ns = book->udp.now_ns = clock_boottime_ns();
    while (book->pending_workload_count > 0)
        take_workload_count(naming, places, &book->pending_workloads[--book->pending_workload_count]);
}

/* If memory runs out, the bursts are not counted. */
static void take_bursts(struct drop_naming *naming, struct drop_places *places, bool wait)
{
    struct drop_book *book = &naming->book;
    size_t early = wait ? early_first(naming, book->pending_bursts, book->pending_burst_count) : 0;

    for (; book->pending_burst_count > early; book->pending_burst_count--) {
        const struct drop_pending_burst *pending = &book->pending_bursts[book->pending_burst_count - 1];
        const struct drop_place place = {.location = pending->location,
                                         .reason = pending->reason,
                                         .circumstances = pending->circumstances};

        (void)drop_burst_table_add(&book->bursts, class_at(naming, places, place),
                                   device_of(naming, pending->ifindex), &pending->came, 0);
    }
}

int drop_naming_take(struct drop_naming *naming, bool wait, struct fault *fault)
{
    struct drop_book *book = &naming->book;
    struct drop_places places = {};
    bool taken;
    int error;

    (void)ksyms_refresh(&naming->ksyms);
    drop_spaces_begin(&book->spaces);
    error = drop_naming_read(naming, fault);
    if (error < 0)
        return error;
    taken = error > 0;
    book->unkept = book->unkept || taken || book->pending_count || book->pending_workload_count ||
                   book->pending_burst_count;
    drop_spaces_look(&book->spaces, book->source, book->source_state);
    error = ksyms_resolve(&naming->ksyms);
    if (error == 0)
        error = take_sites(naming, &places, wait);
    if (error < 0)
        return fault_errno(fault, error, "drop sites");
    take_workloads(naming, &places);
    take_bursts(naming, &places, wait);
    if (taken)
        drop_naming_keep(naming, fault); /* the counts were removed from the source: only we have them now */
    return 0;
}

void drop_naming_keep(struct drop_naming *naming, struct fault *fault)
{
    int error = drop_kept_save(naming->kept, &naming->book);

    if (error < 0)
        fault_note(fault, "without keeping counts for a restart: %s", error_text(error));
}

/* Applies the present settings to a row of the past: whether it has an offset, a namespace, and the name of
 * its device. */
static void relabel(struct drop_labels *labels, void *data)
{
    const struct drop_naming *naming = data;
    const struct link *link = link_find(naming, labels->device);

    if (!naming->label_offset)
        labels->offset = 0;
    if (!naming->label_netns)
        drop_labels_unname(labels);
    if (link && !labels->space[0] && !device_filter_match(naming->filter, link->device, link->kind))
        labels->device[0] = '\0';
}

/* Returns true if the control group's directory is visible. If no directories are visible, all workloads
 * count as gone, and the rows that moved least recently are removed. */
static bool cgroup_exists(const char *cgroup, void *data)
{
    const struct drop_naming *naming = data;
    char path[64 + DROP_CGROUP_PATH_SIZE];

    if (!naming->cgroups)
        return false;
    (void)snprintf(path, sizeof(path), "%s%s/cgroup.procs", naming->cgroups, cgroup);
    return access(path, F_OK) == 0;
}

int drop_naming_init(struct drop_naming *naming, const struct drop_bounds *bounds, struct limits *limits)
{
    int error = drop_book_init(&naming->book, bounds, limits);

    naming->cgroups = cgroup_tree_mount();
    naming->ksyms.fd = naming->kept = -1;
    naming->book.workloads.exists = naming->book.udp.exists = cgroup_exists;
    naming->book.workloads.exists_data = naming->book.udp.exists_data = naming;
    return error;
}

int drop_naming_follow(struct drop_naming *naming, struct fault *fault)
{
    int error = 0;

    if (naming->book.source->devices)
        error = link_table_update(&naming->links, clock_boottime_ns(), fault);
    if (error == 0)
        drop_table_merge(&naming->book.sites, &naming->book.before, relabel, naming);
    if (error == 0 && naming->swept != naming->links.generation) {
        drop_table_sweep(&naming->book.sites, device_exists, naming);
        drop_burst_table_sweep(&naming->book.bursts, device_exists, naming);
        naming->swept = naming->links.generation;
    }
    return error;
}

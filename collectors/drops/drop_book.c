/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_book.h"

/*
 * Keeps all counts of drops across a reload, apart from the instance of the collector. The collector's
 * thread; the main thread frees what is left at the end.
 */

#include <stdlib.h>

static void book_done(struct drop_book *book)
{
    if (book->source_state)
        book->source->close(book->source_state);
    drop_table_done(&book->sites);
    drop_table_done(&book->before);
    drop_cause_table_done(&book->causes);
    drop_workloads_done(&book->workloads);
    drop_workloads_done(&book->udp);
    free(book->pending);
    free(book->pending_workloads);
    drop_burst_table_done(&book->bursts);
    free(book->pending_bursts);
    drop_spaces_done(&book->spaces);
    *book = (struct drop_book){};
}

void drop_book_free(void *left)
{
    if (left)
        book_done(left);
    free(left);
}

int drop_book_init(struct drop_book *book, const struct drop_bounds *bounds, struct limits *limits)
{
    int error;

    *book = (struct drop_book){.causes.limits = limits, .bursts.limits = limits};
    error = drop_table_init(&book->sites, bounds->max_sites, limits);
    if (error == 0)
        error = drop_workloads_init(&book->workloads, bounds->max_workloads, bounds->workload_detail, limits);
    if (error == 0)
        error = drop_workloads_init(&book->udp, bounds->max_workloads, false, limits);
    return error;
}

/* Takes over everything but the source's state, which is no longer needed. */
static void book_take(struct drop_book *book, struct drop_book *left)
{
    book->before = left->sites;
    left->sites = (struct drop_table){};
    left->causes.limits = book->causes.limits;
    drop_cause_table_done(&book->causes);
    book->causes = left->causes;
    left->causes = (struct drop_cause_table){};
    book->pending = left->pending;
    book->pending_count = left->pending_count;
    book->pending_capacity = left->pending_capacity;
    left->pending = NULL;
    drop_workloads_merge(&book->workloads, &left->workloads);
    drop_workloads_merge(&book->udp, &left->udp);
    book->pending_workloads = left->pending_workloads;
    book->pending_workload_count = left->pending_workload_count;
    book->pending_workload_capacity = left->pending_workload_capacity;
    left->pending_workloads = NULL;
    left->bursts.limits = book->bursts.limits;
    book->bursts = left->bursts;
    left->bursts = (struct drop_burst_table){};
    book->pending_bursts = left->pending_bursts;
    book->pending_burst_count = left->pending_burst_count;
    book->pending_burst_capacity = left->pending_burst_capacity;
    left->pending_bursts = NULL;
    drop_spaces_inherit(&book->spaces, &left->spaces);
}

int drop_book_adopt(struct drop_book *book, struct handover *handover, struct drop_opened *opened,
                    const struct drop_options *options, struct fault *fault)
{
    struct drop_book *left = handover->left;
    void *previous = left && left->source == opened->source ? left->source_state : NULL;
    int error = opened->source->adopt(options, &opened->handles, previous, &book->source_state, fault);

    if (error < 0)
        return error;
    book->source = opened->source;
    opened->source = NULL;
    if (left) {
        book_take(book, left);
        drop_book_free(left);
        handover->left = NULL;
    }
    return 0;
}

static int pass_count(const struct drop_count *count, void *data)
{
    (void)count;
    (void)data;
    return 0;
}

static int pass_workload(const struct drop_workload_count *count, void *data)
{
    (void)count;
    (void)data;
    return 0;
}

static int pass_burst(const struct drop_burst_count *count, void *data)
{
    (void)count;
    (void)data;
    return 0;
}

static bool link_stays(int ifindex, void *data)
{
    (void)ifindex;
    (void)data;
    return true;
}

int drop_book_pass_over(struct drop_book *book, struct fault *fault)
{
    static const struct drop_reader reader = {
        .count = pass_count, .workload = pass_workload, .burst = pass_burst, .link_exists = link_stays};
    int error = book->source->read(book->source_state, &reader, fault);

    book->unkept = true;
    return error < 0 ? error : 0;
}

/* If memory runs out, the next instance counts from 0. */
void drop_book_leave(struct drop_book *book, struct handover *handover)
{
    struct drop_book *left = book->source_state ? malloc(sizeof(*left)) : NULL;

    drop_table_merge(&book->sites, &book->before, NULL, NULL);
    if (!left) {
        book_done(book);
        return;
    }
    *left = *book;
    *book = (struct drop_book){};
    handover->left = left;
    handover->left_free = drop_book_free;
}

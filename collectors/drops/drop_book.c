/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/drops/drop_book.h"

/* See drop_book.h. Runs on the collector's thread; what is left in the end is freed on the main thread. */

#include <stdlib.h>

static void book_done(struct drop_book *book)
{
    if (book->source_state)
        book->source->close(book->source_state);
    drop_table_done(&book->sites);
    drop_table_done(&book->before);
    free(book->pending);
    *book = (struct drop_book){};
}

static void book_free(void *left)
{
    book_done(left);
    free(left);
}

int drop_book_init(struct drop_book *book, size_t max_sites, struct limits *limits)
{
    *book = (struct drop_book){};
    return drop_table_init(&book->sites, max_sites, limits);
}

/* All but the source's state, which has done its part. */
static void book_take(struct drop_book *book, struct drop_book *left)
{
    book->before = left->sites;
    left->sites = (struct drop_table){};
    book->pending = left->pending;
    book->pending_count = left->pending_count;
    book->pending_capacity = left->pending_capacity;
    left->pending = NULL;
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
        book_free(left);
        handover->left = NULL;
    }
    return 0;
}

/* Without the memory for it the next instance counts from 0. */
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
    handover->left_free = book_free;
}

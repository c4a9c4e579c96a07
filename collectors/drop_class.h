#pragma once

/*
 * What a drop means: a class out of five, by the reason that the kernel gives and the function that dropped,
 * and one sentence for people. Pure data and its lookup; any thread.
 */

#include <stddef.h>

enum drop_class {
    DROP_CLASS_CAPACITY, /* a queue, a buffer or memory was full: more arrived than could be taken */
    DROP_CLASS_ERROR,    /* damaged, misaddressed, unexpected: somebody does something wrong */
    DROP_CLASS_POLICY,   /* somebody configured that it be dropped */
    DROP_CLASS_BENIGN,   /* nothing was lost that anybody waits for */
    DROP_CLASS_UNKNOWN,  /* the kernel does not say, or we do not know it yet */
    DROP_CLASS_COUNT
};

/* One entry. An entry with both texts holds before one with the reason alone, that before the function. */
struct drop_meaning {
    const char *reason;   /* without SKB_DROP_REASON_; NULL: any */
    const char *function; /* NULL: any */
    enum drop_class class;
    const char *sentence; /* what happened, and what it calls for */
};

extern const struct drop_meaning drop_meanings[];
extern const size_t drop_meaning_count;

/* The entry that holds; NULL: none, the class is unknown. */
const struct drop_meaning *drop_meaning_find(const char *reason, const char *function);
enum drop_class drop_class_of(const char *reason, const char *function);

/* The label value: "capacity", ... */
const char *drop_class_name(enum drop_class class);

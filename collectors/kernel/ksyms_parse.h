/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * The pure part of ksyms.h: bytes of /proc/kallsyms in, in any pieces; for each address that was asked for,
 * the function that it is in out. No system call, no allocation, any thread.
 *
 * The file is not sorted (modules follow the kernel as they were loaded), so an address' function is known
 * at the end only: of all symbols not above the address, the nearest. Each line is compared with the sorted
 * addresses by one binary search.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KSYM_FUNCTION_SIZE = 128,
    KSYM_MODULE_SIZE = 64,
    KSYM_LINE_SIZE = 768, /* address, type, a name of KSYM_NAME_LEN (512), a module */

    /* No function is larger; what is farther from every symbol is in none. */
    KSYM_OFFSET_MAX = 64 * 1024,
};

/* An address and its symbol. */
struct ksym {
    uint64_t address;
    uint32_t offset;                   /* of the address in the function */
    char function[KSYM_FUNCTION_SIZE]; /* without what the compiler appended; "" if in no function */
    char module[KSYM_MODULE_SIZE];     /* "": the kernel itself */
    bool whole;                        /* told by the kernel in full: not to be looked up */
};

/* The state of one pass over the file. */
struct ksyms_scan {
    struct ksym *symbols;    /* what is asked for: ascending by address, no two the same */
    struct ksym_best *bests; /* as many, zeroed */
    size_t count;
    bool visible; /* a symbol with an address was seen: they are not hidden from us */
    bool cut;     /* the line going on is longer than any we know: left out */
    size_t line_size;
    char line[KSYM_LINE_SIZE];
};

/* The nearest symbol so far, of those above the address before. */
struct ksym_best {
    uint64_t start; /* 0 if none yet */
    bool text;      /* a function, not data */
    char function[KSYM_FUNCTION_SIZE];
    char module[KSYM_MODULE_SIZE];
};

void ksyms_scan_feed(struct ksyms_scan *scan, const char *bytes, size_t size);

/* Ends the pass after the last piece: fills in offsets, functions and modules of the symbols. */
void ksyms_scan_end(struct ksyms_scan *scan);

/*
 * Reads the kernel's own words for an address, "%pS": "tap_handle_frame+0x1bc/0x2f0 [tap]", cut anywhere.
 * Returns false if that is no name; *ret_symbol is then untouched.
 */
bool ksym_parse(const char *text, uint64_t address, struct ksym *ret_symbol);

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kallsyms of arbitrary bytes, in two pieces; and the same bytes as the kernel's own words for an address.
 * The symbol that is found does stand in the text, at or below the address. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/kernel/ksyms_parse.h"
#include "tests/fuzz/fuzz.h"

enum { ADDRESSES = 6 };

static const uint64_t addresses[ADDRESSES] = {
    0, 0x1000, 0xffffffff81000004, 0xffffffff81001234, 0xffffffffc0001000, UINT64_MAX,
};

static void expect(bool truth)
{
    if (!truth)
        abort();
}

static void scan(struct ksym symbols[ADDRESSES], const char *text, size_t size, size_t piece)
{
    struct ksym_best bests[ADDRESSES] = {};
    struct ksyms_scan scan = {.symbols = symbols, .bests = bests, .count = ADDRESSES};

    for (size_t i = 0; i < ADDRESSES; i++)
        symbols[i] = (struct ksym){.address = addresses[i]};
    ksyms_scan_feed(&scan, text, piece);
    ksyms_scan_feed(&scan, text + piece, size - piece);
    ksyms_scan_end(&scan);
}

static void check_symbol(const struct ksym *symbol, const char *text, size_t size)
{
    expect(memmem(text, size, symbol->function, strlen(symbol->function)) != NULL);
    expect(memmem(text, size, symbol->module, strlen(symbol->module)) != NULL);
    expect(symbol->offset < KSYM_OFFSET_MAX && symbol->offset <= symbol->address);
    expect(symbol->function[0] || (symbol->offset == 0 && !symbol->module[0]));
}

static void check_words(const char *text, size_t size)
{
    char *words = strndup(text, size);
    struct ksym symbol;

    expect(words != NULL);
    if (ksym_parse(words, UINT64_MAX, &symbol)) {
        check_symbol(&symbol, text, size);
        expect(symbol.function[0]);
    }
    free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct ksym whole[ADDRESSES], pieces[ADDRESSES];

    if (size == 0)
        return 0;
    scan(whole, text, size, size);
    scan(pieces, text, size, data[0] % size);
    for (size_t i = 0; i < ADDRESSES; i++) {
        check_symbol(&whole[i], text, size);
        expect(whole[i].offset == pieces[i].offset && strcmp(whole[i].function, pieces[i].function) == 0 &&
               strcmp(whole[i].module, pieces[i].module) == 0);
    }
    check_words(text, size);
    return 0;
}

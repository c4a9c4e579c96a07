/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/ksyms_parse.h"

/* Reads /proc/kallsyms in pieces and finds the function of each address. Pure; any thread. */

#include <string.h>

#include "base/array.h"
#include "base/character.h"
#include "base/hexadecimal.h"

enum { ADDRESS_DIGITS = 16 };

/* Copies what fits, and adds a NUL. */
static void text_copy(char *to, size_t size, const char *from, size_t length)
{
    if (length > size - 1)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

/* Returns the length without ".constprop.0", ".isra.0", ".part.0", ".cold", ".llvm.123": they depend on the
 * compiler. No C function has a dot in its name. */
static size_t function_length(const char *name, size_t length)
{
    const char *dot = length > 1 ? memchr(name + 1, '.', length - 1) : NULL;

    return dot ? (size_t)(dot - name) : length;
}

/* Copies the module in "[...]" after the name, if there is one. */
static void module_copy(char module[KSYM_MODULE_SIZE], const char *at, const char *end)
{
    const char *open = at < end ? memchr(at, '[', (size_t)(end - at)) : NULL;
    const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;

    module[0] = '\0';
    if (close)
        text_copy(module, KSYM_MODULE_SIZE, open + 1, (size_t)(close - open - 1));
}

/* Scans "ffffffff81234560 t name.part.0\t[module]". If an address has several names, the first counts, as in
 * the kernel's own get_symbol_pos() (kernel/kallsyms.c). */
static void scan_line(struct ksyms_scan *scan, const char *line, const char *end)
{
    struct ksym_best *best;
    const char *name, *name_end;
    uint64_t start;
    size_t i;

    if (!hexadecimal(&line, end, ADDRESS_DIGITS, &start) || start == 0)
        return;
    scan->visible = true;
    if (end - line < 4 || line[0] != ' ' || line[2] != ' ')
        return;
    name = line + 3;
    for (name_end = name; name_end < end && *name_end != '\0' && !is_blank(*name_end); name_end++)
        continue;
    i = array_position(scan->symbols, scan->count, .address, start);
    if (name_end == name || i == scan->count || scan->bests[i].start >= start)
        return;
    best = &scan->bests[i];
    best->start = start;
    best->text = memchr("tTwW", line[1], 4) != NULL;
    text_copy(best->function, sizeof(best->function), name, function_length(name, (size_t)(name_end - name)));
    module_copy(best->module, name_end, end);
}

void ksyms_scan_feed(struct ksyms_scan *scan, const char *bytes, size_t size)
{
    const char *end = bytes + size;

    while (bytes < end) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t piece = (size_t)((newline ? newline : end) - bytes);

        if (piece > sizeof(scan->line) - scan->line_size)
            scan->cut = true;
        if (!scan->cut) {
            memcpy(scan->line + scan->line_size, bytes, piece);
            scan->line_size += piece;
        }
        if (!newline)
            return;
        if (!scan->cut)
            scan_line(scan, scan->line, scan->line + scan->line_size);
        scan->line_size = 0;
        scan->cut = false;
        bytes = newline + 1;
    }
}

void ksyms_scan_end(struct ksyms_scan *scan)
{
    const struct ksym_best *best = NULL;

    for (size_t i = 0; i < scan->count; i++) {
        struct ksym *symbol = &scan->symbols[i];

        if (scan->bests[i].start)
            best = &scan->bests[i];
        symbol->function[0] = symbol->module[0] = '\0';
        symbol->offset = 0;
        if (!best || !best->text || symbol->address - best->start >= KSYM_OFFSET_MAX)
            continue;
        symbol->offset = (uint32_t)(symbol->address - best->start);
        strcpy(symbol->function, best->function);
        strcpy(symbol->module, best->module);
    }
}

bool ksym_parse(const char *text, uint64_t address, struct ksym *ret_symbol)
{
    const char *end = text + strlen(text);
    const char *plus = strchr(text, '+');
    const char *at = plus ? plus + 3 : NULL;
    size_t length = plus ? (size_t)(plus - text) : 0;
    uint64_t offset;

    /* Without "+0x" it is a bare address, or a name that was cut, which may stand for several functions. */
    if (length == 0 || strncmp(plus, "+0x", 3) != 0 || !hexadecimal(&at, end, ADDRESS_DIGITS, &offset) ||
        offset >= KSYM_OFFSET_MAX)
        return false;
    ret_symbol->address = address;
    ret_symbol->offset = (uint32_t)offset;
    text_copy(ret_symbol->function, KSYM_FUNCTION_SIZE, text, function_length(text, length));
    module_copy(ret_symbol->module, at, end);
    return true;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collectors/kernel/ksyms.h"

/*
 * Resolves addresses to functions by one pass over /proc/kallsyms. The thread of the collector that owns it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/hash.h"

enum {
    READ_SIZE = 16 * 1024,         /* the kernel gives a page at a time */
    HIDDEN_AFTER_SIZE = 64 * 1024, /* without a single address: all are hidden */
};

/* The limit on one file. The largest real ones have twenty million bytes. */
#define BYTES_MAX (256L * 1024 * 1024)

/* Hidden addresses are all zero. Some visible ones at the beginning are zero too (per-CPU data). */
bool ksyms_visible(int fd)
{
    struct ksyms_scan scan = {};
    char bytes[READ_SIZE];
    ssize_t size = 1;

    if (fd < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return false;
    for (long total = 0; size > 0 && total < HIDDEN_AFTER_SIZE && !scan.visible; total += size) {
        size = TEMP_FAILURE_RETRY(read(fd, bytes, sizeof(bytes)));
        if (size > 0)
            ksyms_scan_feed(&scan, bytes, (size_t)size);
    }
    return scan.visible;
}

int ksyms_adopt(struct ksyms *ret_ksyms, int fd, int modules_fd, const char *procfs)
{
    struct ksyms ksyms = {.fd = fd};
    int error = procfile_init(&ksyms.modules, procfs, "modules");

    if (error < 0)
        return error;
    ksyms.modules.fd = modules_fd;
    *ret_ksyms = ksyms;
    (void)ksyms_refresh(ret_ksyms);
    ret_ksyms->moved = false;
    ret_ksyms->hidden = !ksyms_visible(fd);
    return 0;
}

void ksyms_close(struct ksyms *ksyms)
{
    procfile_done(&ksyms->modules);
    closep(&ksyms->fd);
    free(ksyms->symbols);
    *ksyms = (struct ksyms){.fd = -1};
}

/* Hashes name, size and address of each line "nf_tables 368640 85 nft_log,nft_ct, Live 0xffffffffc0a31000
 * (E)": the count of users changes all the time. */
static uint64_t modules_hash(const struct procfile *modules)
{
    const char *at = modules->data, *end = array_end(at, modules->size);
    uint64_t hash = HASH_EMPTY;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *line_end = newline ? newline : end;

        for (unsigned field = 0; at < line_end; field++) {
            const char *blank = memchr(at, ' ', (size_t)(line_end - at));
            size_t size = (size_t)((blank ? blank + 1 : line_end) - at);

            if (field < 2 || field == 5)
                hash = hash_bytes(hash, at, size);
            at += size;
        }
        at = line_end + 1;
    }
    return hash;
}

static bool modules_moved(struct ksyms *ksyms)
{
    uint64_t hash;

    /* A kernel without modules has no such file: then nothing ever moves. */
    if (procfile_read(&ksyms->modules, NULL) < 0)
        return false;
    hash = modules_hash(&ksyms->modules);
    if (hash == ksyms->modules_hash)
        return false;
    ksyms->modules_hash = hash;
    return true;
}

bool ksyms_refresh(struct ksyms *ksyms)
{
    bool moved = modules_moved(ksyms);

    ksyms->moved |= moved;
    if (moved || ksyms->known > KSYMS_MAX)
        ksyms->known = ksyms->count = 0;
    return moved;
}

static int compare_addresses(const void *a, const void *b)
{
    const struct ksym *left = a, *right = b;

    return (left->address > right->address) - (left->address < right->address);
}

const struct ksym *ksyms_find(const struct ksyms *ksyms, uint64_t address)
{
    const struct ksym key = {.address = address};

    if (ksyms->known == 0)
        return NULL;
    return bsearch(&key, ksyms->symbols, ksyms->known, sizeof(key), compare_addresses);
}

static int symbol_append(struct ksyms *ksyms, const struct ksym *symbol)
{
    int error = array_grow(ksyms->symbols, ksyms->count, ksyms->capacity);

    if (error < 0)
        return error;
    ksyms->symbols[ksyms->count++] = *symbol;
    return 0;
}

int ksyms_want(struct ksyms *ksyms, uint64_t address, const char *hint)
{
    struct ksym symbol = {.address = address};

    if (ksyms_find(ksyms, address))
        return 0;
    if (hint)
        (void)ksym_parse(hint, address, &symbol);
    return symbol_append(ksyms, &symbol);
}

/* `text` was recorded when the first packet was dropped there. If modules moved since, the address may belong
 * to another function. Without a better source, `text` is used: it is more likely right than wrong. */
int ksyms_tell(struct ksyms *ksyms, uint64_t address, const char *text)
{
    struct ksym symbol = {.address = address};

    if (ksyms_find(ksyms, address))
        return 0;
    if (ksym_parse(text, address, &symbol))
        symbol.whole = ksyms->hidden || !ksyms->moved || !symbol.module[0];
    return symbol_append(ksyms, &symbol);
}

/* Sorts the wanted symbols, which follow the known ones, and removes duplicates. */
static void wanted_sort(struct ksyms *ksyms)
{
    struct ksym *wanted = ksyms->symbols + ksyms->known;
    size_t count = ksyms->count - ksyms->known, kept = 1;

    qsort(wanted, count, sizeof(*wanted), compare_addresses);
    for (size_t i = 1; i < count; i++)
        if (wanted[i].address != wanted[kept - 1].address)
            wanted[kept++] = wanted[i];
    ksyms->count = ksyms->known + kept;
}

/* Feeds the whole file to the scan. Returns false if the file cannot be read to its end, has no addresses, or
 * the collector is ending. */
static bool scan_file(struct ksyms *ksyms, struct ksyms_scan *scan)
{
    char bytes[READ_SIZE];
    long total = 0;
    ssize_t size;

    if (ksyms->fd < 0 || ksyms->hidden || lseek(ksyms->fd, 0, SEEK_SET) < 0)
        return false;
    while ((size = TEMP_FAILURE_RETRY(read(ksyms->fd, bytes, sizeof(bytes)))) > 0) {
        if (ksyms->ending && atomic_load(ksyms->ending))
            return false;
        ksyms_scan_feed(scan, bytes, (size_t)size);
        total += size;
        if ((total > HIDDEN_AFTER_SIZE && !scan->visible) || total > BYTES_MAX)
            break;
    }
    ksyms->hidden = size >= 0 && !scan->visible;
    return size == 0 && scan->visible;
}

/* If the pass fails, the kernel's hints stay. An address at the start of a function belongs to that function,
 * not to the one before: who frees for others passes its own address (net_tx_action(), net/core/dev.c), and
 * no function ends with the call that drops. */
static int names_find(struct ksyms *ksyms, struct ksym *wanted, size_t count)
{
    _cleanup_(freep) struct ksym *found = calloc(count, sizeof(*found));
    _cleanup_(freep) struct ksym_best *bests = calloc(count, sizeof(*bests));
    struct ksyms_scan scan = {.symbols = found, .bests = bests, .count = count};

    if (!found || !bests)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        found[i].address = wanted[i].address;
    if (!scan_file(ksyms, &scan))
        return 0;
    ksyms_scan_end(&scan);
    for (size_t i = 0; i < count; i++)
        if (found[i].function[0] && !wanted[i].whole)
            wanted[i] = found[i];
    return 0;
}

static bool all_whole(const struct ksym *symbols, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!symbols[i].whole)
            return false;
    return true;
}

int ksyms_resolve(struct ksyms *ksyms)
{
    int error = 0;

    if (ksyms->count == ksyms->known)
        return 0;
    wanted_sort(ksyms);
    if (!all_whole(ksyms->symbols + ksyms->known, ksyms->count - ksyms->known))
        error = names_find(ksyms, ksyms->symbols + ksyms->known, ksyms->count - ksyms->known);
    if (error < 0)
        return error;
    ksyms->known = ksyms->count;
    qsort(ksyms->symbols, ksyms->known, sizeof(*ksyms->symbols), compare_addresses);
    return 0;
}

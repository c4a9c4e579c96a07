/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The floor of encoding: the lines of a page, whose numbers are taken out and printed again behind the text
 * before them. Prints the CPU nanoseconds of a page.
 *
 *     floor_format FILE COUNT
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/median.h"

struct line {
    const char *text; /* up to the number */
    size_t size;
    uint64_t number;
};

struct page {
    struct line *lines;
    size_t count;
    char *out;
};

static char *print(char *out, uint64_t number)
{
    char digits[20];
    char *first = digits + sizeof(digits);

    do
        *--first = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(out, first, (size_t)(digits + sizeof(digits) - first));
    out += digits + sizeof(digits) - first;
    *out++ = '\n';
    return out;
}

static void format(void *data)
{
    const struct page *page = data;
    char *out = page->out;

    for (size_t i = 0; i < page->count; i++) {
        memcpy(out, page->lines[i].text, page->lines[i].size);
        out = print(out + page->lines[i].size, page->lines[i].number);
    }
}

/* A comment has no number: its text ends where the next line's begins. */
static void split(char *text, struct page *page)
{
    const char *begin = text;

    for (char *line = text, *end; *line; line = end + 1) {
        char *space;

        end = strchr(line, '\n');
        if (!end)
            fail("no line feed at the end");
        *end = '\0';
        space = strrchr(line, ' ');
        if (*line != '#' && space) {
            page->lines[page->count++] = (struct line){
                .text = begin, .size = (size_t)(space + 1 - begin), .number = strtoull(space + 1, NULL, 10)};
            begin = end + 1;
        }
        *end = '\n';
    }
}

int main(int argc, char *argv[])
{
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    struct page page = {};
    size_t size;
    char *text;

    if (!file)
        fail("floor_format FILE COUNT");
    fseek(file, 0, SEEK_END);
    size = (size_t)ftell(file);
    rewind(file);
    text = calloc(1, size + 1);
    page.lines = calloc(size / 4 + 1, sizeof(*page.lines)); /* a line has four bytes at least */
    page.out = malloc(size + size / 4 * 21 + 21);
    if (!text || !page.lines || !page.out || fread(text, 1, size, file) != size)
        fail(argv[1]);
    fclose(file);
    split(text, &page);
    printf("%" PRIu64 "\n", median_cpu_ns(format, &page, (unsigned)atoi(argv[2])));
    free(page.out);
    free(page.lines);
    free(text);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/json_scan.h"

/*
 * The strict half of the parser: refuses what cJSON would accept. Main thread. Recursive descent, no deeper
 * than JSON_DEPTH_MAX. Every scan_* function either moves behind what it scanned and returns 0, or reports an
 * error and returns -EINVAL.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/character.h"
#include "base/utf8.h"
#include "config/json.h"

/* Where a value stands in its parent, for messages: a key (as written), or an index of a list. */
struct step {
    const char *key;
    size_t size; /* of the key */
    size_t index;
};

struct scanner {
    const char *at, *end;
    unsigned line;
    unsigned depth;
    struct step steps[JSON_DEPTH_MAX];
    struct buffer *places;
    struct report *report;
};

static int scan_value(struct scanner *scanner, unsigned line);

static void scanner_path(const struct scanner *scanner, char path[KEY_PATH_MAX])
{
    size_t size = 0;

    path[0] = '\0';
    for (unsigned i = 0; i < scanner->depth && size < KEY_PATH_MAX; i++) {
        const struct step *step = &scanner->steps[i];
        int key_size = step->size < KEY_PATH_MAX ? (int)step->size : KEY_PATH_MAX;
        char *at = path + size;

        if (step->key)
            size += (size_t)snprintf(at, KEY_PATH_MAX - size, "%s%.*s", i ? "." : "", key_size, step->key);
        else if (step->index)
            size += (size_t)snprintf(at, KEY_PATH_MAX - size, "[%zu]", step->index);
    }
}

static int fail(const struct scanner *scanner, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(const struct scanner *scanner, const char *format, ...)
{
    char path[KEY_PATH_MAX], text[160];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    scanner_path(scanner, path);
    report_error(scanner->report, scanner->line, path, "%s", text);
    return -EINVAL;
}

/* Reports that the text here is not what was expected. */
static int fail_expected(const struct scanner *scanner, const char *expected)
{
    if (scanner->at == scanner->end)
        return fail(scanner, "expected %s, found the end of the file", expected);
    if (is_visible(*scanner->at))
        return fail(scanner, "expected %s, found %c", expected, *scanner->at);
    return fail(scanner, "expected %s, found the byte 0x%02x", expected,
                (unsigned)(unsigned char)*scanner->at);
}

static bool is_at(const struct scanner *scanner, char byte)
{
    return scanner->at < scanner->end && *scanner->at == byte;
}

static void skip_space(struct scanner *scanner)
{
    for (; scanner->at < scanner->end && memchr(" \t\r\n", *scanner->at, 4); scanner->at++)
        scanner->line += *scanner->at == '\n';
}

/* Scans four hexadecimal digits. */
static int scan_hex(struct scanner *scanner, unsigned *ret_value)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++, scanner->at++) {
        int digit = scanner->at < scanner->end ? hex_value(*scanner->at) : -1;

        if (digit < 0)
            return fail_expected(scanner, "four hexadecimal digits after \\u");
        value = value << 4 | (unsigned)digit;
    }
    *ret_value = value;
    return 0;
}

/* Called behind "\u". */
static int scan_unicode(struct scanner *scanner)
{
    unsigned high = 0, low = 0;

    if (scan_hex(scanner, &high) < 0)
        return -EINVAL;
    if (high == 0)
        return fail(scanner, "\\u0000 is not allowed");
    if (high < 0xd800 || high > 0xdfff)
        return 0;
    if (high > 0xdbff || scanner->end - scanner->at < 2 || memcmp(scanner->at, "\\u", 2) != 0)
        return fail(scanner, "half a surrogate pair, \\u%04x", high);
    scanner->at += 2;
    if (scan_hex(scanner, &low) < 0)
        return -EINVAL;
    return low >= 0xdc00 && low <= 0xdfff ? 0 : fail(scanner, "half a surrogate pair, \\u%04x", high);
}

/* Called behind a backslash. */
static int scan_escape(struct scanner *scanner)
{
    if (scanner->at == scanner->end || !memchr("\"\\/bfnrtu", *scanner->at, 9))
        return fail_expected(scanner, "one of \"\\/bfnrtu after a backslash");
    return *scanner->at++ == 'u' ? scan_unicode(scanner) : 0;
}

/* Called at the opening quote. */
static int scan_string(struct scanner *scanner)
{
    scanner->at++;
    while (!is_at(scanner, '"')) {
        size_t size = utf8_sequence(scanner->at, (size_t)(scanner->end - scanner->at));

        if (scanner->at == scanner->end)
            return fail(scanner, "a string without its closing quote");
        if (!size)
            return fail(scanner, "invalid UTF-8 in a string, byte 0x%02x",
                        (unsigned)(unsigned char)*scanner->at);
        /* JSON allows DEL; what an option allows is checked later. */
        if (is_control(*scanner->at) && *scanner->at != 0x7f)
            return fail(scanner, "a raw control character in a string, byte 0x%02x", (unsigned)*scanner->at);
        scanner->at += size;
        if (scanner->at[-1] == '\\' && scan_escape(scanner) < 0)
            return -EINVAL;
    }
    scanner->at++;
    return 0;
}

/* Called at a digit or a minus. Refuses fractions: no setting has one, and few are exact in a double. */
static int scan_number(struct scanner *scanner)
{
    uint64_t value = 0;
    const char *digits;

    scanner->at += *scanner->at == '-';
    digits = scanner->at;
    for (; scanner->at < scanner->end && is_digit(*scanner->at); scanner->at++) {
        value = value * 10 + (uint64_t)digit_value(*scanner->at);
        if (value > JSON_NUMBER_MAX)
            return fail(scanner, "a number too large to be exact");
    }
    if (scanner->at == digits)
        return fail_expected(scanner, "a digit");
    if (*digits == '0' && scanner->at - digits > 1)
        return fail(scanner, "a number with a leading zero");
    if (is_at(scanner, '.') || is_at(scanner, 'e') || is_at(scanner, 'E'))
        return fail(scanner, "a number that is not written as a whole number");
    return 0;
}

static int scan_word(struct scanner *scanner)
{
    static const char *const words[] = {"true", "false", "null"};

    for (size_t i = 0; i < ELEMENTS(words); i++) {
        size_t size = strlen(words[i]);

        if ((size_t)(scanner->end - scanner->at) >= size && memcmp(scanner->at, words[i], size) == 0) {
            scanner->at += size;
            return 0;
        }
    }
    return fail_expected(scanner, "a value");
}

/* Scans the key, the colon and the value. */
static int scan_member(struct scanner *scanner, struct step *step)
{
    unsigned line = scanner->line;
    const char *key = scanner->at + 1;

    *step = (struct step){}; /* until a key is known, messages name the object */
    if (!is_at(scanner, '"'))
        return fail_expected(scanner, "a key in quotes");
    if (scan_string(scanner) < 0)
        return -EINVAL;
    *step = (struct step){.key = key, .size = (size_t)(scanner->at - 1 - key)};
    skip_space(scanner);
    if (!is_at(scanner, ':'))
        return fail_expected(scanner, "a colon");
    scanner->at++;
    return scan_value(scanner, line);
}

/* Reports a trailing comma. Called behind the opening bracket, or behind a comma on `line`. */
static int fail_trailing(struct scanner *scanner, unsigned line)
{
    scanner->steps[scanner->depth - 1] = (struct step){};
    scanner->line = line;
    return fail(scanner, "a comma with nothing behind it, before %c", *scanner->at);
}

/* Called at the opening brace or bracket. */
static int scan_container(struct scanner *scanner, bool object)
{
    char close = object ? '}' : ']';
    struct step *step = &scanner->steps[scanner->depth];
    bool first = true;
    int error;

    if (scanner->depth == JSON_DEPTH_MAX)
        return fail(scanner, "nested deeper than %d levels", JSON_DEPTH_MAX);
    *step = (struct step){};
    scanner->depth++;
    do {
        unsigned line = scanner->line;

        scanner->at++; /* behind the opening bracket, or the comma */
        skip_space(scanner);
        if (is_at(scanner, close) && !first)
            return fail_trailing(scanner, line);
        if (is_at(scanner, close))
            break;
        first = false;
        step->index += !object;
        error = object ? scan_member(scanner, step) : scan_value(scanner, scanner->line);
        if (error < 0)
            return error;
        skip_space(scanner);
    } while (is_at(scanner, ','));
    if (!is_at(scanner, close))
        return fail_expected(scanner, object ? "a comma or }" : "a comma or ]");
    scanner->at++;
    scanner->depth--;
    return 0;
}

/* `line` is the line of the value's key, or of the value itself if it has none. */
static int scan_value(struct scanner *scanner, unsigned line)
{
    struct json_place place = {.line = line};

    skip_space(scanner);
    buffer_append(scanner->places, &place, sizeof(place));
    switch (scanner->at < scanner->end ? *scanner->at : '\0') {
    case '{':
        return scan_container(scanner, true);
    case '[':
        return scan_container(scanner, false);
    case '"':
        return scan_string(scanner);
    case '-':
    case '0' ... '9':
        return scan_number(scanner);
    default:
        return scan_word(scanner);
    }
}

/* Refuses the byte order mark that some editors write. */
static int refuse_mark(const struct scanner *scanner)
{
    static const struct {
        const char *bytes, *problem;
    } marks[] = {
        {"\xef\xbb\xbf", "begins with a byte order mark (BOM): save it as UTF-8 without one"},
        {"\xff\xfe", "is UTF-16 by its byte order mark: save it as UTF-8"},
        {"\xfe\xff", "is UTF-16 by its byte order mark: save it as UTF-8"},
    };

    for (size_t i = 0; i < ELEMENTS(marks); i++) {
        size_t size = strlen(marks[i].bytes);

        if ((size_t)(scanner->end - scanner->at) >= size && memcmp(scanner->at, marks[i].bytes, size) == 0)
            return fail(scanner, "%s", marks[i].problem);
    }
    return 0;
}

int json_scan(const char *data, size_t size, struct buffer *places, struct report *report)
{
    struct scanner scanner = {.at = data, .end = data + size, .line = 1, .places = places, .report = report};

    if (size > JSON_SIZE_MAX)
        return fail(&scanner, "larger than the %d bytes that a configuration may have", JSON_SIZE_MAX);
    if (refuse_mark(&scanner) < 0)
        return -EINVAL;
    skip_space(&scanner);
    if (scan_value(&scanner, scanner.line) < 0)
        return -EINVAL;
    skip_space(&scanner);
    if (scanner.at != scanner.end)
        return fail(&scanner, "bytes after the end of the document");
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accept and Accept-Encoding: any header has an answer, and rules that hold for every header. The input is
 * the header; an exact-size copy with its NUL lets the sanitizers see any step beyond.
 */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/http/negotiate.h"
#include "tests/fuzz/fuzz.h"

static void check(int holds)
{
    if (!holds)
        abort();
}

/* The header with `suffix` behind it. */
static char *header_new(const uint8_t *data, size_t size, const char *suffix)
{
    char *header = malloc(size + strlen(suffix) + 1);

    check(header != NULL);
    memcpy(header, data, size);
    strcpy(header + size, suffix);
    return header;
}

/* Letter case never matters. */
static void check_case(const char *header, enum exposition exposition, int gzip)
{
    _cleanup_(freep) char *upper = strdup(header);

    check(upper != NULL);
    for (char *at = upper; *at; at++) {
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    }
    check(negotiate_exposition(upper) == exposition);
    check(negotiate_gzip(upper) == gzip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(freep) char *header = header_new(data, size, "");
    _cleanup_(freep) char *padded = header_new(data, size, " ,\t,");
    enum exposition exposition = negotiate_exposition(header);
    int gzip = negotiate_gzip(header);

    check(exposition == EXPOSITION_TEXT || exposition == EXPOSITION_OPENMETRICS);
    /* Nobody gets what was not named, if only by a wildcard. */
    check(exposition == EXPOSITION_TEXT || strcasestr(header, "openmetrics-text") || strchr(header, '*'));
    check(!gzip || strcasestr(header, "gzip") || strchr(header, '*'));
    check_case(header, exposition, gzip);
    /* Empty elements mean nothing, outside of a quoted string that never ends or an escape cut off. */
    if (!memchr(data, '"', size) && !memchr(data, '\0', size)) {
        check(negotiate_exposition(padded) == exposition);
        check(negotiate_gzip(padded) == gzip);
    }
    return 0;
}

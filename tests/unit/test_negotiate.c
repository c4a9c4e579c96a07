/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Content negotiation: what real clients send, RFC 9110's rules, and what nobody should send. */

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/http/negotiate.h"
#include "tests/unit/unit.h"

#define OPEN "application/openmetrics-text"

static void test_exposition(void **state)
{
    static const struct {
        const char *accept;
        enum exposition expected;
    } cases[] = {
        /* Prometheus 2.42 and 3.x. */
        {OPEN ";version=1.0.0," OPEN ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         EXPOSITION_OPENMETRICS},
        {OPEN ";version=1.0.0;escaping=allow-utf-8;q=0.6," OPEN ";version=0.0.1;q=0.5,"
              "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
         EXPOSITION_OPENMETRICS},
        /* Other clients. */
        {NULL, EXPOSITION_TEXT},
        {"*/*", EXPOSITION_TEXT},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", EXPOSITION_TEXT},
        {"application/json", EXPOSITION_TEXT},
        {"text/plain", EXPOSITION_TEXT},
        {"text/plain;version=0.0.4", EXPOSITION_TEXT},
        /* Versions: 1.0.0 is the only OpenMetrics spoken. */
        {OPEN, EXPOSITION_OPENMETRICS},
        {OPEN "; version=1.0.0; charset=utf-8", EXPOSITION_OPENMETRICS},
        {OPEN ";version=\"1.0.0\"", EXPOSITION_OPENMETRICS},
        {OPEN ";version=0.0.1", EXPOSITION_TEXT},
        {OPEN ";version=2.0.0,*/*;q=0.1", EXPOSITION_TEXT},
        {OPEN ";version=1.0.0;version=0.0.1", EXPOSITION_TEXT},
        {OPEN ";q=0.5,text/plain;version=0.0.3", EXPOSITION_OPENMETRICS},
        /* Weights. */
        {OPEN ";q=0.5,text/plain;q=0.6", EXPOSITION_TEXT},
        {OPEN ";q=0.6,text/plain;q=0.5", EXPOSITION_OPENMETRICS},
        {OPEN ";q=0.501,text/plain;q=0.5", EXPOSITION_OPENMETRICS},
        {OPEN ";q=0.5001,text/plain;q=0.5", EXPOSITION_TEXT},
        {OPEN ";q=0", EXPOSITION_TEXT},
        {OPEN ";q=0.000,text/plain;q=0", EXPOSITION_TEXT},
        {OPEN ";q=0.001,text/plain;q=0", EXPOSITION_OPENMETRICS},
        {"text/plain;q=0,*/*", EXPOSITION_OPENMETRICS},
        {OPEN ";q=0.3," OPEN ";q=0.9,text/plain;q=0.5", EXPOSITION_OPENMETRICS},
        /* Precision: the most precise range that matches holds; at equal weights the one that is named. */
        {OPEN ",text/plain", EXPOSITION_TEXT},
        {OPEN ",*/*", EXPOSITION_OPENMETRICS},
        {OPEN ";version=1.0.0,text/plain", EXPOSITION_OPENMETRICS},
        {OPEN ",text/plain;version=0.0.4", EXPOSITION_TEXT},
        {OPEN ";version=1.0.0;q=0," OPEN ",*/*;q=0.1", EXPOSITION_TEXT},
        {"*/*;q=0.9,text/*;q=0.1", EXPOSITION_OPENMETRICS},
        {"application/*,text/*;q=0.9", EXPOSITION_OPENMETRICS},
        {"application/*,text/*", EXPOSITION_TEXT},
        /* Writing. */
        {"APPLICATION/OpenMetrics-Text;VERSION=1.0.0;Q=1.0", EXPOSITION_OPENMETRICS},
        {" ,,\t " OPEN " ; version = 1.0.0 ;; q=1 ,", EXPOSITION_OPENMETRICS},
        {OPEN ";note=\"a,b;q=0\\\",\",text/plain;q=0.9", EXPOSITION_OPENMETRICS},
        {"text/plain;q=0.1;note=\"," OPEN ",\"", EXPOSITION_TEXT},
        /* Malformed elements are passed over. */
        {"", EXPOSITION_TEXT},
        {",;,;=,/;q,q=1", EXPOSITION_TEXT},
        {OPEN ";q=x", EXPOSITION_TEXT},
        {OPEN ";q=", EXPOSITION_TEXT},
        {OPEN ";q=-1", EXPOSITION_TEXT},
        {OPEN ";q=2", EXPOSITION_TEXT},
        {OPEN ";q=1.001", EXPOSITION_TEXT},
        {OPEN ";q=1x", EXPOSITION_TEXT},
        {OPEN ";q=0.x", EXPOSITION_TEXT},
        {OPEN ";q=0./", EXPOSITION_TEXT},
        {"application/*;version=1.0.0", EXPOSITION_OPENMETRICS}, /* a version of no subtype says nothing */
        {OPEN ";q=0,5", EXPOSITION_TEXT},
        {OPEN "/1.0.0", EXPOSITION_TEXT},
        {"application", EXPOSITION_TEXT},
        {"*/openmetrics-text", EXPOSITION_TEXT},
        {"application/openmetrics-tex", EXPOSITION_TEXT},
        {"text/plain;q=y," OPEN ";q=0.1", EXPOSITION_OPENMETRICS},
        {"\"" OPEN, EXPOSITION_TEXT},
        {"\\", EXPOSITION_TEXT},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        if (negotiate_exposition(cases[i].accept) != cases[i].expected)
            fail_msg("Accept: %s", cases[i].accept);
    }
}

static void test_gzip(void **state)
{
    static const struct {
        const char *accept_encoding;
        bool expected;
    } cases[] = {
        {NULL, false},
        {"", false},
        {"gzip", true},
        {"GZIP", true},
        {"gzip;level=1;q", true},
        {"x-gzip", true},
        {"gzip, deflate, br, zstd", true},
        {"deflate", false},
        {"br;q=1, gzip;q=0.1", true},
        {"gzip;q=0", false},
        {"gzip;q=0.0", false},
        {"gzip; q=0.5", true},
        {"*", true},
        {"*;q=0", false},
        {"*;q=0, gzip", true},
        {"gzip;q=0, *", false},
        {"identity", false},
        {"identity, gzip;q=0.5", false},
        {"identity;q=0.5, gzip", true},
        {"identity;q=0, *;q=0.1", true},
        {"gzip;q=0.5, *;q=1", false},
        {"gzip, gzip;q=0", true},
        {"gzip;q=2", false},
        {"gzipp", false},
        {"gzi", false},
        {"deflate,\tgzip ;q=1", true},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        if (negotiate_gzip(cases[i].accept_encoding) != cases[i].expected)
            fail_msg("Accept-Encoding: %s", cases[i].accept_encoding);
    }
}

/* Row 39 of docs/faults.md: 10 KB of anything is text, and what stands at its end still counts. */
static void test_row_39_long_headers(void **state)
{
    static const char *const units[] = {"a",        ",",    ";",  "\"", "text/plain;q=0,",
                                        "*/*;q=0,", "\\\"", "q=", "/"};
    static const char end[] = "," OPEN ";q=0.5,*/*;q=0.1";
    const size_t size = 10 * 1024;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(units); i++) {
        _cleanup_(freep) char *header = malloc(size + sizeof(end));
        size_t used = 0;

        assert_non_null(header);
        for (; used + strlen(units[i]) <= size; used += strlen(units[i]))
            memcpy(header + used, units[i], strlen(units[i]));
        header[used] = '\0';
        /* All that the client forbids is text; a header that allows nothing gets it all the same. */
        assert_int_equal(negotiate_exposition(header), EXPOSITION_TEXT);
        assert_false(negotiate_gzip(header));
    }
    {
        _cleanup_(freep) char *header = malloc(size + sizeof(end));

        assert_non_null(header);
        memset(header, 'a', size);
        memcpy(header + size, end, sizeof(end));
        assert_int_equal(negotiate_exposition(header), EXPOSITION_OPENMETRICS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exposition),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_row_39_long_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

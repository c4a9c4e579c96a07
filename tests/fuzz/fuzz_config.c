/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration file of arbitrary bytes, all the way to settings; or, behind a first byte '=', one --set.
 * What comes out is within its limits, and what is said is clean lines, not too many. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/report.h"
#include "daemon/settings/settings.h"
#include "tests/fuzz/fuzz.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_messages(const struct buffer *messages)
{
    size_t lines = 0;

    if (!messages->size)
        return;
    check(utf8_valid(messages->data, messages->size));
    check(messages->data[messages->size - 1] == '\n');
    for (size_t i = 0; i < messages->size; i++) {
        lines += messages->data[i] == '\n';
        check(messages->data[i] == '\n' ||
              ((unsigned char)messages->data[i] >= 0x20 && messages->data[i] != 0x7f));
    }
    check(lines <= 2 * (REPORT_LINES_MAX + 1));
}

static void check_settings(const struct settings *settings)
{
    const struct web_settings *web = &settings->web;

    check(web->listen.count >= 1 && web->listen.count <= 16);
    check(web->max_connections >= 1 && web->max_connections <= 65536);
    check(web->request_timeout_ns >= NS_PER_SECOND && web->request_timeout_ns <= 300 * NS_PER_SECOND);
    check(web->telemetry_path[0] == '/' && web->telemetry_path[1]);
    for (size_t i = 0; i < collector_count; i++) {
        const struct collector_common *common = settings_collector(settings, i);

        check(common->interval_ns >= NS_PER_SECOND / 10 && common->interval_ns <= 3600 * NS_PER_SECOND);
        check(common->max_age_ns >= 3 * common->interval_ns);
        check(settings_devices(settings, i)->include.count <= OPTION_LIST_ITEMS_MAX);
        check(settings_collector_equal(settings, settings, i));
    }
}

static void run(const struct settings_source *source, const char *data, size_t size)
{
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;
    int error = settings_parse(source, data, size, &settings, &messages);

    check(error == 0 || error == -EINVAL);
    check((error == 0) == (settings != NULL));
    check(error == 0 || messages.size);
    check_messages(&messages);
    if (!settings)
        return;
    check((settings->unknown_keys > 0) == (messages.size > 0));
    check_settings(settings);
    settings_unref(settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings_source source = {.config_file = "f", .procfs = "/proc"};
    const char *text = size ? (const char *)data : "";

    if (size && *text == '=') {
        char *assignment = strndup(text + 1, size - 1);

        check(assignment && string_list_add(&source.sets, assignment) == 0);
        free(assignment);
        run(&source, NULL, 0);
        string_list_done(&source.sets);
        return 0;
    }
    run(&source, text, size);
    source.unknown_keys = UNKNOWN_KEYS_WARN;
    run(&source, text, size);
    return 0;
}

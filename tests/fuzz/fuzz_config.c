/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration files of arbitrary bytes, one behind the other with a NUL between them, all the way to
 * settings; or, behind a first byte '=', one --set. What comes out is within its limits, and what is said is
 * clean lines, not too many. Each file is right or wrong by itself, and what holds, written down, is a file
 * that says the same. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/config_print.h"
#include "config/report.h"
#include "daemon/settings/settings.h"
#include "tests/fuzz/fuzz.h"

enum { FILES_MAX = 4 };

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

    check(web->listen.count <= 16);
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

/* Everything that holds, as a file. */
static void print(struct settings *settings, struct buffer *out)
{
    size_t count = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(settings, &count);
    _cleanup_(buffer_done) struct buffer text = {};

    check(bindings && config_print_json(bindings, count, out) == 0);
    config_print_text(bindings, count, &text);
    check(!text.error && utf8_valid(text.data, text.size));
}

static void check_printed(struct settings *settings)
{
    const struct settings_source source = {.config_file = "p", .procfs = "/proc"};
    _cleanup_(buffer_done) struct buffer messages = {}, first = {}, second = {};
    struct settings *again = NULL;

    print(settings, &first);
    check(settings_parse(&source, first.data, first.size, &again, &messages) == 0);
    for (size_t i = 0; i < collector_count; i++)
        check(settings_collector_equal(settings, again, i));
    print(again, &second);
    check(first.size == second.size && !memcmp(first.data, second.data, first.size));
    settings_unref(again);
}

static int run(const struct settings_source *source, const struct config_files *files)
{
    _cleanup_(buffer_done) struct buffer messages = {};
    struct settings *settings = NULL;
    int error = settings_parse_files(source, files, &settings, &messages);

    check(error == 0 || error == -EINVAL);
    check((error == 0) == (settings != NULL));
    check(error == 0 || messages.size);
    check_messages(&messages);
    if (!settings)
        return error;
    check(settings->unknown_keys == 0 || messages.size > 0);
    check_settings(settings);
    check_printed(settings);
    settings_unref(settings);
    return 0;
}

/* All at once, then each alone. */
static void run_files(const struct settings_source *source, const struct config_files *files)
{
    int all = run(source, files), each = 0;

    for (size_t i = 0; i < files->count && files->count > 1; i++) {
        const struct config_files one = {.items = &files->items[i], .count = 1, .named = true};

        if (run(source, &one) < 0)
            each = -EINVAL;
    }
    check(files->count <= 1 || all == each);
}

static void split(char *text, size_t size, struct config_files *files)
{
    char *end = text + size;

    files->named = true;
    while (files->count < FILES_MAX) {
        size_t length = strnlen(text, (size_t)(end - text));

        if (files->count + 1 == FILES_MAX)
            length = (size_t)(end - text);
        files->items[files->count++] =
            (struct config_file){.name = (char *)"f", .data = text, .size = length};
        if (text + length == end)
            break;
        text += length + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct settings_source source = {.config_file = "f", .procfs = "/proc"};
    const char *text = size ? (const char *)data : "";
    struct config_file items[FILES_MAX];
    struct config_files files = {.items = items};

    if (size && *text == '=') {
        char *assignment = strndup(text + 1, size - 1);

        check(assignment && string_list_add(&source.sets, assignment) == 0);
        free(assignment);
        run(&source, &files);
        string_list_done(&source.sets);
        return 0;
    }
    split((char *)text, size, &files); /* only read */
    run_files(&source, &files);
    source.unknown_keys = UNKNOWN_KEYS_WARN;
    run_files(&source, &files);
    return 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/settings/settings.h"

/* See settings.h. Main thread; the references are anybody's. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/reference.h"
#include "config/file.h"

enum {
    COMMON_SECTIONS = 3,    /* web, devices, loss; then the collectors, */
    COLLECTOR_SECTIONS = 3, /* each of these: what all have, devices, its own */
};

static void settings_free(struct settings *settings)
{
    for (size_t i = 0; settings->collectors && i < collector_count; i++)
        options_done(&device_filter_options, &settings->collectors[i].devices);
    for (size_t i = 0; settings->own && i < collector_count; i++)
        options_free(&collectors[i]->options, settings->own[i]);
    free(settings->collectors);
    free(settings->own);
    options_done(&loss_options, &settings->loss);
    options_done(&device_filter_options, &settings->devices);
    options_done(&web_options, &settings->web);
    free(settings);
}

struct settings *settings_ref(struct settings *settings)
{
    reference_take(&settings->references);
    return settings;
}

struct settings *settings_unref(struct settings *settings)
{
    if (settings && reference_drop(&settings->references))
        settings_free(settings);
    return NULL;
}

DEFINE_CLEANUP(struct settings *, settings_unref)

static int collector_init(struct settings *settings, size_t i)
{
    struct collector_options common;
    int error;

    collector_options(collectors[i], &common);
    error = options_init(&common.table, &settings->collectors[i]);
    if (error == 0)
        error = options_init(&device_filter_options, &settings->collectors[i].devices);
    if (error < 0 || !collectors[i]->options.count)
        return error;
    settings->own[i] = options_new(&collectors[i]->options);
    return settings->own[i] ? 0 : -ENOMEM;
}

/* Every setting at its default, one reference. NULL: out of memory. */
static struct settings *settings_new(const struct settings_source *source)
{
    _cleanup_(settings_unrefp) struct settings *settings = calloc(1, sizeof(*settings));

    if (!settings)
        return NULL;
    atomic_init(&settings->references, 1);
    settings->procfs = source->procfs;
    settings->host_network = source->host_network;
    settings->systemd_socket = source->systemd_socket;
    settings->collectors = calloc(collector_count, sizeof(*settings->collectors));
    settings->own = calloc(collector_count, sizeof(*settings->own));
    if (!settings->collectors || !settings->own || options_init(&web_options, &settings->web) < 0 ||
        options_init(&device_filter_options, &settings->devices) < 0 ||
        options_init(&loss_options, &settings->loss) < 0)
        return NULL;
    for (size_t i = 0; i < collector_count; i++)
        if (collector_init(settings, i) < 0)
            return NULL;
    return take_ptr(settings);
}

static void bind_section(struct config_binding *binding, const char *collector, const char *part,
                         const struct option_table *table, void *settings)
{
    *binding = (struct config_binding){.table = table, .settings = settings};
    (void)snprintf(binding->section, sizeof(binding->section), "collectors.%s%s", collector, part);
}

/* The sections of one collector; returns how many. Makes `common`, which must outlive them. */
static size_t bind_collector(struct config_binding *bindings, struct collector_options *common,
                             struct settings *settings, size_t i)
{
    const struct collector *collector = collectors[i];
    struct collector_common *all = settings ? &settings->collectors[i] : NULL;
    size_t count = 0;

    collector_options(collector, common);
    bind_section(&bindings[count++], collector->name, "", &common->table, all);
    if (collector->filters_devices) {
        bind_section(&bindings[count], collector->name, ".devices", &device_filter_options,
                     all ? &all->devices : NULL);
        bindings[count++].inherits = "devices";
    }
    if (collector->options.count)
        bind_section(&bindings[count++], collector->name, "", &collector->options,
                     settings ? settings->own[i] : NULL);
    return count;
}

struct config_binding *settings_bindings(struct settings *settings, size_t *ret_count)
{
    size_t most = COMMON_SECTIONS + COLLECTOR_SECTIONS * collector_count, count = COMMON_SECTIONS;
    struct config_binding *bindings;
    struct collector_options *common; /* behind the bindings, which refer to them */

    bindings = calloc(1, most * sizeof(*bindings) + collector_count * sizeof(*common));
    if (!bindings)
        return NULL;
    common = (void *)(bindings + most);
    bindings[0] = (struct config_binding){
        .section = "web", .table = &web_options, .settings = settings ? &settings->web : NULL};
    bindings[1] = (struct config_binding){.section = "devices",
                                          .table = &device_filter_options,
                                          .settings = settings ? &settings->devices : NULL};
    bindings[2] = (struct config_binding){
        .section = "loss", .table = &loss_options, .settings = settings ? &settings->loss : NULL};
    for (size_t i = 0; i < collector_count; i++)
        count += bind_collector(&bindings[count], &common[i], settings, i);
    *ret_count = count;
    return bindings;
}

static void hash_file(const char *data, size_t size, char hexadecimal[2 * SHA256_DIGEST_SIZE + 1])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, size, (const uint8_t *)data);
    sha256_digest(&context, sizeof(digest), digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        (void)sprintf(hexadecimal + 2 * i, "%02x", digest[i]);
}

static const char *file_name(const struct settings_source *source)
{
    return source->config_file ? source->config_file : NETDROP_DEFAULT_CONFIG;
}

static void apply_file(struct config *config, const char *data, size_t size)
{
    _cleanup_(json_freep) struct json *json = json_parse(data, size, config->report);

    if (json)
        config_apply(config, json);
}

/* The command line wins over the file: --collector.disable-defaults over the "enabled" of a file too, or it
 * would have no effect beside the default file, which enables every collector. */
static void apply_command_line(struct config *config, const struct settings_source *source,
                               struct settings *settings)
{
    for (size_t i = 0; source->disable_defaults && i < collector_count; i++)
        settings->collectors[i].enabled = false;
    config->report->source = "command line";
    config->warn_unknown = false; /* typed here and now, not for a fleet */
    for (size_t i = 0; i < source->sets.count; i++)
        config_set(config, source->sets.items[i]);
}

static void grant_max_age(struct settings *settings)
{
    for (size_t i = 0; i < collector_count; i++) {
        struct collector_common *common = &settings->collectors[i];

        if (common->max_age_ns < 3 * common->interval_ns)
            common->max_age_ns = 3 * common->interval_ns;
    }
}

/* Elsewhere than in the host's network namespace a veth is not the other end of somebody's cable: it may be
 * the only way out. There no kind is left out by default. */
static void keep_kinds(struct device_filter *filter)
{
    if (!filter->exclude_kinds.set)
        string_list_done(&filter->exclude_kinds);
}

static void grant_kinds(struct settings *settings)
{
    keep_kinds(&settings->devices);
    for (size_t i = 0; i < collector_count; i++)
        keep_kinds(&settings->collectors[i].devices);
}

int settings_parse(const struct settings_source *source, const char *data, size_t size,
                   struct settings **ret_settings, struct buffer *messages)
{
    _cleanup_(settings_unrefp) struct settings *settings = settings_new(source);
    _cleanup_(freep) struct config_binding *bindings = NULL;
    struct report report = {.source = file_name(source), .out = messages};
    struct config config = {.warn_unknown = source->unknown_keys == UNKNOWN_KEYS_WARN, .report = &report};

    bindings = settings ? settings_bindings(settings, &config.count) : NULL;
    if (!bindings) {
        report_error(&report, 0, "", "out of memory");
        return -ENOMEM;
    }
    config.bindings = bindings;
    if (data) {
        hash_file(data, size, settings->sha256);
        apply_file(&config, data, size);
    }
    apply_command_line(&config, source, settings);
    report_end(&report);
    if (report.errors)
        return -EINVAL;
    grant_max_age(settings);
    if (settings->host_network == HOST_NETWORK_NO)
        grant_kinds(settings);
    settings->unknown_keys = config.unknown_keys;
    *ret_settings = take_ptr(settings);
    return 0;
}

int settings_load(const struct settings_source *source, struct settings **ret_settings,
                  struct buffer *messages)
{
    struct report report = {.source = file_name(source), .out = messages};
    _cleanup_(freep) char *data = NULL;
    struct fault fault;
    size_t size = 0;
    int error = file_read(report.source, JSON_SIZE_MAX, 0, &data, &size, &fault);

    /* Without a word from the user the file need not be there. */
    if (error == -ENOENT && !source->config_file)
        error = 0;
    if (error < 0) {
        report_error(&report, 0, "", "%s", fault.text);
        return error == -ENOMEM ? error : -EINVAL;
    }
    return settings_parse(source, data, size, ret_settings, messages);
}

const struct collector_common *settings_collector(const struct settings *settings, size_t i)
{
    return &settings->collectors[i];
}

const struct device_filter *settings_devices(const struct settings *settings, size_t i)
{
    const struct device_filter *own = &settings_collector(settings, i)->devices;

    return device_filter_is_set(own) ? own : &settings->devices;
}

struct collector_context settings_context(const struct settings *settings, size_t i, struct limits *limits,
                                          struct handover *handover)
{
    return (struct collector_context){
        .settings = settings->own[i],
        .procfs = settings->procfs,
        .devices = settings_devices(settings, i),
        .limits = limits,
        .handover = handover,
    };
}

bool settings_collector_equal(const struct settings *a, const struct settings *b, size_t i)
{
    const struct collector *collector = collectors[i];
    struct collector_options common;

    collector_options(collector, &common);
    return options_equal(&common.table, &a->collectors[i], &b->collectors[i]) &&
           options_equal(&collector->options, a->own[i], b->own[i]) &&
           (!collector->filters_devices ||
            options_equal(&device_filter_options, settings_devices(a, i), settings_devices(b, i)));
}

/* One section of settings_restart_needed(). */
static int keep_section(const struct config_binding *old, const struct config_binding *next,
                        struct buffer *out)
{
    int kept = 0;

    for (size_t i = 0; i < old->table->count; i++) {
        const struct option *option = &old->table->options[i];

        if (!option->restart || option_equal(option, old->settings, next->settings))
            continue;
        if (option_copy(option, next->settings, old->settings) < 0)
            return -ENOMEM;
        buffer_printf(out, "%s%s.%s", out->size ? ", " : "", old->section, option->key);
        kept++;
    }
    return kept;
}

int settings_restart_needed(const struct settings *old, struct settings *next, struct buffer *out)
{
    size_t count = 0;
    /* Only read. */
    _cleanup_(freep) struct config_binding *old_bindings = settings_bindings((struct settings *)old, &count);
    _cleanup_(freep) struct config_binding *new_bindings = settings_bindings(next, &count);
    int kept = 0;

    if (!old_bindings || !new_bindings)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int error = keep_section(&old_bindings[i], &new_bindings[i], out);

        if (error < 0)
            return error;
        kept += error;
    }
    return kept;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/settings/settings.h"

/* Builds the settings from defaults, files and flags. Main thread; any thread may hold a reference. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/build_config.h"
#include "base/cleanup.h"
#include "base/reference.h"
#include "config/config_files.h"
#include "config/json.h"

enum {
    COMMON_SECTIONS = 3,    /* web, devices, loss; then for each collector */
    COLLECTOR_SECTIONS = 3, /* what all have, devices, its own */
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
    string_list_done(&settings->files);
    free(settings->origins);
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

/* Makes one origin for each option of all sections. */
static struct config_origin *origins_new(void)
{
    size_t count = 0, options = 0;
    _cleanup_(freep) struct config_binding *bindings = settings_bindings(NULL, &count);

    for (size_t i = 0; bindings && i < count; i++)
        options += bindings[i].table->count;
    return options ? calloc(options, sizeof(struct config_origin)) : NULL;
}

/* Makes settings with all defaults and one reference. Returns NULL if memory runs out. */
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
    settings->origins = origins_new();
    if (!settings->collectors || !settings->own || !settings->origins ||
        options_init(&web_options, &settings->web) < 0 ||
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

/* Binds the sections of one collector. Returns how many. Makes `common`, which must outlive them. */
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
    struct collector_options *common; /* behind the bindings, which point to them */
    struct config_origin *origin = settings ? settings->origins : NULL;

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
    for (size_t i = 0; origin && i < count; i++) {
        bindings[i].origins = origin;
        origin += bindings[i].table->count;
    }
    *ret_count = count;
    return bindings;
}

static const char *file_name(const struct settings_source *source)
{
    return source->config_file ? source->config_file : NETDROP_DEFAULT_CONFIG;
}

/* Notes where a value of collector i comes from. */
static void note_origin(struct config *config, size_t i, const char *key, const char *source)
{
    char section[KEY_PATH_MAX], path[KEY_PATH_MAX];

    key_path(section, "collectors", collectors[i]->name);
    key_path(path, section, key);
    config_origin(config, path, source);
}

/* Keeps the names of the files: values say where they come from. */
static int apply_files(struct config *config, const struct config_files *files, struct settings *settings)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct config_file *file = &files->items[i];
        _cleanup_(json_freep) struct json *json = NULL;

        if (string_list_add(&settings->files, file->name) < 0)
            return -ENOMEM;
        config->report->source = settings->files.items[i];
        json = json_parse(file->data, file->size, config->report);
        if (json)
            config_apply(config, json);
    }
    return config_files_hash(files, settings->sha256);
}

/* The command line takes precedence over the files. --collector.disable-defaults also overrides "enabled" in
 * a file: otherwise it would have no effect beside a file that enables every collector. */
static void apply_command_line(struct config *config, const struct settings_source *source,
                               struct settings *settings)
{
    config->report->source = "command line";
    config->warn_unknown = false; /* typed here and now, not for many hosts */
    for (size_t i = 0; source->disable_defaults && i < collector_count; i++) {
        settings->collectors[i].enabled = false;
        note_origin(config, i, "enabled", config->report->source);
    }
    for (size_t i = 0; i < source->sets.count; i++)
        config_set(config, source->sets.items[i]);
}

static void grant_max_age(struct config *config, struct settings *settings)
{
    for (size_t i = 0; i < collector_count; i++) {
        struct collector_common *common = &settings->collectors[i];

        if (common->max_age_ns >= 3 * common->interval_ns)
            continue;
        common->max_age_ns = 3 * common->interval_ns;
        note_origin(config, i, "max_age", "three intervals");
    }
}

/* Outside the host's network namespace, a veth is not the far end of another program's link: it may be the
 * only way out. So there no kind is excluded by default. */
static void keep_kinds(struct device_filter *filter)
{
    if (!filter->exclude_kinds.set)
        string_list_done(&filter->exclude_kinds);
}

static void grant_kinds(struct config *config, struct settings *settings)
{
    if (!settings->devices.exclude_kinds.set)
        config_origin(config, "devices.exclude_kinds", "not the host's network");
    keep_kinds(&settings->devices);
    for (size_t i = 0; i < collector_count; i++)
        keep_kinds(&settings->collectors[i].devices);
}

/* Sets what the configuration cannot lower. */
static void grant(struct config *config, struct settings *settings)
{
    grant_max_age(config, settings);
    if (settings->host_network == HOST_NETWORK_NO)
        grant_kinds(config, settings);
}

int settings_parse_files(const struct settings_source *source, const struct config_files *files,
                         struct settings **ret_settings, struct buffer *messages)
{
    _cleanup_(settings_unrefp) struct settings *settings = settings_new(source);
    _cleanup_(freep) struct config_binding *bindings = NULL;
    struct report report = {.source = file_name(source), .out = messages};
    struct config config = {.warn_unknown = source->unknown_keys == UNKNOWN_KEYS_WARN, .report = &report};

    bindings = settings ? settings_bindings(settings, &config.count) : NULL;
    config.bindings = bindings;
    if (!bindings || apply_files(&config, files, settings) < 0) {
        report_error(&report, 0, "", "out of memory");
        return -ENOMEM;
    }
    apply_command_line(&config, source, settings);
    config_check_needs(&config);
    if (!report.errors)
        web_settings_check(&settings->web, &config);
    report_end(&report);
    if (report.errors)
        return -EINVAL;
    grant(&config, settings);
    settings->unknown_keys = config.unknown_keys;
    *ret_settings = take_ptr(settings);
    return 0;
}

int settings_parse(const struct settings_source *source, const char *data, size_t size,
                   struct settings **ret_settings, struct buffer *messages)
{
    /* Only read. */
    struct config_file file = {.name = (char *)file_name(source), .data = (char *)data, .size = size};
    const struct config_files files = {.items = &file, .count = data != NULL, .named = data != NULL};

    return settings_parse_files(source, &files, ret_settings, messages);
}

int settings_load(const struct settings_source *source, struct settings **ret_settings,
                  struct buffer *messages)
{
    _cleanup_(config_files_done) struct config_files files = {};
    struct report report = {.source = file_name(source), .out = messages};
    /* A file that the user did not name need not exist. */
    int error = config_files_read(report.source, !source->config_file, &files, &report);

    if (error == -ENOMEM)
        report_error(&report, 0, "", "out of memory");
    report_end(&report);
    return error < 0 ? error : settings_parse_files(source, &files, ret_settings, messages);
}

const struct collector_common *settings_collector(const struct settings *settings, size_t i)
{
    return &settings->collectors[i];
}

bool settings_collector_chosen(const struct settings *settings, size_t i)
{
    size_t count = 0;
    /* Only read. */
    _cleanup_(freep) struct config_binding *bindings = settings_bindings((struct settings *)settings, &count);

    for (size_t j = 0; bindings && j < count; j++)
        if (bindings[j].settings == &settings->collectors[i])
            return bindings[j].origins[COLLECTOR_OPTION_ENABLED].source != NULL;
    return false;
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
        .node_exporter = *settings->web.node_exporter_path,
    };
}

bool settings_page_packets(const struct settings *settings)
{
    for (size_t i = 0; i < collector_count; i++)
        if (collectors[i]->shows_prefixes && settings->collectors[i].enabled &&
            collectors[i]->shows_prefixes(settings->own[i]))
            return true;
    return false;
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

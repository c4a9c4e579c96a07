/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Everything that a user can set, in one immutable, reference-counted struct: built-in defaults, then the
 * configuration file, then flags. Made at start and again at each reload; runners hold a reference to the
 * settings that their collector was opened with.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/host_network.h"
#include "collectors/collector.h"
#include "config/config.h"
#include "config/option.h"
#include "daemon/settings/loss_settings.h"
#include "daemon/settings/web_settings.h"

/* What an unknown key in the file is; a warning is for fleets of mixed versions. */
enum unknown_keys {
    UNKNOWN_KEYS_ERROR,
    UNKNOWN_KEYS_WARN,
};

/* Where settings come from: the command line, kept for reloads; outlives all settings made of it. */
struct settings_source {
    const char *config_file; /* NULL: the default path where it exists, else built-in defaults */
    struct string_list sets; /* KEY=VALUE of each --set and of the flags that stand for a key, in order */
    unsigned unknown_keys;   /* --config.unknown-keys: enum unknown_keys */
    bool disable_defaults;   /* --collector.disable-defaults: only collectors that `sets` name run */
    bool systemd_socket;     /* --web.systemd-socket: listening sockets come from systemd */
    const char *procfs;      /* --path.procfs */
    enum host_network host_network;
};

struct settings {
    _Atomic unsigned references;
    struct web_settings web;
    struct device_filter devices;
    struct loss_settings loss;
    struct collector_common *collectors; /* collector_count of them */
    struct collector_settings **own;     /* as many, as their own options describe them; NULL: has none */
    const char *procfs;                  /* borrowed from the source */
    enum host_network host_network;
    bool systemd_socket;
    char sha256[65];       /* of the configuration file's bytes, hexadecimal; "" where there is no file */
    uint64_t unknown_keys; /* met and passed over */
};

/* Reads and checks everything. On failure -EINVAL (or -ENOMEM), and `messages` holds one line for each
 * thing that is wrong ("FILE:LINE: KEY: what is wrong, what is allowed"). On success `messages` holds the
 * warnings. Reads the file; otherwise pure. Main thread. */
int settings_load(const struct settings_source *source, struct settings **ret_settings,
                  struct buffer *messages);

/* The same, pure, with these bytes in place of the file's; NULL: there is no file. */
int settings_parse(const struct settings_source *source, const char *data, size_t size,
                   struct settings **ret_settings, struct buffer *messages);

struct settings *settings_ref(struct settings *settings);
struct settings *settings_unref(struct settings *settings); /* accepts NULL, returns NULL */

/* The sections of the configuration in the order of the default file, bound to settings (NULL: to nothing,
 * for who wants the tables only). NULL: out of memory. The caller frees the array. */
struct config_binding *settings_bindings(struct settings *settings, size_t *ret_count);

/* The settings every collector has, and the device filter that holds for collector i. */
const struct collector_common *settings_collector(const struct settings *settings, size_t i);
const struct device_filter *settings_devices(const struct settings *settings, size_t i);

/* What collector i is opened with; the settings must outlive it. */
struct collector_context settings_context(const struct settings *settings, size_t i, struct limits *limits,
                                          struct handover *handover);

/* True where collector i would run alike under both: a reload then leaves it alone. */
bool settings_collector_equal(const struct settings *a, const struct settings *b, size_t i);

/* At a reload, before anybody shares `new`: what can't change while running gets its old value again, so that
 * nothing is half-applied. Appends the comma-separated keys that would have changed ("web.listen, ...");
 * returns how many, or -ENOMEM. */
int settings_restart_needed(const struct settings *old, struct settings *next, struct buffer *out);

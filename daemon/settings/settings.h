/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * Everything that a user can set, in one immutable, reference-counted struct: built-in defaults, then the
 * configuration file, then those of conf.d beside it, then flags. Made at start and again at each reload;
 * runners hold a reference to the settings that their collector was opened with.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/host_network.h"
#include "collectors/collector.h"
#include "config/config.h"
#include "config/config_files.h"
#include "config/option.h"
#include "daemon/settings/loss_settings.h"
#include "daemon/settings/web_settings.h"

/* How an unknown key in a file counts. A warning is for fleets of mixed versions. */
enum unknown_keys {
    UNKNOWN_KEYS_ERROR,
    UNKNOWN_KEYS_WARN,
};

/* Where settings come from: the command line, kept for reloads. It must outlive all settings made from it. */
struct settings_source {
    const char *config_file; /* NULL for the default path if it exists, or else built-in defaults */
    struct string_list sets; /* KEY=VALUE of each --set and of each flag that sets a key, in order */
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
    struct collector_settings **own;     /* as many, of their own options; NULL if a collector has none */
    const char *procfs;                  /* borrowed from the source */
    enum host_network host_network;
    bool systemd_socket;
    struct string_list files;      /* the files that were read, in order; the origins refer to them */
    struct config_origin *origins; /* of every option, in the order of settings_bindings() */
    char sha256[CONFIG_HASH_SIZE]; /* of the configuration's files; "" if there are none */
    uint64_t unknown_keys;         /* found and ignored */
};

/* Reads and checks everything. Returns 0, or -EINVAL (-ENOENT if a file is only missing, -ENOMEM) with one
 * line in `messages` for each mistake ("FILE:LINE: KEY: what is wrong, what is allowed"). On success
 * `messages` has the warnings. Reads the files; otherwise pure. Main thread. */
int settings_load(const struct settings_source *source, struct settings **ret_settings,
                  struct buffer *messages);

/* Does the same, pure, from these files; or from one file with these bytes, or none if NULL. */
int settings_parse_files(const struct settings_source *source, const struct config_files *files,
                         struct settings **ret_settings, struct buffer *messages);
int settings_parse(const struct settings_source *source, const char *data, size_t size,
                   struct settings **ret_settings, struct buffer *messages);

struct settings *settings_ref(struct settings *settings);
struct settings *settings_unref(struct settings *settings); /* accepts NULL, returns NULL */

/* Returns the sections of the configuration in the order of the default file, bound to settings (or to
 * nothing if NULL, for the tables alone). Returns NULL if memory runs out. The caller frees the array. */
struct config_binding *settings_bindings(struct settings *settings, size_t *ret_count);

/* Return the settings that every collector has, and the device filter that applies to collector i. */
const struct collector_common *settings_collector(const struct settings *settings, size_t i);
const struct device_filter *settings_devices(const struct settings *settings, size_t i);

/* Returns true if the user said whether it is to run, rather than the default. */
bool settings_collector_chosen(const struct settings *settings, size_t i);

/* Returns what collector i is opened with. The settings must outlive it. */
struct collector_context settings_context(const struct settings *settings, size_t i, struct limits *limits,
                                          struct handover *handover);

/* Returns true if the page may show packets of a collector, with prefixes for addresses. */
bool settings_page_packets(const struct settings *settings);

/* Returns true if collector i would run the same way under both, and then a reload leaves it alone. */
bool settings_collector_equal(const struct settings *a, const struct settings *b, size_t i);

/* At a reload, before anybody shares `next`: restores the old values of keys that cannot change while
 * running, so that nothing is half applied. Appends those keys, comma-separated ("web.listen, ..."). Returns
 * their number, or -ENOMEM. */
int settings_restart_needed(const struct settings *old, struct settings *next, struct buffer *out);

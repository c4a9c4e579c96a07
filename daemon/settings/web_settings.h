/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How metrics are served, and to whom: the section "web" of the configuration. Constant data; any thread. */

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/option.h"

struct web_settings {
    struct string_list listen; /* ":10190", "127.0.0.1:10190", "[::1]:10190" */
    char *telemetry_path;
    char *node_exporter_path; /* of the same numbers under node_exporter's names; "" if off */
    char *local_socket;       /* its path; "" if none, or systemd's */
    bool page;                /* serve the page for people at / */
    bool created;             /* metrics say since when rows that come and go have counted */
    char *tls_certificate;    /* files; "" if off */
    char *tls_key;
    char *tls_client_ca;
    char *users_file;
    bool open_probes; /* health and readiness are open to anybody */
    uint64_t max_connections;
    uint64_t max_connections_per_address;
    uint64_t idle_connections;   /* of one address */
    uint64_t request_timeout_ns; /* start to end */
};

extern const struct option_table web_options;

/* Says what is wrong with options together that each are right. */
void web_settings_check(const struct web_settings *web, struct config *config);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * How the numbers are served, and to whom: the section "web" of the configuration. Pure data.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"

struct web_settings {
    struct string_list listen; /* ":10190", "127.0.0.1:10190", "[::1]:10190" */
    char *telemetry_path;
    bool page;             /* serve the page for people at / */
    char *tls_certificate; /* files; "" where off */
    char *tls_key;
    char *users_file;
    uint64_t max_connections;
    uint64_t max_connections_per_address;
    uint64_t request_timeout_ns; /* start to end */
};

extern const struct option_table web_options;

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/settings/web_settings.h"

/* See web_settings.h. */

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/settings/listen_address.h"

static int check_address(const char *text, struct fault *fault)
{
    struct listen_address address;

    return listen_address_parse(text, &address, fault);
}

static int check_telemetry_path(const char *text, struct fault *fault)
{
    if (text[0] != '/' || text[1] == '\0')
        return fault_set(fault, -EINVAL, "must begin with / and name something");
    if (strncmp(text, "/-/", 3) == 0)
        return fault_set(fault, -EINVAL, "/-/ is taken by /-/healthy and /-/ready");
    if (text[strspn(text, "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-")])
        return fault_set(fault, -EINVAL, "only letters, digits and /._~- are allowed");
    return 0;
}

static const struct option web_option_list[] = {
    {.key = "listen",
     .type = OPTION_LIST,
     .offset = offsetof(struct web_settings, listen),
     .default_text = ":10190",
     .min = 1,
     .max = LISTENERS_MAX,
     .check = check_address,
     .unique = true,
     .restart = true,
     .help = "addresses to listen on: \":10190\" (IPv6 and IPv4), \"127.0.0.1:10190\", \"[::1]:10190\""},
    {.key = "telemetry_path",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, telemetry_path),
     .default_text = "/metrics",
     .check = check_telemetry_path,
     .restart = true,
     .help = "path of the metrics"},
    {.key = "page",
     .type = OPTION_BOOL,
     .offset = offsetof(struct web_settings, page),
     .default_text = "true",
     .restart = true,
     .help = "whether / is a page for people"},
    {.key = "tls.certificate",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, tls_certificate),
     .default_text = "",
     .restart = true,
     .help =
         "file (PEM) of the certificate to serve HTTPS with, the chain behind it; read again at a reload"},
    {.key = "tls.key",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, tls_key),
     .default_text = "",
     .restart = true,
     .help = "file (PEM) of its key, which nobody but its owner may write and others may not read"},
    {.key = "users_file",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, users_file),
     .default_text = "",
     .restart = true,
     .help = "file of who may ask for anything, as htpasswd -B writes it; read again at a reload"},
    {.key = "max_connections",
     .type = OPTION_UINT,
     .offset = offsetof(struct web_settings, max_connections),
     .default_text = "256",
     .min = 1,
     .max = 65536,
     .help = "open connections in all"},
    {.key = "max_connections_per_address",
     .type = OPTION_UINT,
     .offset = offsetof(struct web_settings, max_connections_per_address),
     .default_text = "32",
     .min = 1,
     .max = 65536,
     .help = "open connections of one client address"},
    {.key = "request_timeout",
     .type = OPTION_DURATION,
     .offset = offsetof(struct web_settings, request_timeout_ns),
     .default_text = "10s",
     .min = NS_PER_SECOND,
     .max = 300 * NS_PER_SECOND,
     .help = "time that a request may take, from its first byte to the last of the answer"},
};

const struct option_table web_options = OPTION_TABLE(web_option_list, struct web_settings);

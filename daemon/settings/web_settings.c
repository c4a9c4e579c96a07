/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/settings/web_settings.h"

/* The options of the section "web". Constant data; main thread. */

#include <errno.h>
#include <string.h>
#include <sys/un.h>

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

static int check_node_exporter_path(const char *text, struct fault *fault)
{
    return *text ? check_telemetry_path(text, fault) : 0;
}

static int check_local_socket(const char *text, struct fault *fault)
{
    if (*text && *text != '/')
        return fault_set(fault, -EINVAL, "must be an absolute path, which begins with /");
    if (strlen(text) >= sizeof(((struct sockaddr_un *)0)->sun_path))
        return fault_set(fault, -EINVAL, "is too long for the path of a socket: at most %zu bytes",
                         sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
    return 0;
}

static const struct option web_option_list[] = {
    {.key = "listen",
     .type = OPTION_LIST,
     .offset = offsetof(struct web_settings, listen),
     .default_text = ":10190",
     .max = LISTENERS_MAX,
     .check = check_address,
     .unique = true,
     .restart = true,
     .help = "addresses to listen on: \":10190\" (IPv6 and IPv4), \"127.0.0.1:10190\", \"[::1]:10190\", "
             "\"localhost:10190\"; may be empty if there is a local socket"},
    {.key = "local_socket",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, local_socket),
     .default_text = "",
     .check = check_local_socket,
     .restart = true,
     .help = "path of a local socket, by which this user and its group may ask without a password;"
             " a service gets it from systemd (netdrop-exporter-local.socket)"},
    {.key = "telemetry_path",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, telemetry_path),
     .default_text = "/metrics",
     .check = check_telemetry_path,
     .restart = true,
     .help = "path of the metrics"},
    {.key = "node_exporter_path",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, node_exporter_path),
     .default_text = "",
     .check = check_node_exporter_path,
     .restart = true,
     .help = "path of the network's counters under node_exporter's names, such as /metrics/node; "
             "off by default, because whoever adds up both names counts twice"},
    {.key = "page",
     .type = OPTION_BOOL,
     .offset = offsetof(struct web_settings, page),
     .default_text = "true",
     .restart = true,
     .help = "whether / serves a page for people"},
    {.key = "created",
     .type = OPTION_BOOL,
     .offset = offsetof(struct web_settings, created),
     .default_text = "false",
     .restart = true,
     .help = "whether OpenMetrics has _created series, which say since when rows that come and go "
             "have counted"},
    {.key = "tls.certificate",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, tls_certificate),
     .default_text = "",
     .restart = true,
     .needs = "web.tls.key",
     .help = "file (PEM) of the certificate for HTTPS, followed by its chain; read again when it "
             "changes"},
    {.key = "tls.key",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, tls_key),
     .default_text = "",
     .restart = true,
     .needs = "web.tls.certificate",
     .help = "file (PEM) of its key; only its owner may write it, and others must not be able to "
             "read it"},
    {.key = "tls.client_ca",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, tls_client_ca),
     .default_text = "",
     .restart = true,
     .needs = "web.tls.certificate",
     .help = "file (PEM) of the authority that signs clients' certificates; if it is set, clients "
             "need one"},
    {.key = "users_file",
     .type = OPTION_STRING,
     .offset = offsetof(struct web_settings, users_file),
     .default_text = "",
     .restart = true,
     .help = "file of users with password hashes, as htpasswd -B writes it; if it is set, requests"
             " over the network need a password; read again when it changes"},
    {.key = "open_probes",
     .type = OPTION_BOOL,
     .offset = offsetof(struct web_settings, open_probes),
     .default_text = "false",
     .restart = true,
     .help = "whether /-/healthy and /-/ready are answered without password and client certificate"},
    {.key = "max_connections",
     .type = OPTION_UINT,
     .offset = offsetof(struct web_settings, max_connections),
     .default_text = "256",
     .min = 1,
     .max = 65536,
     .help = "open connections over the network, in all"},
    {.key = "max_connections_per_address",
     .type = OPTION_UINT,
     .offset = offsetof(struct web_settings, max_connections_per_address),
     .default_text = "32",
     .min = 1,
     .max = 65536,
     .help = "open connections from one client address"},
    {.key = "idle_connections",
     .type = OPTION_UINT,
     .offset = offsetof(struct web_settings, idle_connections),
     .default_text = "32",
     .min = 1,
     .max = 65536,
     .help = "how many of these may wait for a next request; the oldest gives its place to a new "
             "one"},
    {.key = "request_timeout",
     .type = OPTION_DURATION,
     .offset = offsetof(struct web_settings, request_timeout_ns),
     .default_text = "10s",
     .min = NS_PER_SECOND,
     .max = 300 * NS_PER_SECOND,
     .help = "time that a request may take, from its first byte to the last of the answer"},
};

const struct option_table web_options = OPTION_TABLE(web_option_list, struct web_settings);

void web_settings_check(const struct web_settings *web, struct config *config)
{
    const char key[] = "web.node_exporter_path";
    unsigned line;

    if (strcmp(web->node_exporter_path, web->telemetry_path) != 0)
        return;
    line = config_blame(config, key);
    report_error(config->report, line, key, "\"%s\" is web.telemetry_path too: give it another",
                 web->node_exporter_path);
}

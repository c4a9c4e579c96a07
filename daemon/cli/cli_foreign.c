/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/cli/cli_foreign.h"

/*
 * Names the flag or key that replaces a flag of another exporter: node_exporter 1.x, and what all exporters
 * written in Go share (exporter-toolkit, promslog). Constant data; main thread.
 */

#include <fnmatch.h>
#include <stddef.h>

#include "base/cleanup.h"

static const struct {
    const char *pattern; /* a glob; the first that matches counts */
    const char *remedy;
} foreign[] = {
    {"web.config.file",
     "HTTPS and passwords are keys of the configuration: web.tls.certificate, web.tls.key, "
     "web.tls.client_ca, web.users_file"},
    {"web.max-requests", "set web.max_connections"},
    {"web.disable-exporter-metrics", "the exporter's own metrics are few, and always there"},
    {"web.enable-lifecycle", "systemctl reload, or SIGHUP, reads the configuration again"},
    {"web.external-url", "the page works below any path of a proxy's without being told"},
    {"web.route-prefix", "set web.telemetry_path, or let the proxy take the prefix away"},
    {"log.format", "in the journal messages have fields; elsewhere they are lines"},
    {"path.sysfs", "nothing is read there: interfaces come by netlink"},
    {"path.rootfs", "nothing is read there: see --path.procfs"},
    {"path.udev.data", "nothing is read there: interfaces come by netlink"},
    {"collector.textfile*", "files of metrics are not read here"},
    {"runtime.gomaxprocs", "there is no such runtime here"},
    {"collector.*.device-exclude", "set devices.exclude, a list of globs, for every collector"},
    {"collector.*.device-include", "set devices.include, a list of globs, for every collector"},
    {"collector.netclass.ignored-devices", "set devices.exclude, a list of globs, for every collector"},
    {"collector.ethtool.metrics-include", "set collectors.ethtool.statistics.include, a list of globs"},
    {"collector.netstat.fields", "set collectors.snmp.fields.include, a list of globs"},
};

const char *cli_foreign(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(foreign); i++)
        if (fnmatch(foreign[i].pattern, name, 0) == 0)
            return foreign[i].remedy;
    return NULL;
}

# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is measured, each set up for the same scope: devices, and the protocols' counters. All listen on 127.0.0.1 in
the namespace of the interfaces; what they keep goes to a directory of ours, where `devices` lists the interfaces."""

from dataclasses import dataclass

# Of netdata's plugin for /proc, all that is no counter of the network's devices and protocols.
NETDATA_OFF = """/proc/stat /proc/uptime /proc/loadavg /proc/sys/kernel/random/entropy_avail /proc/pressure
/proc/interrupts /proc/softirqs /proc/vmstat /proc/meminfo /sys/kernel/mm/ksm /sys/block/zram
/sys/devices/system/edac/mc /sys/devices/system/node /proc/net/wireless /proc/net/sockstat /proc/net/sockstat6
/proc/net/ip_vs/stats /proc/net/stat/conntrack /proc/net/stat/synproxy /proc/net/softnet_stat /proc/diskstats
/proc/mdstat /proc/net/rpc/nfsd /proc/net/rpc/nfs /proc/spl/kstat/zfs/arcstats /proc/spl/kstat/zfs/pool/state
/sys/fs/btrfs ipc /sys/class/power_supply /sys/class/infiniband /proc/net/sctp/snmp""".split()
# What it would show only once it moved.
NETDATA_ALL = "bandwidth packets errors drops fifo compressed".split()


@dataclass
class Contender:
    """`command(directory, port, seconds)` starts it so that it collects each so many seconds; `complete(interfaces)`
    is what an answer must contain to be complete; `collecting` are the threads that do not serve."""

    name: str
    command: callable
    complete: callable
    path: str = "/metrics"
    package: str = ""
    program: str = ""  # where there is no package
    intervals: tuple = (1, 10)  # at which it is looked at while nobody asks
    waits: bool = False  # a scrape has what is old collected, and waits for it
    settle: float = 3  # seconds after the first answer, when what it does only once is done
    fast: float = 10  # the interval at which scrapes are measured
    fresh: bool = False  # scrapes are measured with a collection between two of them
    repeats: bool = True  # a second scrape of what was collected gives as much as the first
    collecting: tuple = ()
    gzip: bool = True
    largest: int = 1 << 30  # the most interfaces that it can be asked to do this with


COLLECTORS = ("link", "ethtool", "snmp", "softnet", "conntrack", "qdisc", "sockets", "drop_monitor", "process")
# Seconds between two collections of ours while nobody asks and nothing is lost: as it is without a configuration.
BACKGROUND = 15


def _ours(build, collectors):
    def command(_, port, seconds):
        hurry = () if seconds == BACKGROUND else collectors
        return [
            str(build / "netdrop-exporter"),
            f"--web.listen-address=127.0.0.1:{port}",
            "--collector.disable-defaults",
            "--set=devices.exclude_kinds=",
            "--set=web.max_connections_per_address=128",
            *(f"--collector.{name}" for name in collectors),
            *(f"--set=collectors.{name}.interval={int(seconds * 1000)}ms" for name in hurry),
        ]

    return command


def _node_exporter(*collectors):
    def command(_, port, __):
        return [
            "prometheus-node-exporter",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.disable-exporter-metrics",
            "--collector.disable-defaults",
            *(f"--collector.{name}" for name in collectors),
            "--log.level=error",
        ]

    return command


def _collectd(directory, port, seconds):
    interfaces = "".join(f'  Interface "{name}"\n' for name in (directory / "devices").read_text().split())
    (directory / "collectd.conf").write_text(
        f'BaseDir "{directory}"\nPIDFile "{directory}/pid"\nInterval {seconds}\n'
        "LoadPlugin netlink\nLoadPlugin ethstat\nLoadPlugin protocols\nLoadPlugin write_prometheus\n"
        '<Plugin netlink>\n  VerboseInterface "All"\n</Plugin>\n'
        f"<Plugin ethstat>\n{interfaces}</Plugin>\n"
        f'<Plugin write_prometheus>\n  Port "{port}"\n</Plugin>\n'
    )
    return ["collectd", "-f", "-C", str(directory / "collectd.conf")]


def _netdata(directory, port, seconds):
    def section(name, values):
        return f"[{name}]\n" + "".join(f"    {key} = {value}\n" for key, value in values.items())

    places = {name: directory / name for name in ("cache", "lib", "log")}
    for place in places.values():
        place.mkdir(exist_ok=True)
    off = ["netdata monitoring", "enable running new plugins"]
    off += "timex idlejitter tc diskspace cgroups apps ebpf slabinfo".split()
    (directory / "netdata.conf").write_text(
        section("global", {"run as user": "root"})
        + section("directories", places)
        + section("db", {"mode": "ram", "retention": 60, "update every": seconds})
        + "".join(section(name, {"enabled": "no"}) for name in ("ml", "health", "registry", "cloud", "statsd"))
        + section("web", {"bind to": "127.0.0.1", "default port": port})
        + section("plugins", dict.fromkeys(off, "no"))
        + section("plugin:proc", dict.fromkeys(NETDATA_OFF, "no"))
        + section("plugin:proc:/proc/net/dev", {f"{what} for all interfaces": "yes" for what in NETDATA_ALL})
    )
    return ["netdata", "-D", "-c", str(directory / "netdata.conf")]


def contenders(build):
    return [
        Contender(
            name,
            _ours(build, collectors),
            lambda count: [f'netdrop_link_receive_packets_total{{device="v{count - 1}"', "netdrop_tcp_"],
            program=str(build / "netdrop-exporter"),
            intervals=(BACKGROUND,),
            waits=True,
            fast=0.1,
            fresh=True,
            collecting=collectors,
        )
        for name, collectors in (("netdrop-exporter", COLLECTORS), ("netdrop-exporter, link+snmp", ("link", "snmp")))
    ] + [
        Contender(
            name,
            _node_exporter(*collectors),
            lambda count: [f'node_network_receive_bytes_total{{device="v{count - 1}"', "node_netstat_"],
            package="prometheus-node-exporter",
            intervals=(1,),
            fast=0,
            largest=largest,
        )
        for name, largest, collectors in (
            (
                "node_exporter",
                1000,  # 1.3 s a scrape there: with more this would take too long
                # Without qdisc, which looks through all interfaces for each: 20 seconds a scrape at 1,000.
                ("netdev", "netclass", "netstat", "ethtool", "softnet", "conntrack", "udp_queues", "tcpstat"),
            ),
            ("node_exporter, netdev+netstat", 1 << 30, ("netdev", "netstat")),
        )
    ] + [
        Contender(
            "netdata",
            _netdata,
            lambda count: [f'"net.v{count - 1}"', "netdata_ip"],
            path="/api/v1/allmetrics?format=prometheus&source=as-collected&help=yes&types=yes",
            package="netdata-core",
            settle=15,
            fast=1,
            fresh=True,
            repeats=False,
        ),
        Contender(
            "collectd",
            _collectd,
            lambda count: [f'="v{count - 1}"', "collectd_protocols_"],
            package="collectd-core",
            intervals=(10,),  # each second it takes a core at 1,000: it sorts a family at every metric added
            gzip=False,
            largest=1000,
        ),
    ]

# SPDX-License-Identifier: GPL-2.0-or-later
"""`--once`, and the contract of names: everything the page can hold is listed in tests/golden/metrics.txt. A
change there breaks somebody's dashboard: make it on purpose, with `pytest --update-golden`, and say so."""

import functools
import socket
import subprocess

import authority
import exposition
import pytest
from daemon import eventually


# The protocol counters differ from kernel to kernel; their names have a golden file and a test of their own.
NAMES = "/metrics?exclude[]=snmp"
EVERYTHING = (
    "--set=collectors.ethtool.virtual_devices=true",
    "--set=collectors.ethtool.per_queue=true",
    "--set=collectors.ethtool.standard_groups=true",
    "--set=collectors.ethtool.statistics.include=*",
    "--set=collectors.ethtool.statistics.exclude=",
    "--set=collectors.softnet.per_cpu=true",
    "--collector.netns",
    "--set=web.created=true",
)
# What no virtual device has, or only kernels below 6.11: compared only on a machine with such a NIC or kernel.
NEEDS_HARDWARE = {
    "netdrop_ethtool_standard_total",
    "netdrop_ethtool_value",
    "netdrop_nic_ring_entries",
    "netdrop_nic_ring_entries_limit",
    "netdrop_udp_receive_buffer_drops_forgotten_total",
    "netdrop_udp_receive_buffer_drops_total",
}


def families(page):
    """(name, labels, family) of each: the name that its samples have, of a histogram what they have in common."""
    for family in page.families.values():
        histogram = family.type == "histogram"
        labels = [label for label in family.samples[0].labels if not (histogram and label == "le")]
        yield family.name if histogram else family.samples[0].name, labels, family


def promises(page):
    """What is promised of each name on the page: the labels, type, unit, and whether it can tell since when rows count; and
    the help, as two lines."""
    promised = {}
    for name, labels, family in families(page):
        created = " created" if f"{family.name}_created" in page else ""
        promised[name] = f"{name}{{{','.join(labels)}}} {family.type} {family.unit or '-'}{created}\n    {family.help}\n"
    return promised


def test_golden_names(exporter, netns, tree, tmp_path, request):
    inside = netns()
    ca = authority.Authority(tmp_path / "ca")
    secure = functools.partial(exporter, *authority.flags(*ca.issue("golden")), authority=ca.certificate)
    inside.ip("link add v0 type veth peer name v1")
    inside.ip(f"link add v2 type veth peer name v3 netns {netns().name}")
    inside.run("tc qdisc add dev lo root pfifo limit 1000")
    with inside.socket(kind=socket.SOCK_DGRAM) as reader, inside.socket() as listener:
        reader.bind(("127.0.0.1", 8125))
        listener.bind(("127.0.0.1", 80))
        listener.listen()
        look_at_names(secure, inside, tree, request)


def refuse(namespace):
    """Datagrams that somebody's socket may not send: a rule is against it."""
    namespace.run(["nft", "add table ip refuse; add chain ip refuse o { type filter hook output priority 0; }; add rule ip refuse o udp dport 9999 drop"])
    with namespace.socket(kind=socket.SOCK_DGRAM) as sender:
        for _ in range(10):
            with pytest.raises(PermissionError):
                sender.sendto(b"x", ("127.0.0.1", 9999))


def look_at_names(exporter, inside, tree, request):
    shown = {}
    # veths are counted as excluded in one, and have driver statistics in another; the third has this host's NICs. Labels
    # are those of the later ones: what options add to them is no promise.
    without_veth = ("--set=devices.exclude_kinds=veth", "--set=collectors.sockets.label_workload=true")
    for flags, place in ((without_veth, inside), ((*EVERYTHING, "--set=devices.exclude_kinds="), inside), (EVERYTHING, None)):
        daemon = exporter(*flags, "--set=collectors.drop_monitor.interval=100ms", netns=place)
        inside.run(["bash", "-c", "echo >/dev/udp/127.0.0.1/9"])  # one drop, for the row of a site
        refuse(inside)  # and some for that of a workload
        eventually(lambda daemon=daemon: daemon.metrics().value("netdrop_kernel_drop_sites"), "a drop site")
        for family in ("workload_info", "lost_packets_total", "refused_packets_total"):
            eventually(lambda daemon=daemon, name=f"netdrop_{family}": daemon.metrics().get(name), family)
        shown |= promises(daemon.openmetrics(NAMES))
    path = tree / "tests/golden/metrics.txt"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    golden = {lines[i].split("{")[0]: lines[i] + lines[i + 1] for i in range(0, len(lines), 2)}
    if request.config.getoption("--update-golden"):
        golden = {name: text for name, text in golden.items() if name in NEEDS_HARDWARE} | shown
        path.write_text("".join(golden[name] for name in sorted(golden)))
    absent_here = (golden.keys() - shown.keys()) & NEEDS_HARDWARE
    assert shown == {name: text for name, text in golden.items() if name not in absent_here}


def test_both_formats_hold_the_same(exporter, netns):
    """But for what others on this host drop at a place that is new, between the two."""
    daemon = exporter(netns=netns())

    def labels(page):
        return {name: [sample.labels for sample in samples] for name, samples in page.items()}

    eventually(lambda: labels(daemon.metrics()) == labels(daemon.openmetrics()), "both to hold the same")


def test_once_is_the_page(once, exporter, netns):
    inside = netns()
    page = exposition.check_text(once(netns=inside).encode())
    # These have rows from the first message, or drop, on.
    appear = {"netdrop_icmp_in_type_total", "netdrop_icmp_out_type_total", "netdrop_kernel_drops_total", "netdrop_workload_info"}
    appear |= {"netdrop_lost_packets_total", "netdrop_refused_packets_total"}
    appear |= {f"netdrop_kernel_drop_burst_packets_{part}" for part in ("bucket", "sum", "count")}
    serving = {"netdrop_web_listen_address_present"}  # who collects only has no address
    differ = page.keys() ^ exporter(netns=inside).metrics().keys() - serving
    assert differ <= appear, differ
    assert page.value("netdrop_link_up", device="lo") == 1
    assert page.value("netdrop_collector_up", collector="link") == 1


def test_once_passes_promtool(once):
    exposition.check_promtool(once().encode())


def test_once_says_nothing_else(command):
    result = command("--once", "--collector.disable-defaults", "--collector.link", "--collector.process")
    assert result.returncode == 0
    assert result.stderr == ""


def test_once_listens_as_long_as_told(command):
    # No collector of the default ones listens longer than it needs to; the duration must be a good one.
    assert command("--once=100ms").returncode == 0
    assert command("--once=soon").returncode == 2


def test_once_without_collectors(once):
    page = exposition.check_text(once("--collector.disable-defaults").encode())
    assert "netdrop_exporter_build_info" in page
    assert "netdrop_link_up" not in page


@pytest.mark.parametrize("flag", ["--once", "--report", "--list-collectors", "--print-config", "--help", "--version"])
def test_into_a_full_disk(binary, flag):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([binary, flag], stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 1
    assert b"standard output" in result.stderr

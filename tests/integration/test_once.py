# SPDX-License-Identifier: GPL-2.0-or-later
"""`--once`, and the contract of names: everything the page can hold is listed in tests/golden/metrics.txt. A
change there breaks somebody's dashboard: make it on purpose, with `pytest --update-golden`, and say so."""

import functools
import socket
import subprocess

import authority
import exposition
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
)
# What no virtual device has: compared only on a machine with such a NIC.
NEEDS_HARDWARE = {
    "netdrop_ethtool_standard_total",
    "netdrop_ethtool_value",
    "netdrop_nic_ring_entries",
    "netdrop_nic_ring_entries_limit",
}


def promises(page):
    """What is promised of each name on the page: the labels, type and unit, and the help, as two lines."""
    return {
        family.samples[0].name: f"{family.samples[0].name}{{{','.join(family.samples[0].labels)}}} "
        f"{family.type} {family.unit or '-'}\n    {family.help}\n"
        for family in page.families.values()
    }


def test_golden_names(exporter, netns, tree, tmp_path, request):
    inside = netns()
    ca = authority.Authority(tmp_path / "ca")
    secure = functools.partial(exporter, *authority.flags(*ca.issue("golden")), authority=ca.certificate)
    inside.ip("link add v0 type veth peer name v1")
    inside.run("tc qdisc add dev lo root pfifo limit 1000")
    with inside.socket(kind=socket.SOCK_DGRAM) as reader, inside.socket() as listener:
        reader.bind(("127.0.0.1", 8125))
        listener.bind(("127.0.0.1", 80))
        listener.listen()
        look_at_names(secure, inside, tree, request)


def look_at_names(exporter, inside, tree, request):
    shown = {}
    # veths are counted as excluded in one, and have driver statistics in another; the third has this host's NICs.
    for flags, place in ((("--set=devices.exclude_kinds=veth",), inside), ((*EVERYTHING, "--set=devices.exclude_kinds="), inside), (EVERYTHING, None)):
        daemon = exporter(*flags, "--set=collectors.drop_monitor.interval=100ms", netns=place)
        inside.run(["bash", "-c", "echo >/dev/udp/127.0.0.1/9"])  # one drop, for the row of a site
        eventually(lambda daemon=daemon: daemon.metrics().value("netdrop_kernel_drop_sites"), "a drop site")
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
    daemon = exporter(netns=netns())
    text, openmetrics = daemon.metrics(), daemon.openmetrics()
    labels = {name: [sample.labels for sample in samples] for name, samples in text.items()}
    assert labels == {name: [sample.labels for sample in samples] for name, samples in openmetrics.items()}


def test_once_is_the_page(once, exporter, netns):
    inside = netns()
    page = exposition.check_text(once(netns=inside).encode())
    # These have rows from the first message, or drop, on.
    appear = {"netdrop_icmp_in_type_total", "netdrop_icmp_out_type_total", "netdrop_kernel_drops_total"}
    differ = page.keys() ^ exporter(netns=inside).metrics().keys()
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


def test_once_into_a_full_disk(binary):
    with open("/dev/full", "wb") as full:
        result = subprocess.run([binary, "--once"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert result.returncode == 1
    assert b"standard output" in result.stderr

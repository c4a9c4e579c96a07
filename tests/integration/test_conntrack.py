# SPDX-License-Identifier: GPL-2.0-or-later
"""Connection tracking of a namespace: the page against `conntrack -S` and `conntrack -C`, by both sources. A full table
is a recipe of the fault lab; that asking loads no module is tested in the virtual machine (tests/vm)."""

import contextlib
import random
import re
import socket
import struct
import sys
from pathlib import Path

import pytest

import exposition
from daemon import eventually

sys.path.append(str(Path(__file__).resolve().parents[1] / "lab"))

import traffic

ONLY = ("--collector.disable-defaults", "--collector.conntrack")
# What `conntrack -S` calls them -> family.
COUNTERS = {
    "drop": "drop",
    "early_drop": "early_drop",
    "insert_failed": "insert_failed",
    "invalid": "invalid",
    "error": "error",
    "chaintoolong": "chain_too_long",
}
SOURCES = ("proc", "netlink", "auto")


def source(name):
    return f"--set=collectors.conntrack.source={name}"


@pytest.fixture
def tracking(veth):
    veth.track("ct state new accept")
    return veth.b


def kernel_says(namespace):
    shown = namespace.run("conntrack -S")
    counters = {
        f"netdrop_conntrack_{family}_total": sum(map(int, re.findall(rf"\b{name}=(\d+)", shown)))
        for name, family in COUNTERS.items()
    }
    limit = namespace.run("cat /proc/sys/net/netfilter/nf_conntrack_max")
    return counters | {
        "netdrop_conntrack_entries": int(namespace.run("conntrack -C")),
        "netdrop_conntrack_entries_limit": int(limit),
    }


def conntrack(page):
    return {name: samples[0].value for name, samples in page.items() if name.startswith("netdrop_conntrack_")}


def invalid_and_errors(veth):
    """40 datagrams with wrong checksums, and 7 ICMP errors that don't say of which packet."""
    traffic.frames(veth.a, traffic.frame(traffic.packet(udp_error=1)), 40)
    with veth.a.socket(kind=socket.SOCK_RAW, protocol=socket.IPPROTO_ICMP) as sender:
        for _ in range(7):
            sender.sendto(struct.pack("!BBHI", 3, 3, 0xFCFC, 0), ("10.77.0.2", 0))


@pytest.mark.parametrize("name", ["proc", "auto"])
def test_counts_what_was_sent(veth, tracking, exporter, name):
    daemon = exporter(*ONLY, source(name), "--set=collectors.conntrack.interval=100ms", netns=tracking)
    assert conntrack(daemon.metrics()) == kernel_says(tracking)
    traffic.udp_flows(veth.a, 300)
    invalid_and_errors(veth)
    wanted = {
        "netdrop_conntrack_entries": 300,
        "netdrop_conntrack_invalid_total": 40,
        "netdrop_conntrack_error_total": 7,
        "netdrop_conntrack_drop_total": 0,
    }
    eventually(lambda: wanted.items() <= conntrack(daemon.metrics()).items(), "everything to be counted")
    assert conntrack(daemon.metrics()) == kernel_says(tracking)


def test_a_clash_counts_in_drop_and_in_insert_failed(veth, exporter):
    """As the HELP says: source NAT has a single port, so that all connections but the first clash with it."""
    table = "add table ip t; add chain ip t n { type nat hook postrouting priority srcnat; }"
    veth.a.run(["nft", f"{table}; add rule ip t n udp dport 9999 snat to 10.77.0.1:7777"])
    daemon = exporter(*ONLY, "--set=collectors.conntrack.interval=100ms", netns=veth.a)
    flows = random.randrange(5, 100)
    with contextlib.ExitStack() as kept:
        for _ in range(flows):
            sender = kept.enter_context(veth.a.socket(kind=socket.SOCK_DGRAM))
            with contextlib.suppress(PermissionError):  # what becomes of a packet that is dropped on output
                sender.sendto(b"x", ("10.77.0.2", 9999))
        clashes = {f"netdrop_conntrack_{name}_total": flows - 1 for name in ("drop", "insert_failed")}
        eventually(lambda: clashes.items() <= conntrack(daemon.metrics()).items(), f"{flows} flows to clash")
        said = kernel_says(veth.a)
    assert said == said | clashes
    page = daemon.openmetrics()
    assert "(also in insert_failed)" in page.families["netdrop_conntrack_drop"].help
    assert "(also in drop)" in page.families["netdrop_conntrack_insert_failed"].help


def test_both_sources_say_the_same(veth, tracking, once):
    traffic.udp_flows(veth.a, 20)
    invalid_and_errors(veth)
    pages = [conntrack(exposition.check_text(once(*ONLY, source(name), netns=tracking).encode())) for name in SOURCES]
    assert pages[0] == pages[1] == pages[2] == kernel_says(tracking)


def test_each_namespace_has_its_own(veth, tracking, once):
    traffic.udp_flows(veth.a, 20)
    page = exposition.check_text(once(*ONLY, netns=veth.a).encode())
    assert page.value("netdrop_conntrack_entries") == 0
    assert exposition.check_text(once(*ONLY, netns=tracking).encode()).value("netdrop_conntrack_entries") == 20


def unprivileged(binary, *flags):
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", binary, *ONLY, *flags]


@pytest.mark.parametrize("name", ["auto", "proc"])
def test_without_privilege(veth, tracking, binary, name):
    traffic.udp_flows(veth.a, 20)
    page = exposition.check_text(tracking.run(unprivileged(binary, "--once", source(name))).encode())
    assert conntrack(page) == kernel_says(tracking)


def test_row_26_netlink_without_privilege(tracking, binary):
    """Absent, and says which capability is missing."""
    page = exposition.check_text(tracking.run(unprivileged(binary, "--once", source("netlink"))).encode())
    assert page.value("netdrop_collector_supported", collector="conntrack") == 0
    assert not conntrack(page)
    listed = tracking.run(unprivileged(binary, "--list-collectors", source("netlink")))
    assert "runs here: no: ctnetlink needs CAP_NET_ADMIN" in " ".join(listed.split())


def test_where_only_processes_are_in_proc(tracking, binary):
    """As systemd's ProcSubset=pid leaves it: directories below /proc/self/net are empty, and no sysctl is there.
    ctnetlink tells all."""
    inside = ["unshare", "--mount", "sh", "-c", 'mount -t proc -o subset=pid proc /proc && exec "$@"', "sh"]
    listed = tracking.run([*inside, *unprivileged(binary, "--list-collectors")])
    assert "runs here: no: no /proc/self/net/stat/nf_conntrack (where ProcSubset=pid hides it: restart the exporter)" in " ".join(listed.split())
    page = exposition.check_text(tracking.run([*inside, binary, "--once", *ONLY, source("netlink")]).encode())
    assert conntrack(page) == kernel_says(tracking)


def test_a_kernel_without_its_file_in_proc(veth, tracking, binary, tmp_path):
    """CONFIG_NF_CONNTRACK_PROCFS off, as Ubuntu's and NixOS' kernels have it: the sysctls say how full the table is."""
    traffic.udp_flows(veth.a, 20)
    (tmp_path / "self/net").mkdir(parents=True)
    (tmp_path / "sys").symlink_to("/proc/sys")
    flags = (source("auto"), f"--path.procfs={tmp_path}")
    page = exposition.check_text(tracking.run(unprivileged(binary, "--once", *flags)).encode())
    names = ("netdrop_conntrack_entries", "netdrop_conntrack_entries_limit")
    assert conntrack(page) == {name: value for name, value in kernel_says(tracking).items() if name in names}
    assert page.value("netdrop_collector_up", collector="conntrack") == 1
    listed = " ".join(tracking.run(unprivileged(binary, "--list-collectors", *flags)).split())
    assert f"runs here: yes: without counters, which tell what is lost: no {tmp_path}/self/net/stat" in listed


def test_a_proc_without_the_file(command, tmp_path):
    flags = (*ONLY, source("proc"), f"--path.procfs={tmp_path}")
    result = command("--once", *flags)
    assert result.returncode == 0, result.stderr
    page = exposition.check_text(result.stdout.encode())
    assert page.value("netdrop_collector_supported", collector="conntrack") == 0
    assert not page.series("netdrop_collector_up", collector="conntrack")
    listed = command("--list-collectors", *flags).stdout
    assert f"no {tmp_path}/self/net/stat/nf_conntrack" in " ".join(listed.split())


@pytest.mark.parametrize("kernel", ["4.19", "5.10", "6.1", "6.12", "6.18"])
def test_kernels(once, tree, kernel):
    path = tree / "tests/fixtures/proc" / kernel
    page = exposition.check_text(once(*ONLY, source("proc"), f"--path.procfs={path}").encode())
    assert page.value("netdrop_conntrack_entries") == 43
    assert page.value("netdrop_conntrack_drop_total") == 159  # 2^32-1 and 160
    assert ("netdrop_conntrack_chain_too_long_total" in page) == (kernel not in ("4.19", "5.10"))

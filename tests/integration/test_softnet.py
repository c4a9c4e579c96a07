# SPDX-License-Identifier: GPL-2.0-or-later
"""The input queues of the CPUs: the page against /proc/net/softnet_stat. The drops themselves are a recipe of the
fault lab (a CPU whose input queue is full)."""

import os

import pytest

import exposition
from daemon import eventually

ONLY = ("--collector.disable-defaults", "--collector.softnet")
# Family -> column of the file.
COLUMNS = {"processed": 0, "dropped": 1, "times_squeezed": 2, "flow_limit": 10}
CPU = 12
SYSCTLS = {"backlog_limit": "netdev_max_backlog", "budget": "netdev_budget"}


def lines():
    """What the kernel says of each CPU that is online."""
    with open("/proc/net/softnet_stat", encoding="ascii") as file:
        return [[int(word, 16) for word in line.split()] for line in file]


def total(family):
    return sum(line[COLUMNS[family]] for line in lines()) % 2**32


def softnet(page):
    return {name for name in page if name.startswith("netdrop_softnet_")}


SUMS = {f"netdrop_softnet_{family}_total" for family in COLUMNS}
GAUGES = {f"netdrop_softnet_{name}_packets" for name in SYSCTLS}


def test_values(once):
    before = {family: total(family) for family in COLUMNS}
    page = exposition.check_text(once(*ONLY).encode())
    for family in COLUMNS:
        shown = page.value(f"netdrop_softnet_{family}_total")
        # Where it did not wrap in between.
        assert before[family] <= shown <= total(family) or total(family) < before[family]
    for name, file in SYSCTLS.items():
        with open(f"/proc/sys/net/core/{file}", encoding="ascii") as value:
            assert page.value(f"netdrop_softnet_{name}_packets") == int(value.read())
    assert softnet(page) == SUMS | GAUGES


def test_per_cpu(once):
    before = {line[CPU]: line for line in lines()}
    page = exposition.check_text(once(*ONLY, "--set=collectors.softnet.per_cpu=true").encode())
    after = {line[CPU]: line for line in lines()}
    for family, column in COLUMNS.items():
        shown = {s.labels["cpu"]: s.value for s in page[f"netdrop_softnet_cpu_{family}_total"]}
        assert shown.keys() == {str(cpu) for cpu in before}
        for cpu, line in before.items():
            assert line[column] <= shown[str(cpu)] <= after[cpu][column] or after[cpu][column] < line[column]
        assert sum(shown.values()) % 2**32 == page.value(f"netdrop_softnet_{family}_total")


def test_counts_packets(veth, exporter):
    """The input queue of a CPU takes what a veth receives, in whichever namespace."""
    daemon = exporter(*ONLY, "--set=collectors.softnet.interval=100ms", netns=veth.b)
    before = daemon.metrics().value("netdrop_softnet_processed_total")
    veth.send_udp(1000)
    eventually(
        lambda: (daemon.metrics().value("netdrop_softnet_processed_total") - before) % 2**32 >= 1000,
        "1,000 packets to be counted",
    )


def test_in_a_namespace_of_its_own(once, netns):
    """The counters are the host's; the limits are shown to the initial namespace alone."""
    before = total("processed")
    page = exposition.check_text(once(*ONLY, netns=netns()).encode())
    after = total("processed")
    assert before <= page.value("netdrop_softnet_processed_total") <= after or after < before
    assert softnet(page) == SUMS


@pytest.mark.root
def test_without_privilege_where_only_processes_are_in_proc(netns, binary):
    """As systemd's ProcSubset=pid leaves it."""
    hide = "mount -t proc -o subset=pid proc /proc && ! test -e /proc/sys"
    run = f"setpriv --bounding-set=-all --inh-caps=-all {binary} --once {' '.join(ONLY)}"
    page = exposition.check_text(netns().run(["unshare", "--mount", "sh", "-c", f"{hide} && exec {run}"]).encode())
    assert page.value("netdrop_collector_up", collector="softnet") == 1
    assert softnet(page) == SUMS


def test_a_proc_without_the_file(command, tmp_path):
    """Absent, with a reason."""
    result = command("--once", *ONLY, f"--path.procfs={tmp_path}")
    assert result.returncode == 0, result.stderr
    page = exposition.check_text(result.stdout.encode())
    assert page.value("netdrop_collector_supported", collector="softnet") == 0
    assert not page.series("netdrop_collector_up", collector="softnet")
    assert not softnet(page)
    listed = command("--list-collectors", *ONLY, f"--path.procfs={tmp_path}").stdout
    assert f"runs here: no: no {tmp_path}/self/net/softnet_stat" in " ".join(listed.split())


@pytest.mark.parametrize("kernel", ["4.19", "5.10", "6.1", "6.12", "6.18"])
def test_kernels(command, tree, kernel):
    path = tree / "tests/fixtures/proc" / kernel
    result = command("--once", *ONLY, f"--path.procfs={path}", "--set=collectors.softnet.per_cpu=true")
    assert result.returncode == 0, result.stderr
    page = exposition.check_text(result.stdout.encode())
    # 2^32-2 and 5: the sum wraps as its terms do.
    assert page.value("netdrop_softnet_processed_total") == 3
    assert page.value("netdrop_softnet_backlog_limit_packets") == 1000
    cpus = {s.labels["cpu"] for s in page.get("netdrop_softnet_cpu_dropped_total", ())}
    assert cpus == (set() if kernel == "4.19" else {"0", "2"})


def test_row_23_a_fifo_in_its_place(command, tmp_path):
    net = tmp_path / "self/net"
    net.mkdir(parents=True)
    os.mkfifo(net / "softnet_stat")
    result = command("--once", *ONLY, f"--path.procfs={tmp_path}")
    assert result.returncode == 1
    assert "softnet_stat: not a regular file" in result.stderr

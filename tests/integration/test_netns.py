# SPDX-License-Identifier: GPL-2.0-or-later
"""What other network namespaces lose, by workload: to the packet, never twice, never at another's, and no namespace
lives longer for being looked at."""

import json
import os
import signal
import subprocess
import time

import exposition
import procfs
import pytest
from daemon import eventually
from inmates import Inside, Shown, inmates_of
from link_lab import fresh, steady_allocations
from namespaces import CGROUPS, CLOSED, COLLECTOR, ONLY_NETNS, TOTALS, buffer_full, judge, labels_of, own, port_closed, value


def test_ten_namespaces_of_ten_workloads(exporter, cgroups, chosen):
    process = judge(exporter, cgroups, chosen)
    exposition.check_promtool(process.get().body)


def test_a_container_is_the_owner(exporter, cgroups):
    """Who enters its namespace from the host is not; and where he was first, what he is counts until then only."""
    process = exporter(*ONLY_NETNS)
    fresh(process, "netns")
    container = CGROUPS[6]
    with inmates_of(cgroups) as inmates:
        first = inmates.start(own("runtime"))
        inside = Inside(first)
        port_closed(inside, 3)
        assert value(fresh(process, "netns"), CLOSED, own("runtime"), ip_version="4") == 3
        inmates.enter(container, f"/proc/{first.pid}/ns/net")
        port_closed(inside, 4)
        page = fresh(process, "netns")
        assert value(page, CLOSED, container, ip_version="4") == 4
        assert value(page, CLOSED, own("runtime"), ip_version="4") == 3
        cgroups.join(own("runtime"), first.pid)
        inmates.enter(own("late"), f"/proc/{first.pid}/ns/net")
        port_closed(inside, 5)
        page = fresh(process, "netns")
        assert value(page, CLOSED, container, ip_version="4") == 9
        assert value(page, CLOSED, own("late"), ip_version="4") is None


def test_a_namespace_without_a_process(exporter, netns, cgroups):
    """It is not seen; who knew it before goes on from there once somebody is in it again."""
    process = exporter(*ONLY_NETNS)
    named = netns()
    fresh(process, "netns")
    with inmates_of(cgroups) as inmates:
        one = inmates.enter(own("named"), named.path)
        port_closed(named, 3)
        assert value(fresh(process, "netns"), CLOSED, own("named"), ip_version="4") == 3
        inmates.end(one)
        port_closed(named, 4)
        fresh(process, "netns")
        assert value(fresh(process, "netns"), CLOSED, own("named"), ip_version="4") == 3
        inmates.enter(own("named"), named.path)
        assert value(fresh(process, "netns"), CLOSED, own("named"), ip_version="4") == 7


def test_row_83_an_inode_that_is_used_again(exporter, cgroups, chosen):
    """Namespaces one after another, each with the inode of the last: every one counts from 0, and nothing steps back."""
    process = exporter(*ONLY_NETNS)
    fresh(process, "netns")
    inodes, lost = [], 0
    with inmates_of(cgroups) as inmates:
        # Others of this host may take an inode, but not each time.
        while len(inodes) < 12 or (len(set(inodes)) == len(inodes) and len(inodes) < 60):
            one = inmates.start(own("again"))
            inodes.append(os.stat(f"/proc/{one.pid}/net/snmp").st_ino)
            lost += port_closed(Inside(one), chosen.randrange(1, 50))
            assert value(fresh(process, "netns"), CLOSED, own("again"), ip_version="4") == lost
            inmates.end(one)
            time.sleep(0.3)
    assert value(fresh(process, "netns"), CLOSED, own("again"), ip_version="4") == lost
    assert len(set(inodes)) < len(inodes), "no inode was used again"


COME_AND_GO = r"""
import os, sys, time
count, pause, drops = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
for _ in range(count):
    if os.fork() == 0:
        os.execvp("unshare", ["unshare", "--net", "bash", "-c", f"ip link set lo up; for i in $(seq {drops}); do echo x >/dev/udp/127.0.0.1/9; done; sleep 1"])
    time.sleep(pause)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


@pytest.mark.flood
def test_row_82_namespaces_that_come_and_go(exporter, cgroups, chosen):
    """Fifty a second, and one that stays: rows are bounded, nothing fails or steps back, and who stays is exact."""
    process = exporter(*ONLY_NETNS)
    fresh(process, "netns")
    with inmates_of(cgroups) as inmates:
        stays = Inside(inmates.start(own("stays")))
        with inmates.crowd(own("short"), ["python3", "-c", COME_AND_GO, "200", "0.02", "3"]) as visitors:
            lost = before = 0
            while visitors.poll() is None:
                lost += port_closed(stays, chosen.randrange(1, 20))
                page = fresh(process, "netns")
                assert value(page, CLOSED, own("stays"), ip_version="4") == lost
                short = value(page, CLOSED, own("short"), ip_version="4") or 0
                assert before <= short <= 600
                before = short
            assert visitors.returncode == 0
        assert before > 300  # most of them were seen at the end
        page = fresh(process, "netns")
        assert page.value("netdrop_collector_up", collector="netns") == 1
        assert page.value("netdrop_collector_failures_total", collector="netns") == 0
        assert len(page.series(CLOSED, unit=labels_of(own("short"))[0], ip_version="4")) == 1


# The kernel clears namespaces away one after another, those of all who test here.
GONE = 120


def held(process):
    """What it has open at this moment that keeps a namespace."""
    return [path for path in procfs.descriptors(process.pid).values() if "/net/" in path or path.startswith("net:")]


def test_row_84_no_namespace_is_kept_alive(exporter, netns, cgroups):
    """Where its last process is gone, so is it, and with it the other end of its wire; while it is looked at all the
    time."""
    process = exporter(*ONLY_NETNS)
    home = netns()
    with inmates_of(cgroups) as inmates:
        for number in range(30):
            one = inmates.start(own("short"))
            home.ip(f"link add k{number} type veth peer name eth0 netns {one.pid}")
            fresh(process, "netns")
            inmates.end(one)
            eventually(lambda: not held(process), "no file of a namespace to be open", step=0.001)
        eventually(lambda: set(home.links()) == {"lo"}, "the wires to go", GONE)
        # The wire tells: one that somebody does keep stays.
        one = inmates.start(own("short"))
        home.ip(f"link add kept type veth peer name eth0 netns {one.pid}")
        with open(f"/proc/{one.pid}/net/snmp", "rb"):
            inmates.end(one)
            time.sleep(1)
            assert "kept" in home.links()
        eventually(lambda: "kept" not in home.links(), "the last wire to go", GONE)


def near_limit(page):
    """How many there are, and may be, of the limit that is nearest."""
    return tuple(page.value(f"netdrop_collector_{name}", collector="netns") for name in ("limited_series", "series_limit"))


def test_row_86_only_so_many_namespaces(exporter, cgroups, tmp_path):
    shown = Shown(tmp_path)
    process = exporter(*COLLECTOR, shown.flag, "--set=collectors.netns.interval=100ms", "--set=collectors.netns.max_namespaces=2")
    with inmates_of(cgroups) as inmates:
        for number in range(4):
            one = inmates.start(f"system.slice/{number}.service")
            shown.add(one)
            port_closed(Inside(one), 3)
        page = fresh(process, "netns")
        assert page.value("netdrop_namespaces") == 2
        assert page.value("netdrop_limit_hits_total", limit="namespaces") > 0
        assert near_limit(page) == (2, 2)
        assert len(page.series(CLOSED, ip_version="4")) == 2
        assert page.value(TOTALS, counter="udp_no_ports", ip_version="4") == 6
        # Where there is room again, another one is looked at: from now on.
        inmates.end(inmates.processes[0])
        eventually(lambda: len(process.metrics().series(CLOSED, ip_version="4")) == 3, "the third")
        assert fresh(process, "netns").value(TOTALS, counter="udp_no_ports", ip_version="4") == 6
        assert "without namespaces beyond max_namespaces (2)" in process.get("/").body.decode()


def test_row_86_only_so_many_workloads(exporter, cgroups, tmp_path):
    """What does not fit is in the row `other`; the rows of those that are gone give way, and stay in the total."""
    shown = Shown(tmp_path)
    process = exporter(*COLLECTOR, shown.flag, "--set=collectors.netns.interval=100ms", "--set=collectors.netns.max_workloads=3")
    fresh(process, "netns")
    with inmates_of(cgroups) as inmates:
        for number in range(5):
            one = inmates.start(f"system.slice/{number}.service")
            port_closed(Inside(one), 10 + number)
            shown.add(one)
            fresh(process, "netns")
        page = fresh(process, "netns")
        assert sorted(row.value for row in page.series(CLOSED, ip_version="4")) == [10, 11, 12, 13 + 14]
        assert page.value(CLOSED, unit="other", ip_version="4") == 13 + 14
        assert near_limit(page) == (3, 3)
        assert page.value("netdrop_limit_hits_total", limit="workloads") > 0
        inmates.end(inmates.processes[0])
        for _ in range(3):
            fresh(process, "netns")
        port_closed(Inside(inmates.processes[2]), 5)
        page = fresh(process, "netns")
        assert value(page, CLOSED, "3.service", ip_version="4") == 5
        assert value(page, CLOSED, "0.service", ip_version="4") is None
        assert page.value(TOTALS, counter="udp_no_ports", ip_version="4") == 10 + 11 + 12 + 13 + 14 + 5


def test_row_86_only_so_much_time(exporter, cgroups, tmp_path):
    """What a collection has not time for, the next one looks at."""
    shown = Shown(tmp_path)
    with inmates_of(cgroups) as inmates:
        for number in range(40):
            shown.add(inmates.start(f"system.slice/{number}.service"))
        process = exporter(*COLLECTOR, shown.flag, "--set=collectors.netns.interval=100ms", "--set=collectors.netns.max_time=1ms")
        process.go_first()
        fresh(process, "netns")
        for number, one in enumerate(inmates.processes):
            port_closed(Inside(one), 10 + number)
        eventually(
            lambda: [value(process.metrics(), CLOSED, f"{number}.service", ip_version="4") for number in range(40)]
            == [10 + number for number in range(40)],
            "all of them",
        )
        assert process.metrics().value("netdrop_limit_hits_total", limit="namespace_time") > 0

        def seconds():
            return process.metrics().value("netdrop_collector_duration_seconds", collector="netns")

        eventually(lambda: seconds() < 0.1, "a collection that nobody interrupts")
        assert "to read all takes more than max_time (1 ms)" in process.get("/").body.decode()


def unprivileged(binary, *flags, hidden=False):
    """The program as nobody in particular; with a /proc that shows him only his own processes, if that is wanted."""
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all", binary, *flags]
    if hidden:
        script = 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"'
        command = ["unshare", "--mount", "bash", "-c", script, "bash", *command]
    return subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout


def test_without_privilege(binary, cgroups):
    with inmates_of(cgroups) as inmates:
        inmates.start(own("root"))
        page = exposition.check_text(unprivileged(binary, "--once", *COLLECTOR).encode())
        assert value(page, CLOSED, own("root"), ip_version="4") == 0


def test_row_85_hidden_processes_are_told(binary):
    said = " ".join(unprivileged(binary, "--list-collectors", *COLLECTOR, hidden=True).split())
    reason = "runs here: no: /proc hides the processes of others (No such file or directory): ProtectProc= of the service"
    assert reason in said


def test_a_reload_forgets_nothing(exporter, cgroups, tmp_path):
    path = tmp_path / "config.json"

    def configure(interval):
        netns = {"interval": interval, "max_namespaces": 4096, "max_time": "60s"}
        path.write_text(json.dumps({"collectors": {"netns": netns}}))

    configure("100ms")
    process = exporter(*COLLECTOR, f"--config.file={path}")
    fresh(process, "netns")
    with inmates_of(cgroups) as inmates:
        inside = Inside(inmates.start(own("stays")))
        lost = 0
        for interval in ("200ms", "100ms", "300ms"):
            lost += port_closed(inside, 7)
            assert value(fresh(process, "netns"), CLOSED, own("stays"), ip_version="4") == lost
            configure(interval)
            process.signal(signal.SIGHUP)
            lost += port_closed(inside, 5)
            eventually(lambda: value(fresh(process, "netns"), CLOSED, own("stays"), ip_version="4") == lost, "the rest")


def test_the_page_names_the_workload(exporter, cgroups):
    process = exporter(*ONLY_NETNS)
    fresh(process, "netns")
    with inmates_of(cgroups) as inmates:
        inside = Inside(inmates.start(own("statsd-of-ours")))

        def told():
            buffer_full(inside, 1000)
            return labels_of(own("statsd-of-ours"))[0] in process.get("/").body.decode()

        eventually(told, "the loss on the page", step=0.5)


def test_steady_collections_allocate_nothing(exporter, cgroups, allocations, chosen, tmp_path):
    shown = Shown(tmp_path)
    with inmates_of(cgroups) as inmates:
        for number in range(20):
            shown.add(inmates.start(f"system.slice/{number}.service"))
        insides = [Inside(one) for one in inmates.processes]
        process = exporter(*COLLECTOR, shown.flag, "--set=collectors.netns.interval=100ms", env=allocations.env)
        fresh(process, "netns")
        steady_allocations(process, allocations, "netns", meanwhile=lambda: [port_closed(inside, chosen.randrange(5)) for inside in insides])

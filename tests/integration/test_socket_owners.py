# SPDX-License-Identifier: GPL-2.0-or-later
"""Sockets by workload: what was dropped counts where the socket was made, whatever becomes of its cgroup.

Daemons are started from outside of their namespace: `ip netns exec` shows a /sys without cgroups."""

import contextlib
import socket

import exposition
from daemon import eventually
from link_lab import fresh, steady_allocations
from test_sockets import ONLY_SOCKETS, DROPS, ss_drops, udp, waiting

LABELLED = (*ONLY_SOCKETS, "--set=collectors.sockets.label_workload=true")
FORGOTTEN = "netdrop_udp_socket_drops_forgotten_total"
CONTAINER = "0123456789abcdef" * 4
POD = "11111111_2222_3333_4444_555555555555"

# The path of a cgroup -> the labels of its sockets.
OWNERS = {
    "system.slice/statsd.service": ("statsd.service", ""),
    "system.slice/statsd.service/worker": ("statsd.service", ""),
    "system.slice/sshd@3-10.0.0.1:22-10.0.0.2:4711.service": ("sshd@.service", ""),
    "system.slice/run-u17.service": ("system.slice", ""),
    f"system.slice/docker-{CONTAINER}.scope": ("system.slice", CONTAINER),
    f"kubepods.slice/kubepods-pod{POD}.slice/cri-containerd-{CONTAINER[::-1]}.scope": (
        "kubepods.slice",
        CONTAINER[::-1],
    ),
    "user.slice/user-7.slice/session-3.scope": ("user-7.slice", ""),
    "user.slice/user-7.slice/user@7.service/app.slice/web.service": ("user@7.service/web.service", ""),
    "": ("-.slice", ""),
    "no unit": ("-.slice", ""),
    b'system.slice/quo"te\\\xff\xc3\xa4.service': ("system.slice", ""),  # no name that systemd gives
}


def by_owner(page, family=DROPS):
    """(port, unit, container) -> value."""
    return {
        (s.labels["local_port"], s.labels["unit"], s.labels["container_id"]): s.value for s in page.get(family, ())
    }


def overrun(namespace, readers, chosen, most=300):
    """Sends each a number of datagrams of its own; returns what each lost. Nobody else reads, and ports are one."""
    lost = []
    with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for reader, count in zip(readers, chosen.sample(range(20, most), len(readers)), strict=True):
            for _ in range(count):
                sender.sendto(bytes(64), reader.getsockname())
            lost.append(count - waiting(reader))
    return lost


def one_port(inside, cgroups, paths, keep, first=0):
    """A reader of the same port in each cgroup."""
    readers = []
    for number, path in enumerate(paths, first):
        with cgroups.made(cgroups.add(path)):
            readers.append(keep.enter_context(udp(inside, 8125, address=f"127.0.1.{number}")))
    return readers


def summed(owners, lost):
    found = {}
    for owner, count in zip(owners, lost, strict=True):
        found["8125", *owner] = found.get(("8125", *owner), 0) + count
    return found


def test_each_drop_counts_at_its_owner(netns, exporter, cgroups, chosen):
    inside = netns()
    process = exporter(*LABELLED, netns=inside, outside=True)
    owners = list(OWNERS.values())
    with contextlib.ExitStack() as keep:
        readers = one_port(inside, cgroups, OWNERS, keep)
        lost = overrun(inside, readers, chosen)
        right = summed(owners, lost)
        page = fresh(process, "sockets")
        assert by_owner(page) == right
        assert sum(right.values()) == ss_drops(inside)[8125, "4"] == sum(lost)
        exposition.check_text(process.get().body)
        # The test tells owners apart: any other order of them is wrong.
        assert summed(owners[1:] + owners[:1], lost) != right
        more = overrun(inside, readers, chosen)
        right = summed(owners, [a + b for a, b in zip(lost, more, strict=True)])
        assert by_owner(fresh(process, "sockets")) == right
        assert page.value(FORGOTTEN) == 0


def test_without_the_option_there_are_no_owners(netns, exporter, cgroups):
    inside = netns()
    process = exporter(*ONLY_SOCKETS, netns=inside, outside=True)
    with contextlib.ExitStack() as keep:
        one_port(inside, cgroups, ["a.service", "b.service"], keep)
        page = fresh(process, "sockets")
        assert [set(sample.labels) for sample in page[DROPS]] == [{"local_port", "ip_version"}]
        assert FORGOTTEN not in page


def test_a_cgroup_that_is_gone(netns, exporter, cgroups, chosen):
    """It keeps its name where that was seen, and has none where it was not; nothing counts at another's."""
    inside = netns()
    process = exporter(*LABELLED, netns=inside, outside=True)
    with contextlib.ExitStack() as keep:
        seen, *_ = one_port(inside, cgroups, ["seen.service"], keep)
        assert by_owner(fresh(process, "sockets")) == {("8125", "seen.service", ""): 0}
        cgroups.remove("seen.service")
        with cgroups.made(cgroups.add("unseen.service")):
            unseen = keep.enter_context(udp(inside, 8126))
        cgroups.remove("unseen.service")
        lost = overrun(inside, [seen, unseen], chosen)
        page = fresh(process, "sockets")
        shown = by_owner(page)
        assert shown[("8125", "seen.service", "")] == lost[0]
        assert sum(shown.values()) == sum(lost)
        # One look may have fallen between making it and its end.
        assert set(shown) - {("8125", "seen.service", "")} <= {("8126", "", ""), ("8126", "unseen.service", "")}
        late = exporter(*LABELLED, netns=inside, outside=True)
        assert set(by_owner(fresh(late, "sockets"))) == {("8125", "", ""), ("8126", "", "")}


def test_a_new_service_of_the_same_name_goes_on(netns, exporter, cgroups, chosen):
    inside = netns()
    process = exporter(*LABELLED, netns=inside, outside=True)
    lost = 0
    for _ in range(3):
        with contextlib.ExitStack() as keep:
            readers = one_port(inside, cgroups, ["again.service"], keep)
            lost += overrun(inside, readers, chosen)[0]
            assert by_owner(fresh(process, "sockets")) == {("8125", "again.service", ""): lost}
        cgroups.remove("again.service")


def test_listeners_by_owner(netns, exporter, cgroups):
    inside = netns()
    process = exporter(*LABELLED, netns=inside, outside=True)
    with contextlib.ExitStack() as keep:
        for number, (unit, limit) in enumerate((("a.service", 5), ("b.service", 7), ("b.service", 7))):
            with cgroups.made(cgroups.add(unit)):
                server = keep.enter_context(inside.socket())
            server.bind((f"127.0.1.{number}", 80))
            server.listen(limit)
            for _ in range(number):
                keep.enter_context(inside.socket()).connect(server.getsockname())
        page = fresh(process, "sockets")
        assert by_owner(page, "netdrop_listen_queue_limit") == {
            ("80", "a.service", ""): 5,
            ("80", "b.service", ""): 7,
        }
        assert by_owner(page, "netdrop_listen_queue_length") == {
            ("80", "a.service", ""): 0,
            ("80", "b.service", ""): 2,
        }


def test_workloads_that_come_and_go(netns, exporter, cgroups, chosen):
    """More than have room: nothing is lost, and nothing steps back."""
    inside = netns()
    process = exporter(*LABELLED, "--set=collectors.sockets.max_ports=10", netns=inside, outside=True)
    lost = before = 0
    with contextlib.ExitStack() as keep:
        stays, *_ = one_port(inside, cgroups, ["stays.service"], keep)
        at_home = 0
        for _ in range(20):
            names = [f"unit-{chosen.randrange(10**6)}-x.service" for _ in range(6)]
            with contextlib.ExitStack() as short:
                readers = one_port(inside, cgroups, names, short, first=1)
                counts = overrun(inside, [stays, *readers], chosen, 100)
                at_home += counts[0]
                lost += sum(counts)
                page = fresh(process, "sockets")
            for name in names:
                cgroups.remove(name)
            total = sum(by_owner(page).values()) + page.value(FORGOTTEN)
            assert total == lost >= before
            before = total
            assert by_owner(page)["8125", "stays.service", ""] == at_home
            assert len(by_owner(page)) <= 10 + 1
    assert page.value(FORGOTTEN) > 0
    assert page.value("netdrop_limit_hits_total", limit="ports") > 0


def test_a_reload_that_switches_labels(netns, exporter, cgroups, chosen, tmp_path):
    inside = netns()
    path = tmp_path / "config.json"
    settings = '{"collectors": {"sockets": {"label_workload": %s, "interval": "100ms"}}}'
    path.write_text(settings % "true")
    process = exporter("--collector.disable-defaults", "--collector.sockets", f"--config.file={path}", netns=inside, outside=True)
    paths = ["a.service", "b.service", "c.service"]
    lost = [0, 0, 0]
    with contextlib.ExitStack() as keep:
        readers = one_port(inside, cgroups, paths, keep)
        earlier = 0  # counted while there were no labels: nobody's
        for labelled in (True, False, True, True):
            path.write_text(settings % str(labelled).lower())
            process.signal(1)
            eventually(
                lambda wanted=labelled: [("unit" in s.labels) for s in process.metrics().get(DROPS, ())][:1] == [wanted],
                "the reload",
            )
            lost = [a + b for a, b in zip(lost, overrun(inside, readers, chosen), strict=True)]
            page = fresh(process, "sockets")
            assert sum(sample.value for sample in page[DROPS]) == sum(lost)
            if not labelled:
                earlier = sum(lost)
            elif not earlier:
                assert by_owner(page) == {("8125", name, ""): count for name, count in zip(paths, lost, strict=True)}
        assert by_owner(page)["8125", "", ""] == earlier


def test_steady_collection_with_owners_allocates_nothing(netns, exporter, cgroups, allocations, chosen):
    inside = netns()
    with contextlib.ExitStack() as keep:
        paths = [f"system.slice/{number}.service" for number in range(100)]
        readers = one_port(inside, cgroups, paths, keep)
        process = exporter(*LABELLED, netns=inside, outside=True, env=allocations.env)
        overrun(inside, readers, chosen)
        assert len(by_owner(fresh(process, "sockets"))) == 100
        before = steady_allocations(
            process, allocations, "sockets", meanwhile=lambda: overrun(inside, readers, chosen)
        )
        one_port(inside, cgroups, ["new.service"], keep, first=100)
        assert len(by_owner(fresh(process, "sockets"))) == 101
        assert allocations.allocated("sockets") > before

# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose the other end of a link is: as long as there is anybody, and never somebody who is not there."""

import subprocess

import exposition
from daemon import eventually
from inmates import inmates_of
from link_lab import ONLY_LINK, ALL_KINDS, fresh, steady_allocations

FAMILY = "netdrop_link_workload_info"
CONTAINER = "fedcba9876543210" * 4
POD = "11111111_2222_3333_4444_555555555555"
POD_UID = POD.replace("_", "-")
POD_SLICE = f"kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{POD}.slice"


def owners(page):
    """device -> (unit, container, pod, name of the namespace)."""
    found = {}
    for sample in page.get(FAMILY, ()):
        assert sample.value == 1 and sample.labels["device"] not in found
        found[sample.labels["device"]] = tuple(sample.labels[name] for name in ("unit", "container_id", "pod_uid", "netns"))
    return found


def watched(exporter, inside, **options):
    return exporter(*ONLY_LINK, *ALL_KINDS, netns=inside, outside=True, **options)


def veth(inside, device, pid):
    inside.ip(f"link add {device} type veth peer name eth0 netns {pid}")


def test_each_kind_of_owner(netns, exporter, cgroups):
    inside, blue = netns(), netns()
    with inmates_of(cgroups) as inmates:
        process = watched(exporter, inside)
        service = inmates.start("system.slice/router.service")
        docker = inmates.start(f"system.slice/docker-{CONTAINER}.scope")
        pause = inmates.start(f"{POD_SLICE}/cri-containerd-{CONTAINER[::-1]}.scope")
        inmates.start(f"{POD_SLICE}/cri-containerd-{CONTAINER}.scope", ("nsenter", f"--target={pause.pid}", "--net", "sleep", "600"))
        named = inmates.enter("system.slice/named.service", blue.path)
        for device, pid in (("v0", service.pid), ("v1", docker.pid), ("v2", pause.pid), ("v3", named.pid)):
            veth(inside, device, pid)
        inside.ip("link add v4 type veth peer name v5")  # both ends are here
        inside.ip("link add v6 type bridge")
        right = {
            "v0": ("router.service", "", "", ""),
            "v1": ("system.slice", CONTAINER, "", ""),
            "v2": ("kubepods-besteffort.slice", "", POD_UID, ""),
            "v3": ("named.service", "", "", blue.name),
        }
        eventually(lambda: owners(fresh(process)) == right, f"{right}")
        exposition.check_text(process.get().body)


def test_who_enters_a_container_is_not_its_owner(netns, exporter, cgroups):
    """Though older: whoever debugs it is from the host. Of the host's own the one that was there first is."""
    inside = netns()
    with inmates_of(cgroups) as inmates:
        cgroups.add("system.slice/debug.service")
        cgroups.add("system.slice/first.service")
        docker = inmates.start(f"system.slice/docker-{CONTAINER}.scope")
        first = inmates.start("system.slice/first.service")
        inmates.start("system.slice/debug.service", ("nsenter", f"--target={docker.pid}", "--net", "sleep", "600"))
        inmates.start("system.slice/second.service", ("nsenter", f"--target={first.pid}", "--net", "sleep", "600"))
        process = watched(exporter, inside)
        veth(inside, "v0", docker.pid)
        veth(inside, "v1", first.pid)
        right = {"v0": ("system.slice", CONTAINER, "", ""), "v1": ("first.service", "", "", "")}
        eventually(lambda: owners(fresh(process)) == right, f"{right}")


def test_containers_that_come_and_go(netns, exporter, cgroups, chosen):
    """Numbers of namespaces are used again at once: no device is ever somebody else's."""
    inside = netns()
    process = watched(exporter, inside)
    with inmates_of(cgroups) as inmates:
        alive = {}
        for number in range(12):
            for _ in range(chosen.randrange(1, 4)):
                name = f"u{chosen.randrange(10**6)}x"
                alive[name[:15]] = inmates.start(f"system.slice/{name}.service")
                veth(inside, name[:15], alive[name[:15]].pid)
            right = {device: (f"{device}.service", "", "", "") for device in alive}
            eventually(lambda right=right: owners(fresh(process)) == right, f"{right} in round {number}")
            for device in chosen.sample(sorted(alive), chosen.randrange(len(alive) + 1)):
                inmates.end(alive.pop(device))
                cgroups.remove(f"system.slice/{device}.service")
        for device, inmate in alive.items():
            inmates.end(inmate)
            cgroups.remove(f"system.slice/{device}.service")
        eventually(lambda: owners(fresh(process)) == {}, "no owner")


def test_a_namespace_before_its_process(netns, exporter, cgroups):
    """As CNI makes them; and its name alone is worth a row."""
    inside, blue = netns(), netns()
    process = watched(exporter, inside)
    inside.ip(f"link add v0 type veth peer name eth0 netns {blue.name}")
    eventually(lambda: owners(fresh(process)) == {"v0": ("", "", "", blue.name)}, "the name")
    with inmates_of(cgroups) as inmates:
        inmates.enter("late.service", blue.path)
        eventually(lambda: owners(fresh(process)) == {"v0": ("late.service", "", "", blue.name)}, "the process")


def test_a_peer_that_moves(netns, exporter, cgroups):
    inside = netns()
    with inmates_of(cgroups) as inmates:
        process = watched(exporter, inside)
        a, b = (inmates.start(f"{name}.service") for name in "ab")
        inside.ip("link add v0 type veth peer name v1")
        assert owners(fresh(process)) == {}
        inside.ip(f"link set v1 netns {a.pid}")
        eventually(lambda: owners(fresh(process)) == {"v0": ("a.service", "", "", "")}, "the first")
        subprocess.run(["nsenter", f"--target={a.pid}", "--net", "ip", "link", "set", "v1", "netns", str(b.pid)], check=True)
        inside.ip("link set v0 up")  # the kernel tells nobody here before something else happens to it
        eventually(lambda: owners(fresh(process)) == {"v0": ("b.service", "", "", "")}, "the second")


def test_links_that_are_left_out_have_no_row(netns, exporter, cgroups):
    inside = netns()
    with inmates_of(cgroups) as inmates:
        inmate = inmates.start("a.service")
        veth(inside, "v0", inmate.pid)
        inside.ip(f"link add w0 type veth peer name eth1 netns {inmate.pid}")
        some = exporter(*ONLY_LINK, *ALL_KINDS, "--set=devices.exclude=w*", netns=inside, outside=True)
        none = exporter(*ONLY_LINK, "--set=devices.exclude_kinds=veth", netns=inside, outside=True)
        loss = exporter(*ONLY_LINK, *ALL_KINDS, "--set=collectors.link.columns=loss", netns=inside, outside=True)
        assert set(owners(fresh(some))) == {"v0"}
        assert owners(fresh(none)) == {}
        assert FAMILY not in fresh(loss)


def test_nothing_is_kept_alive(netns, exporter, cgroups):
    inside, blue = netns(), netns()
    with inmates_of(cgroups) as inmates:
        process = watched(exporter, inside)
        inmate = inmates.enter("a.service", blue.path)
        inside.ip(f"link add v0 type veth peer name eth0 netns {blue.name}")
        eventually(lambda: "v0" in owners(fresh(process)), "the owner")
        inmates.end(inmate)
        subprocess.run(["ip", "netns", "del", blue.name], check=True)
        eventually(lambda: "v0" not in inside.links(), "the namespace's end")
        blue.close = lambda: None


def test_steady_collection_asks_nothing(netns, exporter, cgroups, allocations):
    """As long as all is known nobody looks for processes, and nothing is allocated."""
    inside = netns()
    with inmates_of(cgroups) as inmates:
        inmate = inmates.start("a.service")
        for number in range(50):
            inside.ip(f"link add v{number} type veth peer name e{number} netns {inmate.pid}")
        process = watched(exporter, inside, env=allocations.env)
        eventually(lambda: len(owners(fresh(process))) == 50, "all")
        before = steady_allocations(process, allocations, "link")
        inside.ip(f"link add w type veth peer name w netns {inmate.pid}")
        eventually(lambda: len(owners(fresh(process))) == 51, "one more")
        assert allocations.allocated("link") > before

# SPDX-License-Identifier: GPL-2.0-or-later
"""How many series four kinds of host have, as installed and with each option that changes it: the table of
docs/cardinality.md, which --write writes anew. Counts, no times: any machine will do, a busy one too."""

import re
import socket
import tempfile
import uuid
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import daemon
import lab
from cgroups import Cgroups
from inmates import inmates_of
from recipes import nft

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/cardinality.md"
PART = re.compile(r"(?<=<!-- measured: series -->\n).*?(?=<!-- end -->)", re.DOTALL)
PODS, LINKS, QUEUES = 300, 4000, 128
PORT = 9996
# On a host veths are left out; in a namespace of its own only if it is told to.
HOST = ("--set=devices.exclude_kinds=veth",)
# What is off by default, or is what drops: told apart.
APART = ("drop_monitor", "netns")
SERVERS = {socket.SOCK_STREAM: (22, 80, 443), socket.SOCK_DGRAM: (53, 123, 161)}


def options(parser):
    parser.add_argument("--write", action="store_true", help="write docs/cardinality.md anew")


class Place:
    """A namespace that stands for a host with one interface and six servers."""

    def __init__(self, stack, binary):
        self.stack, self.binary = stack, binary
        self.netns = stack.enter_context(closing(lab.Namespace()))
        self.other = stack.enter_context(closing(lab.Namespace()))
        for kind, ports in SERVERS.items():
            for port in ports:
                server = stack.enter_context(self.netns.socket(kind=kind))
                server.bind(("127.0.0.1", port))
                if kind == socket.SOCK_STREAM:
                    server.listen()

    def add(self, *links):
        self.netns.batch(f"link add {link}" for link in links)
        self.netns.run("tc qdisc add dev eth0 root handle 1: " + ("mq" if "queues" in links[0] else "pfifo_fast"))

    def listed(self, *flags):
        """{collector: {"": series, option: series with it}}."""
        command = [self.binary, "--list-collectors", *flags]
        said = self.netns.run(command)
        found = {}
        for name, text in re.findall(r"^(\w+)\n((?: .*\n)+)", said, re.MULTILINE):
            if plain := re.search(r"^    series: +(\d+)$", text, re.MULTILINE):
                found[name] = {"": int(plain[1])}
                found[name] |= {option: int(count) for count, option in re.findall(r"^ +(\d+) with (.*)$", text, re.MULTILINE)}
        return found

    def exporter(self, directory, collector, *flags):
        """One with that collector alone."""
        flags = ("--collector.disable-defaults", f"--collector.{collector}", f"--set=collectors.{collector}.interval=1s", *flags)
        command = [self.binary, "--web.listen-address=127.0.0.1:0", *flags]
        running = daemon.Exporter(command, Path(directory) / "log", self.netns)
        self.stack.callback(running.process.kill)
        running.wait_ready()
        return running


def small(place):
    place.add("eth0 type ifb")
    return place.listed(*HOST), {}


def router(place):
    place.add("eth0 type ifb", *(f"vxlan{i} type vxlan id {i + 1} dstport 4789" for i in range(LINKS - 1)))
    return place.listed(*HOST), {}


def nic(place):
    """A veth, taken for hardware: it has the queues, and few statistics for each."""
    place.add(f"eth0 numtxqueues {QUEUES} numrxqueues {QUEUES} type veth peer name eth0 netns {place.other.name}")
    return place.listed("--set=devices.exclude_kinds=", "--set=collectors.ethtool.virtual_devices=true"), {}


def node(place):
    place.add("eth0 type ifb", *(f"veth{i} type veth peer name eth{i} netns {place.other.name}" for i in range(PODS)))
    own = {"with `devices.exclude_kinds=`, which shows the veths": sum_of(place.listed("--set=devices.exclude_kinds="))}
    listed = place.listed(*HOST)
    usual = sum_of(listed)
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        inmates = stack.enter_context(inmates_of(stack.enter_context(closing(Cgroups()))))
        senders = pods(place, stack, inmates)
        own["while every pod loses packets"] = usual + losing(place, directory, senders)
        own["with `collectors.netns.enabled=true` and `max_namespaces` above the pods"] = usual + others(place, directory)
    return listed, own


def pods(place, stack, inmates):
    """Starts a process in a namespace for each, and returns a socket of each."""
    senders = []
    for i in range(PODS):
        pod = str(uuid.UUID(int=i + 1)).replace("-", "_")
        cgroup = f"kubepods.slice/kubepods-pod{pod}.slice/cri-containerd-{i:064x}.scope"
        inmates.start(cgroup)
        with inmates.cgroups.made(cgroup):
            senders.append(stack.enter_context(place.netns.socket(kind=socket.SOCK_DGRAM)))
    return senders


def of_pods(page):
    """How many series there are of our pods, once there are some of each; else 0."""
    owners = [sample.labels.get("pod_uid", "") for family in page.families.values() for sample in family.samples]
    ours = [owner for owner in owners if owner.startswith("00000000-")]
    return len(ours) if len(set(ours)) == PODS else 0


def losing(place, directory, senders):
    """Series of workloads, once a rule has refused a packet of each."""
    nft(place.netns, "type filter hook output priority 0;", f"udp dport {PORT} drop")
    running = place.exporter(directory, "drop_monitor")

    def lose():
        for sender in senders:
            with suppress(PermissionError):
                sender.sendto(b"x", ("127.0.0.1", PORT))
        return of_pods(running.metrics())

    return daemon.eventually(lose, "a row for each pod", timeout=120)


def others(place, directory):
    """Series of the collector netns."""
    running = place.exporter(directory, "netns", "--set=collectors.netns.max_time=60s", "--set=collectors.netns.max_namespaces=2000")
    return daemon.eventually(lambda: of_pods(running.metrics()), "a row for each pod", timeout=120)


def sum_of(listed, name="", option=""):
    """All series by default, but for what drops; one collector with that option."""
    return sum(found[option if collector == name else ""] for collector, found in listed.items() if collector not in APART)


HOSTS = {
    "small host": small,
    f"Kubernetes node, {PODS} pods": node,
    f"router, {LINKS:,} links": router,
    f"NIC with {QUEUES} queues": nic,
}


def table(measured):
    """As Markdown; a cell is empty where the option changes nothing."""
    listed = {host: found for host, (found, _) in measured.items()}
    usual = {host: sum_of(found) for host, found in listed.items()}
    names = [name for name in next(iter(listed.values())) if name not in APART]
    rows = {"as installed, before anything is dropped": usual}
    for name in names:
        rows[f"of these `{name}`"] = {host: found[name][""] for host, found in listed.items() if name in found}
    for name, option in sorted({(name, option) for found in listed.values() for name in names for option in found.get(name, ()) if option}):
        with_it = {host: sum_of(found, name, option) for host, found in listed.items() if option in found.get(name, ())}
        if changed := {host: count for host, count in with_it.items() if count != usual[host]}:
            rows[f"with `collectors.{name}.{option}`"] = changed
    for host, (_, own) in measured.items():
        rows |= {what: {host: count} for what, count in own.items()}
    yield "| series | " + " | ".join(listed) + " |\n|---" + "|---:" * len(listed) + "|\n"
    for what, counts in rows.items():
        yield f"| {what} | " + " | ".join(f"{counts[host]:,}" if host in counts else "" for host in listed) + " |\n"


def run(arguments):
    measured = {}
    for host, make in HOSTS.items():
        with ExitStack() as stack:
            measured[host] = make(Place(stack, str(arguments.build / "netdrop-exporter")))
    text = "".join(table(measured))
    print(text)
    if arguments.write:
        DOCUMENT.write_text(PART.sub(lambda _: "\n" + text + "\n", DOCUMENT.read_text()))

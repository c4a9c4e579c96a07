# SPDX-License-Identifier: GPL-2.0-or-later
"""Each command of the runbook, typed in a network namespace that has an interface eth0: a shell takes it, and no program of it
complains of how it was called. What it shows depends on the fault. What cannot be typed here is named below, with the reason."""

import os
import re
import subprocess

import pytest

import rules
from authority import Authority
from documents import blocks

PAGES = sorted((rules.TREE / "docs/runbook").glob("*.md"))
SYSSTAT = "sysstat, which is not here"
SYSTEMD = "systemd as process 1: tests/systemd"
OPEN_VSWITCH = "Open vSwitch, which is not here"
WIRELESS = "iw and a wireless device, which are not here"
ROUTERS = "traceroute, tracepath or mtr, and routers on the way, which are not here"
SECURITY = "a security module and its programs, which are not here"
# The commands that are not typed, and what they would need.
NOT_HERE = {
    "mpstat -P ALL 1": SYSSTAT,
    "pidstat -t 1": SYSSTAT,
    "pidstat -t -p PID 1": SYSSTAT,
    "systemctl status netdrop-exporter": SYSTEMD,
    "lspci -vv -s \"$(ethtool -i eth0 | sed -n 's/bus-info: //p')\" | grep -E 'LnkCap|LnkSta'": "a NIC on a PCIe bus, which is not here",
    "perf trace --no-syscalls --event skb:kfree_skb --max-events 20": "perf of the kernel that runs, which is not here",
    "top -H -p \"$(pgrep -d, -f vhost)\"": "a virtual machine, which is not here",
    "fuser -v /dev/net/tun /dev/vhost-net /dev/tap*": "a virtual machine, which is not here",
    "traceroute -n DESTINATION": ROUTERS,
    "tracepath -n DESTINATION": ROUTERS,
    "mtr -n PEER": ROUTERS,
    "ovs-appctl dpctl/dump-flows -m | grep drop": OPEN_VSWITCH,
    "ovs-appctl ofproto/trace br0 'in_port=1,ip,nw_dst=10.0.0.1'": OPEN_VSWITCH,
    "ovs-appctl coverage/show | grep drop": OPEN_VSWITCH,
    "iw dev wlan0 station dump": WIRELESS,
    "iw event -t": WIRELESS,
    "ausearch --message avc --start recent": SECURITY,
    "aa-status; getenforce": SECURITY,
}
# They go on until somebody ends them, here after as many seconds.
ENDLESS = re.compile(r"^(tcpdump (?!.*-c 1 )|nft monitor|ping )")
SHORT, LONG = 3, 100
# What only the host has, as it is.
ON_HOST = {
    "sysctl net.core.netdev_max_backlog net.core.netdev_budget net.core.netdev_budget_usecs",
    "sysctl net.ipv4.tcp_mem net.ipv4.udp_mem",
    "bpftool cgroup tree",
}
# A virtual device has no rings, transceivers, pause frames, priorities or steering rules.
HARDWARE = re.compile(r"^ethtool -[agmn] |^ethtool eth0; ethtool -m|^dcb ")
# Nothing is found, which is no mistake of whoever asks.
NOTHING_FOUND = re.compile(r"grep|^journalctl ")
COMPLAINT = re.compile(r"usage:|invalid|unknown|unrecognized|syntax error|not found|bad |garbage|ambiguous", re.IGNORECASE)
PREPARED = (
    "link add eth0 mtu 9000 type veth peer name eth1",
    "address add 10.66.0.2/24 dev eth0",
    "link set eth0 up",
    "link set eth1 up",
    "link add br0 type bridge",
    "link set br0 up",
    "tuntap add tap0 mode tap",
)
# What the reader puts in.
VALUES = {"NEIGHBOUR": "10.66.0.1", "DESTINATION": "10.66.0.2", "ADDRESS": "10.66.0.1", "SOURCE": "10.66.0.1", "PEER": "10.66.0.1"}


def commands(path):
    """Each line, without what is said of it."""
    return [re.sub(r"\s+#.*$", "", line) for block in blocks(path, "sh") for line in block.splitlines() if line]


def typed(path):
    return [command for command in commands(path) if command not in NOT_HERE]


def test_what_is_left_out_is_in_the_runbook():
    assert {*NOT_HERE, *ON_HOST} <= {command for path in PAGES for command in commands(path)}


@pytest.fixture(name="shell")
def fixture_shell(netns, exporter, build, tmp_path):
    """shell(command): what a shell says of it, in a namespace with the devices of the commands and an exporter at its port."""
    namespace = netns()
    namespace.batch(PREPARED)
    namespace.wait_up("eth0")
    namespace.popen(["ping", "-q", VALUES["NEIGHBOUR"]], stdout=subprocess.DEVNULL)  # there is always a packet to see
    process = exporter("--web.listen-address=127.0.0.1:10190", netns=namespace)
    authority = Authority(tmp_path / "ca")
    values = {**VALUES, "/etc/ssl/certs/host.pem": str(authority.certificate), '"$(pidof netdrop-exporter)"': str(process.pid)}

    def run(command):
        on_host = command in ON_HOST
        for name, value in values.items():
            command = command.replace(name, value)
        seconds = SHORT if ENDLESS.search(command) else LONG
        arguments = ["timeout", "--signal=INT", str(seconds), "bash", "-o", "pipefail", "-c", command]
        return subprocess.run(
            arguments if on_host else namespace.command(arguments),
            env={**os.environ, "PATH": f"{build}:{os.environ['PATH']}", "NSTAT_HISTORY": str(tmp_path / "nstat")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            text=True,
        )

    return run


def complaint(command, result):
    """What is wrong with it, or nothing."""
    good = {0, *([124] if ENDLESS.search(command) else []), *([1] if NOTHING_FOUND.search(command) else [])}
    if HARDWARE.search(command) and "Operation not supported" in result.stderr:
        good.add(1)
    if result.returncode not in good or COMPLAINT.search(result.stderr):
        return f"{command}: {result.returncode}, {result.stderr}"
    return ""


@pytest.mark.root
@pytest.mark.parametrize("path", [path for path in PAGES if typed(path)], ids=lambda path: path.stem)
def test_no_command_is_mistaken(shell, path):
    assert [said for command in typed(path) if (said := complaint(command, shell(command)))] == []


MISTAKES = (
    "ip link show device",
    "ss --pakets",
    "nstat -az | grep -Q x",
    "sysctl net.ipv4.udp_men",
    "tcpdump -ni eth0 -c 1 'ip6[x]'",
    "ethtol eth0",
    "ethtool -g --rings eth0",
)


@pytest.mark.root
@pytest.mark.parametrize("command", MISTAKES)
def test_mistakes_are_found(shell, command):
    """The control."""
    assert complaint(command, shell(command))

# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces to make interfaces, traffic and drops in, without touching the host's own network."""

import ctypes
import fcntl
import itertools
import json
import os
import socket
import struct
import subprocess
from contextlib import contextmanager

import daemon

CLONE_NEWNET = 0x40000000
MS_BIND, MNT_DETACH = 4096, 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454CA, 1, 2, 0x1000
RTM_GETLINK, NLM_F_REQUEST, IFLA_IFNAME, IFLA_OPERSTATE, IF_OPER_UP = 18, 1, 3, 16, 6
_libc = ctypes.CDLL(None, use_errno=True)
# Two ends that have the same index hear of their carrier a second later (linkwatch_urgent_event(), net/core/link_watch.c).
ANOTHER = 1000
_numbers = itertools.count()


def _call(name, *arguments):
    if getattr(_libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)


def _setns(fd):
    _call("setns", fd, CLONE_NEWNET)


def _mount_new(path):
    """What `ip netns add` does, without a process: where the machine is emulated each costs a quarter of a second."""
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL, 0))
    with open("/proc/thread-self/ns/net", "rb") as home:
        _call("unshare", CLONE_NEWNET)
        try:
            _call("mount", b"/proc/thread-self/ns/net", path.encode(), b"none", MS_BIND, None)
        finally:
            _setns(home.fileno())


class Namespace:
    """A network namespace of our own, with lo up. Names hold our pid, so that parallel runs never meet."""

    def __init__(self):
        self.processes = []
        number = next(_numbers)
        self.name = f"netdrop-{os.getpid()}-{number}"
        self.path = f"/run/netns/{self.name}"
        if number:
            _mount_new(self.path)
        else:  # the first one prepares the directory, too
            subprocess.run(["ip", "netns", "add", self.name], check=True, stdin=subprocess.DEVNULL)
        with self.socket(kind=socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        _call("umount2", self.path.encode(), MNT_DETACH)
        os.unlink(self.path)

    def command(self, command):
        """The command, to be run inside. `ip` execs it: the process id is the command's own."""
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, command, check=True, sysfs=False, **options):
        """Runs a list, or a string split at blanks; returns what it printed. It sees the namespace's devices in /sys only
        where `sysfs` asks for that: to mount it takes longer than most commands."""
        command = command.split() if isinstance(command, str) else command
        options = {"timeout": 120, **options}
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "check": False, **options}
        if sysfs:
            result = subprocess.run(self.command(command), **options)
        else:
            with self.entered():
                result = subprocess.run(command, **options)
        if check and result.returncode != 0:
            raise RuntimeError(f"{command}: {result.stderr.decode(errors='replace')}")
        return result.stdout.decode(errors="surrogateescape")

    def popen(self, command, sysfs=False, **options):
        """Starts a command that ends, at the latest, with the namespace. `sysfs` as for run()."""
        command = command.split() if isinstance(command, str) else command
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, **options}
        if sysfs:
            process = subprocess.Popen(self.command(command), **options)
        else:
            with self.entered():
                process = subprocess.Popen(command, **options)
        self.processes.append(process)
        return process

    def ip(self, arguments):
        """`ip` from inside: with -n it would mount /sys anew."""
        arguments = arguments.split() if isinstance(arguments, str) else arguments
        return self.run(["ip", *arguments])

    def batch(self, lines):
        """Many `ip` commands in one process."""
        self.run(["ip", "-batch", "-"], input="".join(line + "\n" for line in lines).encode())

    def links(self):
        """What the kernel says of every link, by name: `ip -s -s -d -j link`."""
        return {link["ifname"]: link for link in json.loads(self.ip("-s -s -d -j link"))}

    def tun(self, name, *flags, kind=IFF_TUN):
        """A new device of that name in here; the descriptor of the program behind it."""
        with self.entered():
            descriptor = os.open("/dev/net/tun", os.O_RDWR | sum(flags))
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", name.encode(), kind | IFF_NO_PI))
        return descriptor

    def _is_up(self, device):
        name = device.encode() + b"\0"
        attribute = struct.pack("=HH", 4 + len(name), IFLA_IFNAME) + name + bytes(-len(name) % 4)
        request = struct.pack("=IHHII", 32 + len(attribute), RTM_GETLINK, NLM_F_REQUEST, 1, 0) + bytes(16) + attribute
        with self.socket(socket.AF_NETLINK, socket.SOCK_RAW) as rtnetlink:
            rtnetlink.send(request)
            answer = rtnetlink.recv(1 << 16)
        at = 32
        while at + 4 <= len(answer):
            size, kind = struct.unpack_from("=HH", answer, at)
            if kind == IFLA_OPERSTATE:
                return answer[at + 4] == IF_OPER_UP
            at += max(4, (size + 3) & ~3)
        return False

    def wait_up(self, *devices):
        """Until these send: one that was just set up has a queue that drops all until the kernel gets to it, on a busy machine
        a second later (net/core/link_watch.c). It does so and answers here under the same lock (rtnl_lock())."""
        for device in devices:
            daemon.eventually(lambda device=device: self._is_up(device), f"{device} to be up")

    @contextmanager
    def entered(self):
        """The calling thread is inside for the length of the block: its new sockets belong here for good."""
        with open("/proc/thread-self/ns/net", "rb") as home, open(self.path, "rb") as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def sysctl(self, name, value):
        """/proc/sys/net shows the namespace of who looks."""
        with self.entered(), open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as file:
            file.write(str(value))

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM, protocol=0):
        with self.entered():
            return socket.socket(family, kind, protocol)


class Veth:
    """Two namespaces and a wire: a0 10.77.0.1 in `a`, b0 10.77.0.2 in `b`. Nothing but what a test sends ever
    passes: the neighbours are permanent and IPv6 is off."""

    MAC = {"a0": "02:00:00:00:77:01", "b0": "02:00:00:00:77:02"}
    ADDRESS = {"a0": "10.77.0.1", "b0": "10.77.0.2"}

    def __init__(self, a, b):
        self.a, self.b = a, b
        # Few processes: where the machine is emulated each takes a tenth of a second.
        for namespace in (a, b):
            namespace.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
            namespace.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        a.ip(
            f"link add a0 index {ANOTHER} address {self.MAC['a0']} type veth "
            f"peer name b0 address {self.MAC['b0']} netns {b.name}"
        )
        for namespace, device, peer in ((a, "a0", "b0"), (b, "b0", "a0")):
            namespace.batch(
                [
                    f"address add {self.ADDRESS[device]}/24 dev {device}",
                    f"link set {device} up",
                    f"neighbour add {self.ADDRESS[peer]} lladdr {self.MAC[peer]} nud permanent dev {device}",
                ]
            )
        a.wait_up("a0")
        b.wait_up("b0")

    def track(self, rule):
        """b tracks the connections of the wire, with a rule of nftables on what comes in. Not those of lo, by which
        an exporter is asked."""
        chains = {"prerouting": "iif lo notrack", "output": "oif lo notrack"}
        lines = ["add table ip t", "add chain ip t c { type filter hook input priority 0; }", f"add rule ip t c {rule}"]
        for hook, line in chains.items():
            lines += [f"add chain ip t {hook} {{ type filter hook {hook} priority -300; }}", f"add rule ip t {hook} {line}"]
        self.b.run(["nft", "; ".join(lines)])

    def send_udp(self, count=1000, size=64, address="10.77.0.2", port=9999):
        """Sends from a; slowly enough that no queue on the way overflows. Sends it all: returns after."""
        payload = bytes(size)
        with self.a.socket(kind=socket.SOCK_DGRAM) as sender:
            # Bound, not connected: a connected socket would be told of the closed port, and stop.
            for _ in range(count):
                sender.sendto(payload, (address, port))

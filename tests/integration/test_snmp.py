# SPDX-License-Identifier: GPL-2.0-or-later
"""Protocol counters: each equals what the kernel's files and nstat say, moves by exactly what was lost, and
is called what the rule says. Faults as the fault lab makes them; broken files by --path.procfs."""

import json
import os
import re
import socket
import struct
import subprocess
import time
from contextlib import suppress

import pytest

import exposition
from daemon import eventually, go_first

ONLY = ("--collector.disable-defaults", "--collector.snmp")
ALL = (*ONLY, "--set=collectors.snmp.fields.include=*")
FILES = ("snmp", "netstat", "snmp6")
VERSIONED = ("ip", "udp", "udplite", "icmp")
GAUGES = {
    *(("ip", name) for name in ("Forwarding", "DefaultTTL")),
    *(("tcp", name) for name in ("RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn", "CurrEstab")),
    ("mptcpext", "MPCurrEstab"),
}
WORD = re.compile(
    r"HMac(?![a-z])|[A-Z]{2,}s(?![a-z])|[A-Z]+v[0-9]+|[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+"
)


def series_of(protocol, field):
    """The rule of names, once more and by other means: (name, labels)."""
    version = "6" if protocol in ("Ip6", "Udp6", "UdpLite6", "Icmp6") else "4"
    icmp_type = re.fullmatch(r"(In|Out)Type([0-9]+)", field)
    if icmp_type and protocol in ("IcmpMsg", "Icmp6"):
        labels = {"type": icmp_type[2], "ip_version": version}
        return f"netdrop_icmp_{icmp_type[1].lower()}_type_total", labels
    prefix = protocol.lower().removesuffix("6" if version == "6" else "")
    words = [re.sub("^TCP(?=.)", "TCP_", word) for word in WORD.findall(field)]
    name = f"netdrop_{prefix}_" + "_".join(words).lower()
    if (prefix, field) not in GAUGES:
        name = name.removesuffix("_total") + "_total"
    return name, {"ip_version": version} if prefix in VERSIONED else {}


def kernel_counters(netns):
    """{(protocol, field): value} as the files have them."""
    counters = {}
    for file in ("snmp", "netstat"):
        lines = netns.run(["cat", f"/proc/net/{file}"]).splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            protocol = names.split(":")[0]
            for name, value in zip(names.split()[1:], values.split()[1:]):
                counters[protocol, name] = int(value)
    for line in netns.run(["cat", "/proc/net/snmp6"]).splitlines():
        name, value = line.split()
        protocol, field = re.fullmatch(r"([A-Z][A-Za-z]*?6)([A-Z].*)", name).groups()
        counters[protocol, field] = int(value)
    return counters


@pytest.fixture
def counters(once):
    """counters(netns) is the page of a namespace, nothing but protocol counters."""
    return lambda netns, *flags: exposition.check_text(once(*ONLY, *flags, netns=netns).encode())


@pytest.fixture
def moved(counters):
    """moved(netns, act) does it, and returns which counters of loss moved, and by how much: totals aside."""
    totals = {
        *(f"netdrop_tcp_{name}_total" for name in ("in_segs", "out_segs")),
        *(f"netdrop_tcp_{name}_opens_total" for name in ("active", "passive")),
        *(f"netdrop_udp_{name}_datagrams_total" for name in ("in", "out")),
        *(f"netdrop_ip_{name}_total" for name in ("in_receives", "in_delivers", "out_requests")),
        *(f"netdrop_icmp_{name}_msgs_total" for name in ("in", "out")),
    }

    def key(sample):
        version = sample.labels.get("ip_version", "4").replace("4", "")
        return re.sub("^netdrop_|_total$", "", sample.name) + version

    def values(netns):
        page = counters(netns)
        return {
            key(sample): sample.value
            for name, samples in page.items()
            if name.startswith("netdrop_") and name not in totals and page.families[name].type == "counter"
            for sample in samples
            if "limit" not in sample.labels and "collector" not in sample.labels
        }

    def run(netns, act):
        before = values(netns)
        act()
        after = values(netns)
        assert before.keys() == after.keys()
        return {name: after[name] - before[name] for name in after if after[name] != before[name]}

    return run


# What is on the page.


def some_traffic(netns):
    """A little of everything, so that few numbers are 0 and no two counters look alike by chance."""
    netns.run("sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0")
    for family, address, count in ((socket.AF_INET, "127.0.0.1", 17), (socket.AF_INET6, "::1", 23)):
        with netns.socket(family, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                sender.sendto(b"x", (address, 9))
        for _ in range(count):
            with netns.socket(family) as client, suppress(ConnectionRefusedError):
                client.connect((address, 9))
    time.sleep(0.2)


def test_every_counter_equals_the_files(netns, counters):
    inside = netns()
    some_traffic(inside)
    before = kernel_counters(inside)
    page = counters(inside, "--set=collectors.snmp.fields.include=*")
    assert kernel_counters(inside) == before, "not as quiet here as the test needs"
    for (protocol, field), value in before.items():
        name, labels = series_of(protocol, field)
        assert page.value(name, **labels) == value, (protocol, field)
    assert page.value("netdrop_collector_series", collector="snmp") == len(before)
    assert page.value("netdrop_udp_no_ports_total", ip_version="4") == 17
    assert page.value("netdrop_udp_no_ports_total", ip_version="6") == 23
    assert page.value("netdrop_tcp_max_conn") == -1
    for limit in ("proc_malformed", "name_collision"):
        assert page.value("netdrop_limit_hits_total", limit=limit) == 0


def test_every_counter_equals_nstat(netns, counters):
    inside = netns()
    some_traffic(inside)
    names = {protocol + field: (protocol, field) for protocol, field in kernel_counters(inside)}
    page = counters(inside, "--set=collectors.snmp.fields.include=*")
    nstat = json.loads(inside.run("nstat -asz --json"))["kernel"]
    assert len(nstat) > 300
    for key, value in nstat.items():
        name, labels = series_of(*names[key])
        assert page.value(name, **labels) == value, key


def test_help_names_the_kernels_own(netns, counters):
    page = counters(netns())
    assert page.families["netdrop_tcpext_listen_drops_total"].help.endswith("(TcpExt ListenDrops).")
    assert page.families["netdrop_udp_no_ports_total"].help.endswith("(Udp NoPorts, Udp6 NoPorts).")


def test_golden_names_follow_the_rule(tree):
    lines = (tree / "tests/golden/snmp_names.txt").read_text().splitlines()
    assert len(lines) > 400
    for line in lines:
        kernel, series = line.split("\t")
        name, labels = series_of(*kernel.split())
        text = ",".join(f'{label}="{value}"' for label, value in labels.items())
        assert series == name + (f"{{{text}}}" if text else ""), kernel
    assert len({line.split("\t")[1] for line in lines}) == len(lines)


def test_selection(netns, counters):
    page = counters(netns(), "--set=collectors.snmp.fields.include=TcpExt_Listen*,Udp6_NoPorts")
    found = {name for name in page if re.match("netdrop_(tcp|udp|ip|icmp)", name)}
    assert found == {
        "netdrop_tcpext_listen_drops_total",
        "netdrop_tcpext_listen_overflows_total",
        "netdrop_udp_no_ports_total",
    }
    assert len(page.series("netdrop_udp_no_ports_total")) == 1


def test_works_where_only_processes_are_in_proc(netns, binary):
    """As systemd's ProcSubset=pid leaves it."""
    hide = "mount -t proc -o subset=pid proc /proc && ! test -e /proc/net/snmp"
    script = f"{hide} && exec {binary} --once {' '.join(ONLY)}"
    result = netns().run(["unshare", "--mount", "sh", "-c", script])
    page = exposition.check_text(result.encode())
    assert page.value("netdrop_collector_up", collector="snmp") == 1
    assert "netdrop_udp_no_ports_total" in page


# What moves when something is lost. COUNT packets each; nothing else is on the wire.

COUNT = 1000


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def packet(
    source="10.77.0.1",
    destination="10.77.0.2",
    ttl=64,
    protocol=17,
    payload=None,
    flags=0,
    identification=0,
    spoil=0,
):
    """An IPv4 packet; spoil is added to the header's checksum. UDP to port 9999 where no payload is given."""
    if payload is None:
        payload = struct.pack("!4H", 5555, 9999, 8 + 64, 0) + bytes(64)
    head = struct.pack("!BBHHHBB", 0x45, 0, 20 + len(payload), identification, flags, ttl, protocol)
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    value = (checksum(head + b"\0\0" + addresses) + spoil) & 0xFFFF
    return head + struct.pack("!H", value) + addresses + payload


def send_packets(veth, *packets, count=COUNT):
    """As they are, from a0 to b0."""
    frame = bytes.fromhex((veth.MAC["b0"] + veth.MAC["a0"]).replace(":", "")) + b"\x08\x00"
    with veth.a.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("a0", 0))
        for _ in range(count):
            for data in packets:
                sender.send(frame + data)


def answered_by_icmp(found, kind):
    """Takes the ICMP answers to COUNT packets out of `found`: few are sent, the rest meets the rate limit."""
    sent = found.pop(kind)
    limited = found.pop("icmp_out_rate_limit_host", 0) + found.pop("icmp_out_rate_limit_global", 0)
    assert 1 <= sent < COUNT
    assert sent + limited == COUNT


def test_udp_closed_port(veth, moved):
    found = moved(veth.b, veth.send_udp)
    answered_by_icmp(found, "icmp_out_dest_unreachs")
    assert found == {"udp_no_ports": COUNT}


def test_udp6_closed_port(netns, moved):
    inside = netns()

    def send():
        with inside.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            for _ in range(COUNT):
                sender.sendto(b"x", ("::1", 9999))

    found = moved(inside, send)
    assert found.pop("udp_no_ports6") == COUNT
    assert all(name.startswith("icmp_") and name.endswith("6") for name in found), found


def test_udp_receive_buffer_full(veth, moved):
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("10.77.0.2", 9999))
        found = moved(veth.b, veth.send_udp)
        receiver.setblocking(False)
        held = 0
        with suppress(BlockingIOError):
            while receiver.recv(100):
                held += 1
    assert 0 < held < 100
    assert found == {"udp_rcvbuf_errors": COUNT - held, "udp_in_errors": COUNT - held}


def test_udp_bad_checksum(veth, moved):
    payload = struct.pack("!4H", 5555, 9999, 72, 0x1234) + bytes(64)
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("10.77.0.2", 9999))
        found = moved(veth.b, lambda: send_packets(veth, packet(payload=payload)))
    assert found == {"udp_in_csum_errors": COUNT, "udp_in_errors": COUNT}


def test_ip_bad_checksum(veth, moved):
    found = moved(veth.b, lambda: send_packets(veth, packet(spoil=1)))
    assert found == {"ipext_in_csum_errors": COUNT, "ip_in_hdr_errors": COUNT}


def test_ip_unknown_protocol(veth, moved):
    found = moved(veth.b, lambda: send_packets(veth, packet(protocol=253)))
    answered_by_icmp(found, "icmp_out_dest_unreachs")
    assert found == {"ip_in_unknown_protos": COUNT}


def test_ttl_ends_in_a_forwarder(veth, moved):
    veth.b.run("sysctl -qw net.ipv4.ip_forward=1")
    veth.b.ip("route add 10.88.0.0/24 dev b0")
    found = moved(veth.b, lambda: send_packets(veth, packet(destination="10.88.0.1", ttl=1)))
    answered_by_icmp(found, "icmp_out_time_excds")
    assert found == {"ip_in_hdr_errors": COUNT}


def test_forwarder_without_route(veth, moved):
    veth.b.run("sysctl -qw net.ipv4.ip_forward=1")
    found = moved(veth.b, lambda: send_packets(veth, packet(destination="10.88.0.1")))
    assert found.pop("ipext_in_no_routes") == COUNT
    # How many of them are answered is the business of the error rate of the route (ip_error()).
    assert found.keys() <= {"icmp_out_dest_unreachs", "icmp_out_rate_limit_host"}


def test_not_a_forwarder(veth, moved):
    found = moved(veth.b, lambda: send_packets(veth, packet(destination="10.88.0.1")))
    assert found.pop("ip_in_addr_errors") == COUNT
    assert found.keys() <= {"icmp_out_dest_unreachs", "icmp_out_rate_limit_host"}


def test_forwarder_may_not_fragment(veth, moved):
    veth.b.run("sysctl -qw net.ipv4.ip_forward=1")
    veth.b.ip("link add d0 mtu 600 type veth peer name d1")
    veth.b.batch(["link set d0 up", "link set d1 up"])
    veth.b.ip("route add 10.88.0.0/24 dev d0")
    dont_fragment = 0x4000
    big = packet(destination="10.88.0.1", payload=bytes(1000), flags=dont_fragment)
    found = moved(veth.b, lambda: send_packets(veth, big))
    # Path MTU discovery is exempt from the rate limit (icmpv4_mask_allow()).
    assert found == {"ip_frag_fails": COUNT, "icmp_out_dest_unreachs": COUNT}


def test_fragments_that_never_come(veth, moved):
    veth.b.run("sysctl -qw net.ipv4.ipfrag_time=1")
    more_fragments = 0x2000
    parts = [packet(payload=bytes(64), flags=more_fragments, identification=number) for number in range(10)]

    def send_and_wait():
        send_packets(veth, *parts, count=1)
        eventually(lambda: kernel_counters(veth.b)["Ip", "ReasmTimeout"] == 10, "ipfrag_time to run out")

    found = moved(veth.b, send_and_wait)
    assert found.pop("ip_reasm_fails") == 10
    assert found.pop("ip_reasm_timeout") == 10
    assert found.keys() <= {"icmp_out_time_excds", "icmp_out_rate_limit_host"}


def test_reverse_path_filter(veth, moved):
    veth.b.run("sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.b0.rp_filter=1")
    found = moved(veth.b, lambda: send_packets(veth, packet(source="10.99.0.1")))
    assert found == {"tcpext_ip_reverse_path_filter": COUNT}


@pytest.fixture
def firewall(veth):
    """firewall(namespace, hook, rule) adds an nft rule with a counter of its own."""

    def add(namespace, hook, rule):
        chain = f"add chain inet t {hook} {{ type filter hook {hook} priority 0; }}"
        commands = ["add table inet t", chain, f"add rule inet t {hook} {rule}"]
        result = subprocess.run(
            namespace.command(["nft", "-f", "-"]),
            input="\n".join(commands).encode(),
            capture_output=True,
            check=False,
        )
        if result.returncode != 0:
            pytest.skip("no nft here: " + result.stderr.decode().strip())

    return add


def rule_packets(namespace):
    rules = json.loads(namespace.run("nft -j list ruleset"))["nftables"]
    expressions = [part for rule in rules if "rule" in rule for part in rule["rule"]["expr"]]
    return sum(part["counter"]["packets"] for part in expressions if "counter" in part)


def test_firewall_drops_on_output(veth, moved, firewall):
    firewall(veth.a, "output", "udp dport 9999 counter drop")

    def send():
        with veth.a.socket(kind=socket.SOCK_DGRAM) as sender:
            for _ in range(COUNT):
                with suppress(PermissionError):
                    sender.sendto(bytes(64), ("10.77.0.2", 9999))

    assert moved(veth.a, send) == {"ip_out_discards": COUNT}
    assert rule_packets(veth.a) == COUNT


def test_firewall_drops_on_input_without_a_counter(veth, moved, firewall):
    firewall(veth.b, "input", "udp dport 9999 counter drop")
    assert moved(veth.b, veth.send_udp) == {}
    assert rule_packets(veth.b) == COUNT


def test_firewall_rejects(veth, moved, firewall):
    firewall(veth.b, "input", "udp dport 9999 counter reject")
    found = moved(veth.b, veth.send_udp)
    answered_by_icmp(found, "icmp_out_dest_unreachs")
    assert found == {}


def test_queue_discipline_overflows(veth, moved):
    veth.a.run("tc qdisc add dev a0 root tbf rate 64kbit burst 2000 limit 5000")
    with veth.b.socket(kind=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("10.77.0.2", 9999))  # no ICMP comes back
        found = moved(veth.a, veth.send_udp)
    drops = json.loads(veth.a.run("tc -s -j qdisc show dev a0"))[0]["drops"]
    assert 800 < drops < COUNT
    assert found == {"ip_out_discards": drops, "udp_sndbuf_errors": drops}


def connect(veth, port=9999, timeout=5.0):
    with veth.a.socket() as client:
        client.settimeout(timeout)
        client.connect(("10.77.0.2", port))


def refused(veth, count):
    for _ in range(count):
        with pytest.raises(ConnectionRefusedError):
            connect(veth)


def test_tcp_closed_port_server(veth, moved):
    assert moved(veth.b, lambda: refused(veth, 100)) == {"tcp_out_rsts": 100}


def test_tcp_closed_port_client(veth, moved):
    assert moved(veth.a, lambda: refused(veth, 100)) == {"tcp_attempt_fails": 100}


def test_tcp_connection_times_out(veth, moved, firewall):
    firewall(veth.b, "input", "tcp dport 9999 counter drop")

    def time_out():
        with pytest.raises(TimeoutError):
            connect(veth, timeout=2.5)

    found = moved(veth.a, time_out)
    again = rule_packets(veth.b) - 1
    assert again >= 1
    for name in ("tcp_retrans_segs", "tcpext_tcp_timeouts", "tcpext_tcp_syn_retrans"):
        assert found.pop(name) == again
    # What else a kernel makes of it: the second SYN was lost too, another path was tried.
    assert found.keys() <= {"tcpext_tcp_lost_retransmit", "tcpext_tcp_timeout_rehash"}


def test_tcp_rejected(veth, moved, firewall):
    firewall(veth.b, "input", "tcp dport 9999 counter reject with tcp reset")
    assert moved(veth.a, lambda: refused(veth, 1)) == {"tcp_attempt_fails": 1}
    assert moved(veth.b, lambda: refused(veth, 1)) == {}


def test_tcp_accept_queue_full(veth, moved):
    with veth.b.socket() as listener:
        listener.bind(("10.77.0.2", 9999))
        listener.listen(1)

        def crowd():
            clients = [veth.a.socket() for _ in range(20)]
            for client in clients:
                client.setblocking(False)
                client.connect_ex(("10.77.0.2", 9999))
            time.sleep(1.5)
            for client in clients:
                client.close()

        found = moved(veth.b, crowd)
    assert found["tcpext_listen_overflows"] == found["tcpext_listen_drops"] >= 10


def test_tcp_over_a_lossy_path(veth, moved, firewall):
    firewall(veth.b, "input", "tcp dport 9999 tcp flags & psh == psh numgen inc mod 4 == 0 counter drop")
    with veth.b.socket() as listener, veth.a.socket() as client:
        listener.bind(("10.77.0.2", 9999))
        listener.listen()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.connect(("10.77.0.2", 9999))
        server, _ = listener.accept()
        server.settimeout(30)

        def transfer():
            for _ in range(40):
                client.sendall(b"x" * 100)
                wanted = 100
                while wanted:
                    wanted -= len(server.recv(wanted))

        found = moved(veth.a, transfer)
        server.close()
    lost = rule_packets(veth.b)
    assert lost >= 10
    # Each lost segment was sent again, and (by tail loss probes and timeouts) some that were only late.
    assert lost <= found["tcp_retrans_segs"] <= 2 * lost


def test_tcp_without_the_signature_that_is_expected(veth, moved):
    """SYNs that nobody answers, and no other counter tells of: TCP_MD5SIG on the listener alone."""
    with veth.b.socket() as listener:
        listener.bind(("10.77.0.2", 9999))
        address = struct.pack("=HH4s120x", socket.AF_INET, 0, socket.inet_aton("10.77.0.1"))
        listener.setsockopt(socket.IPPROTO_TCP, 14, address + struct.pack("=BBHI80s", 0, 0, 6, 0, b"secret"))
        listener.listen()

        def unsigned():
            with pytest.raises(TimeoutError):
                connect(veth, timeout=2.5)

        found = moved(veth.b, unsigned)
    assert found == {"tcpext_tcp_md5_not_found": found["tcpext_tcp_md5_not_found"]}
    assert found["tcpext_tcp_md5_not_found"] >= 2


# Files that are not what they should be.


@pytest.fixture
def procfs(tmp_path, tree):
    """A --path.procfs to spoil: the files of kernel 6.18."""
    net = tmp_path / "proc/self/net"
    net.mkdir(parents=True)
    for file in FILES:
        (net / file).write_bytes((tree / "tests/fixtures/proc/6.18/self/net" / file).read_bytes())
    return tmp_path / "proc"


def page_of(command, procfs):
    result = command("--once", *ALL, f"--path.procfs={procfs}")
    assert result.returncode == 0, result.stderr
    return exposition.check_text(result.stdout.encode())


def malformed(page):
    return page.value("netdrop_limit_hits_total", limit="proc_malformed")


KERNELS = ("4.19", "5.10", "6.1", "6.12", "6.18")


def fields_of(path):
    """(protocol, field) of all that a tree of fixtures has."""
    for file in ("snmp", "netstat"):
        for line in (path / file).read_text().splitlines()[::2]:
            protocol, names = line.split(":")
            yield from ((protocol, name) for name in names.split())
    for line in (path / "snmp6").read_text().splitlines():
        yield re.fullmatch(r"([A-Z][A-Za-z]*?6)([A-Z].*)", line.split()[0]).groups()


def test_golden_selection(command, tree, request):
    """What the default globs take of each kernel and what they leave: to be read by whoever changes either."""
    kernels, taken = {}, set()
    for kernel in KERNELS:
        procfs = tree / "tests/fixtures/proc" / kernel
        page = exposition.check_text(command("--once", *ONLY, f"--path.procfs={procfs}").stdout.encode())
        for field in fields_of(procfs / "self/net"):
            kernels.setdefault(field, []).append(kernel)
            name, labels = series_of(*field)
            if page.series(name, **labels):
                taken.add(field)
    lines = [
        f"{'taken' if field in taken else 'left '} {'_'.join(field):<34} {' '.join(kernels[field])}\n"
        for field in sorted(kernels, key=lambda field: (field not in taken, field))
    ]
    path = tree / "tests/golden/snmp_selection.txt"
    if request.config.getoption("--update-golden"):
        path.write_text("".join(lines))
    assert path.read_text().splitlines(keepends=True) == lines
    assert {("TcpExt", "PAWSEstab"), ("TcpExt", "TCPMD5NotFound")} <= taken


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels(command, tree, kernel):
    page = page_of(command, tree / "tests/fixtures/proc" / kernel)
    assert page.value("netdrop_collector_series", collector="snmp") > 300
    assert malformed(page) == 0
    exposition.check_promtool(command("--once", *ALL).stdout.encode())


def test_row_19_one_file_missing(command, procfs):
    whole = page_of(command, procfs)
    (procfs / "self/net/snmp6").unlink()
    page = page_of(command, procfs)
    assert not page.series("netdrop_udp_no_ports_total", ip_version="6")
    left = whole.series("netdrop_udp_no_ports_total", ip_version="4")
    assert page.series("netdrop_udp_no_ports_total") == left
    assert page.value("netdrop_collector_up", collector="snmp") == 1
    assert malformed(page) == 0


def test_row_19_all_files_missing(exporter, tmp_path):
    daemon = exporter(*ALL, f"--path.procfs={tmp_path}", "--set=collectors.snmp.interval=100ms")
    time.sleep(1)
    page = daemon.metrics()
    assert page.value("netdrop_collector_supported", collector="snmp") == 0
    assert "netdrop_collector_up" not in page
    assert page.value("netdrop_collector_state", collector="snmp", state="unsupported") == 1
    assert daemon.stderr.count("has none of snmp, netstat, snmp6") == 1


def test_row_20_truncated(command, procfs):
    whole = page_of(command, procfs)
    netstat = procfs / "self/net/netstat"
    netstat.write_bytes(netstat.read_bytes()[:-200])
    page = page_of(command, procfs)
    assert not any(name.startswith("netdrop_mptcpext") for name in page)
    assert page["netdrop_ipext_in_octets_total"] == whole["netdrop_ipext_in_octets_total"]
    assert malformed(page) == 1


def test_row_20_header_and_values_disagree(command, procfs):
    snmp = procfs / "self/net/snmp"
    snmp.write_text(re.sub(r"(?m)^(Tcp: 1 200.*)$", r"\1 4711", snmp.read_text()))
    page = page_of(command, procfs)
    assert not any(name.startswith("netdrop_tcp_") for name in page)
    assert "netdrop_udp_no_ports_total" in page
    assert malformed(page) == 1
    assert page.value("netdrop_collector_up", collector="snmp") == 1


def test_row_21_new_columns_and_protocols(command, procfs):
    snmp = procfs / "self/net/snmp"
    text = re.sub(r"(?m)^(Tcp: 1 200.*)$", r"\1 4711", snmp.read_text())
    text = re.sub(r"(?m)^(Tcp: Rto.*)$", r"\1 NewTCPDrops", text)
    snmp.write_text(text + "Quic: StreamResets\nQuic: 4712\n")
    page = page_of(command, procfs)
    assert page.value("netdrop_tcp_new_tcp_drops_total") == 4711
    assert page.value("netdrop_quic_stream_resets_total") == 4712
    assert malformed(page) == 0


def test_row_22_extreme_values(command, procfs):
    (procfs / "self/net/snmp").write_text(
        "Tcp: MaxConn OutSegs\nTcp: -1 18446744073709551615\n"
        "Udp: NoPorts\nUdp: 18446744073709551616\nIcmp: InErrors\nIcmp: -1\n"
    )
    page = page_of(command, procfs)
    assert page.value("netdrop_tcp_max_conn") == -1
    assert page.value("netdrop_tcp_out_segs_total") == 2**64 - 1
    assert not page.series("netdrop_udp_no_ports_total", ip_version="4")
    assert not page.series("netdrop_icmp_in_errors_total", ip_version="4")
    assert malformed(page) == 2


def test_row_23_fifo_and_directory(exporter, procfs):
    net = procfs / "self/net"
    for file in ("snmp", "netstat"):
        (net / file).unlink()
    os.mkfifo(net / "snmp")
    (net / "netstat").mkdir()
    daemon = exporter(*ALL, f"--path.procfs={procfs}", preexec_fn=go_first)
    page = daemon.metrics()
    assert page.value("netdrop_collector_up", collector="snmp") == 1
    assert page.series("netdrop_udp_no_ports_total", ip_version="6")
    assert "netdrop_tcp_out_segs_total" not in page
    assert malformed(page) >= 2
    assert page.value("netdrop_collector_duration_seconds", collector="snmp") < 1


def test_row_23_nothing_but_a_fifo(command, tmp_path):
    net = tmp_path / "self/net"
    net.mkdir(parents=True)
    os.mkfifo(net / "snmp")
    result = command("--once", *ALL, f"--path.procfs={tmp_path}", timeout=20)
    assert result.returncode == 1
    assert "not a regular file" in result.stderr


def test_row_24_counter_goes_backwards(exporter, procfs):
    netstat = procfs / "self/net/netstat"
    netstat.write_text("TcpExt: ListenDrops\nTcpExt: 1000\n")
    daemon = exporter(*ALL, f"--path.procfs={procfs}", "--set=collectors.snmp.interval=100ms")
    assert daemon.metrics().value("netdrop_tcpext_listen_drops_total") == 1000
    netstat.write_text("TcpExt: ListenDrops\nTcpExt: 7\n")

    def smaller():
        """A collection may find the file empty, or half of it."""
        page = daemon.metrics()
        shown = [row.value for row in page.series("netdrop_tcpext_listen_drops_total")]
        return "netdrop_tcp_retrans_segs_total" in page and shown == [7]

    eventually(smaller, "the smaller number")

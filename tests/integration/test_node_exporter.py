# SPDX-License-Identifier: GPL-2.0-or-later
"""node_exporter's names, beside Debian's node_exporter in one namespace: what a real Prometheus that scrapes both answers to
the queries of others (tests/fixtures/queries) is the same, value by value. And the page that says so is true."""

import re
import subprocess
import time
from contextlib import contextmanager

import pytest

import daemon
import rules
from daemon import eventually, seeded
from prometheus import Prometheus

QUERIES = rules.TREE / "tests/fixtures/queries"
DOCUMENT = rules.TREE / "docs/from-node-exporter.md"
PATH = "/metrics/node"

# As node_exporter 1.12 has it by default: Debian's 1.5 lacks three of them.
FIELDS = (
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|"
    "TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|"
    "CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)
# Empty at both: no default of node_exporter's has the one, and the other is asked for with a label that it has not.
IN_NEITHER = {"node_netstat_Tcp_MaxConn", "node_network_up"}
# What Debian's 1.5 has not yet.
NEWER = {"node_softnet_received_rps_total", "node_softnet_flow_limit_count_total"}
# Of the whole host, which is never quiet.
HOST_WIDE = re.compile(r"node_softnet_\w+|node_sockstat_(TCP|UDP|FRAG)_(alloc|mem|mem_bytes|orphan|memory)\b|node_sockstat_TCP_tw")


def asked():
    """(who asks, expression) of all."""
    for file in ("dashboard-1860.txt", "alerts.txt"):
        for line in (QUERIES / file).read_text().splitlines():
            who, tab, expression = line.partition("\t")
            if not tab:
                continue
            for each in expression.split() if who == "mixin" else [expression]:
                yield f"{file}: {who}", each


@contextmanager
def node_exporter(veth, log, *flags):
    """Debian's, in b, asked from a: nothing that asks moves a counter of b."""
    with veth.a.socket() as listener, open(log, "wb") as file:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        command = [
            *daemon.PASS_SOCKET,
            str(listener.fileno()),
            "prometheus-node-exporter",
            "--web.systemd-socket",
            f"--web.telemetry-path={PATH}",
            "--collector.netdev.device-exclude=^$",
            f"--collector.netstat.fields={FIELDS}",
            "--collector.qdisc",
            *flags,
        ]
        # With a /sys of b.
        process = subprocess.Popen(
            veth.b.command(command), stdin=subprocess.DEVNULL, stdout=file, stderr=file, pass_fds=[listener.fileno()]
        )
        try:
            yield listener.getsockname()[1]
        finally:
            process.terminate()
            process.wait()


class Both:
    """What both answer, by one Prometheus."""

    def __init__(self, prometheus, ours, theirs):
        self.prometheus = prometheus
        self.instances = {"ours": f"127.0.0.1:{ours}", "theirs": f"127.0.0.1:{theirs}"}

    def answer(self, expression, whose, at=None):
        """The values by labels, without the exporter's."""
        instance = self.instances[whose]
        expression = expression.replace("$node", instance).replace("$job", "netdrop").replace("$__rate_interval", "2m")
        more = {"time": f"{at:.3f}"} if at else {}
        found = {}
        for series in self.prometheus.vector(expression, **more):
            labels = dict(series["metric"])
            if labels.pop("instance") != instance:
                continue
            labels.pop("job")
            labels.pop("__name__", None)
            found[frozenset(labels.items())] = float(series["value"][1])
        return found

    def differ(self, expressions, at=None):
        """Those that are not answered alike, with both answers; `at`: when ours are asked for."""
        answers = ((each, self.answer(each, "ours", at), self.answer(each, "theirs")) for each in expressions)
        return {each: (ours, theirs) for each, ours, theirs in answers if ours != theirs}


def still(expression):
    """The numbers themselves, of which rates are made at other moments for each exporter."""
    return re.sub(r"rate\(([^()]+?)\[[^\]]+\]\)", r"\1", expression)


def unlimited(expression):
    """An alert's numbers, whatever they are."""
    return re.sub(r"> \.?[\d.]+", "> -1", expression.replace("and node_network_speed_bytes > 0", ""))


@pytest.fixture
def both(exporter, veth, tmp_path):
    # The listener's and Prometheus's namespace is a; the numbers are b's.
    veth.track("ct state new accept")
    with veth.a.entered():
        ours = exporter(
            f"--web.node-exporter-path={PATH}",
            "--set=devices.exclude_kinds=",
            "--set=collectors.snmp.fields.include=*",
            "--set=collectors.softnet.per_cpu=true",
            netns=veth.b,
            outside=True,
        )
        port = ours.port
    with node_exporter(veth, tmp_path / "node_exporter.log") as theirs:
        second = f"  - {{job_name: own, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n"
        prometheus = Prometheus(veth.a, tmp_path, [port, theirs], more=f"metrics_path: {PATH}", jobs=second, interval=1000)
        found = Both(prometheus, port, theirs)
        eventually(lambda: len(prometheus.vector("up == 1")) == 3, "all to be scraped")
        yield found


def lose(veth, random):
    """Traffic of all kinds, and losses that are in these names. Returns what receive_drop of b0 must have risen by."""
    tun = veth.b.tun("t0")
    veth.b.batch(["address add 192.0.2.1/24 dev t0", "link set t0 txqueuelen 3 up"])
    with veth.b.socket(kind=daemon.socket.SOCK_DGRAM) as sender:
        for _ in range(random.randrange(20, 50)):  # more than the tun holds: nobody reads it
            sender.sendto(b"x", ("192.0.2.2", 9))
    with veth.b.socket(kind=daemon.socket.SOCK_DGRAM) as full:
        full.setsockopt(daemon.socket.SOL_SOCKET, daemon.socket.SO_RCVBUF, 1)
        full.bind(("10.77.0.2", 0))
        veth.send_udp(random.randrange(40, 90), size=700, port=full.getsockname()[1])
    veth.send_udp(random.randrange(10, 30))  # nobody listens
    with veth.b.socket() as listener:
        listener.bind(("10.77.0.2", 0))
        listener.listen()
        for _ in range(random.randrange(2, 5)):
            with veth.a.socket() as client:
                client.connect(listener.getsockname())
                client.send(b"x" * random.randrange(1, 5000))
    strange = random.randrange(30, 300)
    lose_strange(veth, strange)
    return tun, strange


def lose_strange(veth, count):
    """Frames of a protocol that nobody knows: the device's receive_dropped."""
    frame = bytes.fromhex("020000007702 020000007701 88b5".replace(" ", "")) + bytes(46)
    with veth.a.socket(daemon.socket.AF_PACKET, daemon.socket.SOCK_RAW) as sender:
        sender.bind(("a0", 0))
        for _ in range(count):
            sender.send(frame)


def test_queries_of_others_are_answered_alike(both, veth):
    random = seeded()
    dropped = 'node_network_receive_drop_total{device="b0",instance="$node"}'
    before = both.answer(dropped, "ours")
    tun, strange = lose(veth, random)
    expressions = dict.fromkeys(each for _, each in asked())
    assert len(expressions) > 80
    quiet = [each for each in expressions if not HOST_WIDE.search(each)]
    now = [unlimited(still(each)) for each in quiet]

    def drops():
        return sum(both.answer(dropped, "ours").values()) == sum(before.values()) + strange

    # As they are at rest: the numbers themselves to the last one, and not because there are none.
    eventually(drops, "the drops")
    eventually(lambda: not both.differ(now), "both to say the same", timeout=60, step=1)

    def empty():
        return {re.findall(r"node_\w+", each)[0] for each in now if not both.answer(each, "ours")}

    eventually(lambda: empty() == IN_NEITHER, f"answers to all but {IN_NEITHER}", timeout=60, step=1)

    # As they stand: rates are made at other moments for each, and are of the same devices and the same size.
    def near(each):
        ours, theirs = both.answer(each, "ours"), both.answer(each, "theirs")
        return ours.keys() == theirs.keys() and all(
            ours[labels] == pytest.approx(value, rel=0.3, abs=1e-9) for labels, value in theirs.items()
        )

    eventually(lambda: all(near(each) for each in quiet), "rates to be near", timeout=60, step=1)

    # A difference is seen: ours of before beside theirs of after it.
    at = time.time()
    ours = both.answer(dropped, "ours", at)
    more = random.randrange(1, 9)
    lose_strange(veth, more)

    def seen():
        ((found, theirs),) = both.differ([dropped], at).values() or [({}, {})]
        return found == ours and sum(theirs.values()) - sum(ours.values()) == more

    eventually(seen, "the control to fail")
    daemon.os.close(tun)


def test_numbers_of_the_whole_host(both):
    """Which others move meanwhile: at some moment both have the same, or ours is between two of theirs."""
    names = sorted({found[0] for _, each in asked() for found in HOST_WIDE.finditer(each)})
    assert len(names) > 8

    def alike(name):
        expression = name + '{instance="$node"}'
        between = [both.answer(expression, whose) for whose in ("theirs", "ours")]
        if name in NEWER:
            return between[1].keys() == both.answer('node_softnet_dropped_total{instance="$node"}', "theirs").keys()
        time.sleep(1.1)
        low, ours, high = between[0], between[1], both.answer(expression, "theirs")
        return (
            ours
            and low.keys() == ours.keys() == high.keys()
            and all(min(low[key], high[key]) <= ours[key] <= max(low[key], high[key]) for key in ours)
        )

    for name in names:
        eventually(lambda name=name: alike(name), f"{name} to be alike", timeout=60)


def documented():
    """(name, type, our expression or "") of each row of the document."""
    row = re.compile(r"^\| `(node_\w+)` \| (\w+) \| (?:`([^`]*)`)? \|", re.MULTILINE)
    return [(name, kind, ours or "") for name, kind, ours in row.findall(DOCUMENT.read_text())]


def test_our_own_names_say_the_same(both, veth):
    """The third column of the document, as a query of the metrics of /metrics."""
    random = seeded()
    rows = [(name, ours) for name, _, ours in documented() if ours and not HOST_WIDE.match(name)]
    assert len(rows) > 60

    def by_device(expression):
        found = {}
        for series in both.prometheus.vector(expression):
            labels = {key: series["metric"].get(key) for key in ("device", "kind" if "qdisc" in expression else "device")}
            found[frozenset(labels.items())] = float(series["value"][1])
        return found

    tun, strange = lose(veth, random)
    eventually(lambda: sum(by_device('netdrop_link_receive_dropped_total{job="own"}').values()) == strange, "the drops")
    def differing():
        for name, ours in rows:
            there = f'{name}{{instance="{both.instances["ours"]}"}}'
            if name == "node_network_speed_bytes":
                there += " > 0"  # unknown ones have no row
            if by_device(re.sub(r"(netdrop_\w+)(?:\{(.*?)\})?", r'\1{job="own",\2}', ours)) != by_device(there):
                yield name

    eventually(lambda: not list(differing()), "both of our names to say the same", timeout=60, step=1)
    # The control: a sum that lacks one of its terms.
    assert "receive_missed" in dict(rows)["node_network_receive_drop_total"]
    other = by_device('netdrop_link_transmit_dropped_total{job="own"}')
    assert other != by_device('netdrop_link_receive_dropped_total{job="own"}')
    daemon.os.close(tun)


def test_types_and_names_are_theirs(exporter, veth, tmp_path):
    """Families as node_exporter has them; promtool says of ours what it says of theirs; and the document has each."""
    with veth.a.entered():
        ours = exporter(f"--web.node-exporter-path={PATH}", "--set=devices.exclude_kinds=", netns=veth.b, outside=True)
        text = ours.get(PATH).body.decode()
        openmetrics = ours.openmetrics(PATH)
    with node_exporter(veth, tmp_path / "log", "--collector.ethtool") as port, veth.a.entered():
        theirs = eventually(lambda: fetch(port), "node_exporter").decode()
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    expected = dict(re.findall(r"^# TYPE (\S+) (\S+)$", theirs, re.MULTILINE))
    of_network = re.compile(r"node_(network|netstat|softnet|nf_conntrack|udp_queues|sockstat|qdisc|arp)_?")
    left_out = DOCUMENT.read_text().partition("## What is not here")[2].partition("## What differs")[0]
    patterns = [re.compile(name.replace("*", ".*") + "$") for name in re.findall(r"`(node_[\w*]+)`", left_out)]
    missing = {name for name in expected if of_network.match(name) and name not in types}
    assert {name for name in missing if not any(pattern.match(name) for pattern in patterns)} == set()
    assert {name: kind for name, kind in types.items() if expected.get(name, kind) != kind} == {}
    assert len(set(types) & set(expected)) > 100
    assert not re.search("netdrop|process_", text)
    assert openmetrics.families
    documents = {name: kind for name, kind, _ in documented()}
    assert {name: kind for name, kind in types.items() if documents.get(name) != kind} == {}
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    complaints = [line for line in result.stderr.splitlines() if "snake_case" not in line]
    assert complaints == []


def fetch(port):
    try:
        with daemon.socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(f"GET {PATH} HTTP/1.0\r\n\r\n".encode())
            parts = iter(lambda: connection.recv(1 << 16), b"")
            return b"".join(parts)
    except ConnectionError:
        return None


def golden(page):
    """What is promised of each name: labels, type and help."""
    lines = []
    for family in page.families.values():
        sample = family.samples[0]
        lines.append(f"{sample.name}{{{','.join(sample.labels)}}} {family.type}\n    {family.help}\n")
    return "".join(sorted(lines))


def test_golden_names(exporter, veth, tree, request):
    veth.track("ct state new accept")
    veth.b.run("tc qdisc add dev b0 root pfifo limit 1000")
    with veth.a.entered():
        ours = exporter(f"--web.node-exporter-path={PATH}", "--set=devices.exclude_kinds=", netns=veth.b, outside=True)
        found = golden(ours.openmetrics(PATH))
    path = tree / "tests/golden/node_names.txt"
    if request.config.getoption("--update-golden"):
        path.write_text(found)
    assert found == path.read_text()


def test_off_by_default(exporter):
    ours = exporter()
    assert ours.get(PATH).status == 404
    assert PATH not in ours.get("/nothing").body.decode()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Fresh at the scrape: who asks wakes the collectors whose numbers have grown old, and waits for them; never for one that
hangs, and never for longer than a tenth of a second."""

import json
import re
import signal
import threading
import time

import pytest

import authority
import procfs
from crowd import REQUEST, Crowd
from daemon import SECRET_HASH, eventually

# No collection but the first, and those that somebody asks for.
SELDOM = ("--set=collectors.link.interval=5m", "--set=collectors.snmp.interval=5m")
ONLY = (
    "--collector.disable-defaults",
    "--collector.link",
    "--collector.snmp",
    *SELDOM,
    "--set=devices.exclude_kinds=",
    "--log.level=debug",
)
WAIT = 0.1
OLD = 1.05  # seconds after which numbers are


def waits(page, collector="link"):
    return [int(page.value("netdrop_collector_waits_total", collector=collector, result=result))
            for result in ("fresh", "late", "skipped")]


def last(page, collector):
    return page.value("netdrop_collector_last_success_timestamp_seconds", collector=collector)


def collections(daemon):
    """How often (link, snmp) collected so far, as the log tells."""
    return tuple(len(re.findall(f"collector {name}: ok after", daemon.stderr)) for name in ("link", "snmp"))


def test_what_moved_just_now_is_in_it(exporter, veth):
    """Though the collector would look each five minutes only. On a machine that lets it wait for longer than who asked does,
    the page says that its numbers are old."""
    daemon = exporter(*ONLY, netns=veth.b, outside=True)
    daemon.go_first()
    sent = veth.b.links()["b0"]["stats64"]["rx"]["packets"]
    page = daemon.metrics()

    def is_fresh(count):
        nonlocal sent, page
        time.sleep(OLD)
        veth.send_udp(count)
        sent += count
        time.sleep(0.005)
        before, page = waits(page), daemon.metrics()
        fresh, late, skipped = (now - old for now, old in zip(waits(page), before, strict=True))
        assert fresh + late + skipped == 1
        assert not fresh or page.value("netdrop_link_receive_packets_total", device="b0") == sent
        return fresh

    for count in range(1, 11):
        eventually(lambda count=count: is_fresh(count), "a page that is fresh")
    assert sum(waits(page)) == sum(waits(page, "snmp"))


def test_openmetrics_and_page_wake_alike(exporter):
    daemon = exporter(*ONLY)
    eventually(lambda: collections(daemon) == (1, 1), "the first collections")
    for number, ask in enumerate((daemon.openmetrics, lambda: daemon.get("/"), lambda: daemon.get(method="HEAD")), 1):
        time.sleep(OLD)
        assert collections(daemon) == (number, number)
        ask()
        eventually(lambda number=number: collections(daemon) == (number + 1, number + 1), "both to collect")


def test_only_the_collectors_asked_for(exporter):
    daemon = exporter(*ONLY)
    first = daemon.metrics()
    time.sleep(OLD)
    before = collections(daemon)
    link = daemon.metrics("/metrics?collect[]=link")
    eventually(lambda: collections(daemon) == (before[0] + 1, before[1]), "link alone to collect")
    snmp = daemon.metrics("/metrics?exclude[]=link")
    eventually(lambda: collections(daemon) == (before[0] + 1, before[1] + 1), "snmp alone to collect")
    assert sum(waits(link)) == sum(waits(first)) + 1
    assert sum(waits(snmp, "snmp")) == sum(waits(first, "snmp")) + 1
    # Whoever asks for no numbers, or for what there is not, wakes nobody; nor does he wait.
    time.sleep(OLD)
    for path in ("/-/healthy", "/-/ready", "/nothing", "/metrics?collect[]=nothing"):
        daemon.get(path)
    daemon.get(method="POST")
    page = daemon.metrics()
    assert sum(waits(page)) == sum(waits(link)) + 1
    assert sum(waits(page, "snmp")) == sum(waits(snmp, "snmp")) + 1


def test_strangers_wake_nobody(exporter, tmp_path):
    """Who may not see the numbers does not make us collect them."""
    users = tmp_path / "users"
    # Of "secret".
    users.write_text(f"known:{SECRET_HASH}\n")
    users.chmod(0o600)
    daemon = exporter(*ONLY, f"--set=web.users_file={users}", user="known:secret")
    time.sleep(OLD)
    daemon.user = None
    assert daemon.get().status == 401
    daemon.user = "known:wrong"
    assert daemon.get().status == 401
    daemon.user = "known:secret"
    assert collections(daemon) == (1, 1)
    assert sum(waits(daemon.metrics())) == 1
    eventually(lambda: collections(daemon) == (2, 2), "both to collect")


class Blocked:
    """A driver that hangs when it is told to, until it is told otherwise."""

    def __init__(self, made_up):
        self.made_up = made_up

    def __enter__(self):
        self.made_up.set("block")

    def __exit__(self, *_):
        self.made_up.unset("block")


# Who hangs when it is told to is woken by nobody but scrapers. The other one takes no lock that other tests may hold.
HANGING = (
    "--collector.disable-defaults",
    "--collector.snmp",
    "--collector.ethtool",
    "--set=collectors.ethtool.virtual_devices=true",
    "--set=collectors.ethtool.interval=5m",
    SELDOM[1],
    "--set=devices.exclude_kinds=",
    "--set=web.max_connections_per_address=3000",
    "--set=web.max_connections=3000",
)


@pytest.fixture
def slow(made_up, wide_veth, exporter):
    started = exporter(*HANGING, netns=wide_veth, env=made_up.env)
    started.go_first()
    return started


def assert_at_the_deadline(answers):
    assert all(first == b"HTTP/1.1 200" for _, _, first in answers)
    assert WAIT <= min(seconds for seconds, _, _ in answers) and max(seconds for _, seconds, _ in answers) < WAIT + 0.4


def look_while_it_hangs(slow, hanging):
    """All are answered at the deadline, with fresh numbers of the others; from then on nobody waits for it."""
    with hanging:
        time.sleep(OLD)
        before = time.time()
        crowd = Crowd(slow, 100)
        crowd.ask()
        assert_at_the_deadline(crowd.answers())
        crowd.leave()
        look_on(slow, before)
    eventually(lambda: last(slow.metrics(), "ethtool") > before, "the driver to be read again")


def look_on(slow, before):
    time.sleep(OLD)  # what is shown of it is kept for a second
    page = slow.metrics()
    assert last(page, "snmp") >= before
    assert last(page, "ethtool") < before
    assert waits(page, "snmp")[1:] == [0, 0] and waits(page, "ethtool")[:2] == [0, 100]
    took = []
    for _ in range(11):
        watch = procfs.Stopwatch(slow.pid)
        page = slow.metrics()
        took.append(watch.own_seconds())
    assert sorted(took)[5] < WAIT, took
    assert last(page, "snmp") > before + 1
    time.sleep(OLD)
    page = slow.metrics()
    assert waits(page, "ethtool")[1] == 100 and waits(page, "ethtool")[2] >= 10
    eventually(lambda: "collector ethtool: stuck" in slow.stderr, "a word of it")


def test_row_87_a_driver_hangs_while_many_ask(slow, made_up):
    look_while_it_hangs(slow, Blocked(made_up))


def test_row_87_a_driver_sleeps_in_the_kernel_while_many_ask(made_up, sink, wide_veth, exporter):
    """In state D, out of reach of any signal (row 16)."""
    slow = exporter(*HANGING, netns=wide_veth, env=made_up.env, pass_fds=[sink.file])
    slow.go_first()
    look_while_it_hangs(slow, sink.frozen())


def test_row_88_clients_of_tls_wait_and_leave(made_up, wide_veth, exporter, tmp_path):
    """Some with a word, some without, one in the middle of its request: the others are answered in time."""
    ca = authority.Authority(tmp_path / "ca")
    pair = ca.issue("server", algorithm=("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
    slow = exporter(*HANGING, *authority.flags(*pair), authority=ca.certificate, netns=wide_veth, env=made_up.env)
    slow.go_first()
    slow.get()
    before = len(procfs.descriptors(slow.pid))
    with Blocked(made_up):
        time.sleep(OLD)
        gone, cut, half, stay = Crowd(slow, 20), Crowd(slow, 20), Crowd(slow, 1), Crowd(slow, 40)
        half.clients[0].send(REQUEST[:10])
        for crowd in (gone, cut, stay):
            crowd.ask()
        gone.leave()
        cut.leave(abruptly=True)
        half.leave(abruptly=True)
        assert_at_the_deadline(stay.answers())
        # None of these is in the way of who comes next.
        watch = procfs.Stopwatch(slow.pid)
        assert slow.get().status == 200 and watch.own_seconds() < WAIT + 0.4
        stay.leave()
    page = eventually(lambda: (page := slow.metrics()).value("netdrop_collector_up", collector="ethtool") == 1 and page, "the driver")
    assert waits(page, "ethtool")[1] >= 40
    # Of the dead nothing is left.
    eventually(lambda: len(procfs.descriptors(slow.pid)) <= before, "their end")


@pytest.mark.flood
def test_row_88_a_thousand_wait_and_leave(slow, made_up):
    """Who is gone when its answer is there takes nothing with it; who stayed is answered."""
    for _ in range(2):
        time.sleep(OLD)
        made_up.set("block")
        gone, stay = Crowd(slow, 1000), Crowd(slow, 20)
        gone.ask()
        stay.ask()
        gone.leave()
        assert all(first == b"HTTP/1.1 200" for _, _, first in stay.answers())
        stay.leave()
        made_up.unset("block")
        eventually(lambda: slow.metrics().value("netdrop_collector_busy_seconds", collector="ethtool") == 0, "the driver")
    page = slow.metrics()
    assert waits(page, "ethtool")[1] > 20
    assert page.value("netdrop_limit_hits_total", limit="request_time") == 0


def test_row_88_stop_while_many_wait(slow, made_up):
    """Nobody is cut off, nothing is aborted."""
    made_up.set("block")
    time.sleep(OLD)
    crowd = Crowd(slow, 300)
    crowd.ask()
    slow.signal(signal.SIGTERM)
    assert all(first == b"HTTP/1.1 200" for _, _, first in crowd.answers())
    made_up.unset("block")
    assert slow.process.wait(30) == 0
    crowd.leave()


def test_row_88_reload_while_many_wait(made_up, wide_veth, exporter, tmp_path):
    config = tmp_path / "config.json"
    text = {"collectors": {"ethtool": {"virtual_devices": True, "interval": "5m"}, "link": {"interval": "5m"}}}
    config.write_text(json.dumps(text))
    daemon = exporter(f"--config.file={config}", "--set=devices.exclude_kinds=", netns=wide_veth, env=made_up.env)
    stop = threading.Event()
    wrong = []

    def scrape():
        while not stop.is_set():
            if daemon.get().status != 200:
                wrong.append("status")

    threads = [threading.Thread(target=scrape) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        for number in range(20):
            (made_up.unset if number % 2 else made_up.set)("block")
            text["collectors"]["ethtool"]["interval"] = f"{300 + number}s"
            text["collectors"]["link"]["interval"] = f"{300 + number}s"
            config.write_text(json.dumps(text))
            daemon.signal(signal.SIGHUP)
            time.sleep(0.3)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong


def exchange(client, request):
    """Sends it, and reads the answer to its end."""

    def receive():
        data = client.recv(65536)
        assert data, "the connection ended"
        return data

    client.sendall(request)
    head = b""
    while b"\r\n\r\n" not in head:
        head += receive()
    head, _, body = head.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    rest = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) - len(body)
    while rest > 0:
        rest -= len(receive())


def collector_cpu(pid, collector):
    """Seconds of its thread."""
    names = procfs.of_threads(pid, "comm")
    return sum(
        int(text.split()[0]) / 1e9
        for number, text in procfs.of_threads(pid, "schedstat").items()
        if names[number].strip() == collector
    )


@pytest.mark.flood
def test_row_89_a_flood_of_scrapes(exporter):
    """However many ask, and however fast: all are served, and collecting costs a twentieth of a CPU at most."""
    daemon = exporter(*ONLY, "--set=web.max_connections_per_address=200", "--set=web.idle_connections=200")
    spent, begin = collector_cpu(daemon.pid, "link"), time.monotonic()
    served = []

    def ask():
        count = 0
        with daemon.connect() as client:
            while time.monotonic() < begin + 5:
                exchange(client, REQUEST % b"/metrics?collect[]=link")
                count += 1
        served.append(count)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - begin
    assert len(served) == 50 and min(served) > 0 and sum(served) > 500, served
    # What is saved up at first, a twentieth of the time, and the round that overdraws it.
    assert collector_cpu(daemon.pid, "link") - spent < 0.25 + elapsed / 20 + 0.1
    page = daemon.metrics()
    assert page.value("netdrop_collector_up", collector="link") == 1

"""Row 57 of the reliability table: a day's worth of collections of each collector, and of scrapes, at full speed, while
interfaces come and go. Afterwards nothing has grown, and every counter is the kernel's."""

import http.client
import os
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

import lab
import link_lab

# A day's, by the default intervals and a scrape every 15 s.
COLLECTIONS = {"link": 86_400, "ethtool": 8_640, "snmp": 86_400, "process": 17_280, "softnet": 86_400}
SCRAPES = 5_760
FAST = [f"--set=collectors.{name}.interval=100ms" for name in ("link", "ethtool", "snmp", "drop_monitor", "process")]
EVERYTHING = ("--set=devices.exclude_kinds=", "--set=collectors.ethtool.virtual_devices=true")
GROWTH_MAX = 512 * 1024  # what is alike at one time differs by fragments of the heap at another


def size_of(pid):
    """(resident bytes, descriptors, threads)"""
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        resident = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resident, len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task"))


@contextmanager
def churn(namespace):
    """Interfaces that come, are renamed and go, one after the other; some dozens stay."""
    namespace.batch([f"link add s{i} type veth peer name t{i}" for i in range(20)])
    stop = threading.Event()

    def work():
        for number in range(1_000_000):
            if stop.is_set():
                return
            namespace.batch(
                [
                    f"link add c{number} type veth peer name d{number}",
                    f"link set c{number} name e{number}",
                    f"link delete d{number}",
                ]
            )
            stop.wait(0.02)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.mark.flood
@pytest.mark.parametrize("collector", COLLECTIONS)
def test_row_57_a_day_of_collections(netns, build, collector):
    subprocess.run(["ninja", "-C", build, "tests/bench/collect"], check=True, capture_output=True)
    inside = netns()
    keys = [flag.removeprefix("--set=") for flag in EVERYTHING]
    with churn(inside):
        program = [build / "tests/bench/collect", collector, str(COLLECTIONS[collector]), *keys]
        process = subprocess.Popen(inside.command(program), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        sizes = []
        while process.poll() is None:
            try:
                sizes.append(size_of(process.pid))
            except OSError:
                break
            time.sleep(0.05)
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0, output
    steady = sizes[len(sizes) // 4 : -1]
    assert len(steady) > 3, "it was over before it was looked at"
    resident = [size[0] for size in steady]
    assert max(resident) - resident[0] < GROWTH_MAX, resident
    assert len({size[1:] for size in steady}) == 1, "descriptors and threads"


@pytest.mark.flood
def test_row_57_a_day_of_scrapes(netns, exporter):
    inside = netns()
    process = exporter(*FAST, *EVERYTHING, netns=inside)
    pair = lab.Veth(inside, netns())

    def scrape(count):
        connection = http.client.HTTPConnection("127.0.0.1", process.port)
        connection.sock = process.connect()
        for number in range(count):
            headers = {"Accept-Encoding": "gzip"} if number % 2 else {}
            connection.request("GET", "/metrics" if number % 3 else "/", headers=headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 200
        connection.close()

    def rested():
        """Its size while nobody asks."""
        descriptors = process.metrics() and size_of(process.pid)[1]
        time.sleep(0.5)
        return (*size_of(process.pid), descriptors)

    with churn(inside):
        scrape(500)
        before = rested()
        scrape(SCRAPES)
        after = rested()
    assert after[0] - before[0] < GROWTH_MAX, (before, after)
    assert after[1:3] == before[1:3]
    pair.send_udp(1000)
    page = link_lab.fresh(process)
    for name, link in link_lab.links(inside).items():
        if name != "lo":  # the scrapes themselves go over it
            assert link_lab.shown_counters(page, name) == link_lab.expected_counters(link), name
    assert all(sample.value == 1 for sample in page["netdrop_collector_up"])

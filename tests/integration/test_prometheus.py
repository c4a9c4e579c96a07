# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Prometheus, Debian's, beside the daemon in a namespace: what it makes of us is what counts."""

import gzip
import threading
import time

import pytest

import exposition
from daemon import eventually
from prometheus import Prometheus

# What Prometheus really sends, by version (row 40 of the fault list).
ACCEPT = {
    "2.42": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "3.x": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
}

@pytest.fixture
def monitored(exporter, veth, tmp_path):
    """A daemon in the fault lab's b, and a Prometheus that scrapes it."""
    daemon = exporter("--set=devices.exclude_kinds=", "--set=collectors.link.interval=250ms", netns=veth.b)
    daemon.go_first()
    return daemon, Prometheus(veth.b, tmp_path, [daemon.port])


def test_row_59_scraped_by_a_real_prometheus(monitored, veth):
    _, prometheus = monitored
    eventually(lambda: prometheus.query("up") == 1, "up == 1")

    # 500 packets a second, from before the window that rate() looks at to after its end.
    stop = threading.Event()

    def send():
        begin, sent = time.monotonic(), 0
        while not stop.is_set():
            due = int((time.monotonic() - begin) * 500) - sent
            veth.send_udp(due, size=72)
            sent += due
            time.sleep(0.01)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        time.sleep(9)
        # Ethernet, IPv4 and UDP headers are 42 bytes. Who is held up for half a second did not send so many in six.
        wanted = [pytest.approx(500 * each, rel=0.1) for each in (1, 72 + 42)]
        rates = [f'rate(netdrop_link_receive_{what}_total{{device="b0"}}[6s])' for what in ("packets", "bytes")]
        eventually(lambda: [prometheus.query(rate) for rate in rates] == wanted, "the rates", step=0.5)
    finally:
        stop.set()
        sender.join()

    # At rest, Prometheus holds exactly the kernel's numbers.
    def agree():
        kernel = veth.b.links()["b0"]["stats64"]["rx"]
        return all(
            prometheus.query(f'netdrop_link_receive_{what}_total{{device="b0"}}') == kernel[what]
            for what in ("packets", "bytes")
        )

    eventually(agree, "the kernel's numbers")
    assert prometheus.query("min_over_time(up[10s])") == 1

    # The type "info" and units exist in OpenMetrics only: that is what was negotiated.
    metadata = prometheus.api("targets/metadata")
    assert {entry["type"] for entry in metadata if entry["metric"] == "netdrop_link"} == {"info"}
    assert any(entry["unit"] == "bytes" for entry in metadata)
    assert all(entry["help"] for entry in metadata)
    assert prometheus.complaints() == []


def test_row_05_bad_names_are_accepted(monitored, veth):
    """Quotes, backslashes and bytes that are no UTF-8 in device names: still up, still told apart."""
    _, prometheus = monitored
    for index, name in enumerate((b'a"b\\c', b"\xff\xfe", b"\xff\xfd")):
        veth.b.ip([b"link", b"add", name, b"type", b"veth", b"peer", b"name", f"p{index}".encode()])
    expression = 'count(netdrop_link_up{device!~"lo|b0|p."})'
    eventually(lambda: prometheus.query(expression) == 3, "three more devices")
    assert prometheus.query(r'netdrop_link_up{device="a\"b\\c"}') is not None
    assert prometheus.query("up") == 1
    assert prometheus.complaints() == []


@pytest.mark.parametrize("version", ACCEPT)
def test_row_40_what_prometheus_asks_for(exporter, version):
    response = exporter().get(headers={"Accept": ACCEPT[version], "Accept-Encoding": "gzip"})
    assert response.headers["Content-Type"] == exposition.OPENMETRICS
    assert response.headers["Content-Encoding"] == "gzip"
    exposition.check_openmetrics(gzip.decompress(response.body))

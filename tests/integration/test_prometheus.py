"""A real Prometheus, Debian's, beside the daemon in a namespace: what it makes of us is what counts."""

import gzip
import http.client
import json
import threading
import time
from urllib.parse import quote

import pytest

import exposition
from daemon import eventually

# What Prometheus really sends, by version (row 40 of the fault list).
ACCEPT = {
    "2.42": "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    "3.x": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
}

CONFIGURATION = """
global: {{scrape_interval: 500ms, scrape_timeout: 400ms}}
scrape_configs:
  - job_name: netdrop
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Prometheus:
    def __init__(self, netns, directory, target_port):
        self.netns = netns
        (directory / "prometheus.yml").write_text(CONFIGURATION.format(port=target_port))
        self.log = directory / "prometheus.log"
        with open(self.log, "wb") as log:
            self.process = netns.popen(
                [
                    "prometheus",
                    f"--config.file={directory}/prometheus.yml",
                    f"--storage.tsdb.path={directory}/tsdb",
                    # The namespace is ours alone, so is the port.
                    "--web.listen-address=127.0.0.1:9090",
                ],
                stderr=log,
                stdout=log,
            )
        eventually(self.ready, "Prometheus to start")

    def ready(self):
        try:
            return self.request("/-/ready")[0] == 200
        except ConnectionError:
            return False

    def request(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", 9090)
        connection.sock = self.netns.socket()
        connection.sock.settimeout(10)
        connection.sock.connect(("127.0.0.1", 9090))
        connection.request("GET", path)
        response = connection.getresponse()
        result = response.status, response.read()
        connection.close()
        return result

    def api(self, path):
        status, body = self.request("/api/v1/" + path)
        assert status == 200, body
        return json.loads(body)["data"]

    def query(self, expression):
        """The value of the one series that the expression gives; None where it gives none (yet)."""
        result = self.api("query?query=" + quote(expression))["result"]
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def complaints(self):
        return [line for line in self.log.read_text().splitlines() if "level=info" not in line]


@pytest.fixture
def monitored(exporter, veth, tmp_path):
    """A daemon in the fault lab's b, and a Prometheus that scrapes it."""
    daemon = exporter("--set=devices.exclude_kinds=", "--set=collectors.link.interval=250ms", netns=veth.b)
    return daemon, Prometheus(veth.b, tmp_path, daemon.port)


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
        packets = prometheus.query('rate(netdrop_link_receive_packets_total{device="b0"}[6s])')
        octets = prometheus.query('rate(netdrop_link_receive_bytes_total{device="b0"}[6s])')
    finally:
        stop.set()
        sender.join()
    assert packets == pytest.approx(500, rel=0.1)
    # Ethernet, IPv4 and UDP headers are 42 bytes.
    assert octets == pytest.approx(500 * (72 + 42), rel=0.1)

    # At rest, Prometheus holds exactly the kernel's numbers.
    time.sleep(1.5)
    kernel = veth.b.links()["b0"]["stats64"]["rx"]
    assert prometheus.query('netdrop_link_receive_packets_total{device="b0"}') == kernel["packets"]
    assert prometheus.query('netdrop_link_receive_bytes_total{device="b0"}') == kernel["bytes"]
    assert prometheus.query("min_over_time(up[10s])") == 1

    # The type "info" and units exist in OpenMetrics only: that is what was negotiated.
    metadata = prometheus.api("targets/metadata")
    assert {entry["type"] for entry in metadata if entry["metric"] == "netdrop_link"} == {"info"}
    assert any(entry["unit"] == "bytes" for entry in metadata)
    assert all(entry["help"] for entry in metadata)
    assert prometheus.complaints() == []


def test_row_5_bad_names_are_accepted(monitored, veth):
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

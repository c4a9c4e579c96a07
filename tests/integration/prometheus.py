# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Prometheus, Debian's, in a namespace, which scrapes daemons there twice a second."""

import http.client
import json
from urllib.parse import quote

from daemon import eventually

CONFIGURATION = """
global: {{scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms}}
rule_files: {rules}
scrape_configs:
  - job_name: netdrop
    static_configs: [{{targets: {targets}}}]
    {more}
"""


class Prometheus:
    def __init__(self, netns, directory, ports, rules=(), more=""):
        self.netns = netns
        targets = [f"127.0.0.1:{port}" for port in ports]
        rules = json.dumps([str(path) for path in rules])
        text = CONFIGURATION.format(targets=json.dumps(targets), rules=rules, more=more)
        (directory / "prometheus.yml").write_text(text)
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

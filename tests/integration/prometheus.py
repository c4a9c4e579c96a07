# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Prometheus, Debian's, in a namespace, which scrapes daemons there, twice a second or each `interval` ms; and a
real Alertmanager, which tells what it would notify somebody of."""

import http.client
import json
from urllib.parse import urlencode

from daemon import PATIENCE, eventually, go_first

CONFIGURATION = """
global: {{scrape_interval: {interval}ms, scrape_timeout: {timeout}ms, evaluation_interval: {interval}ms}}
rule_files: {rules}
scrape_configs:
  - job_name: netdrop
    static_configs: [{{targets: {targets}}}]
    {more}
"""
ALERTING = """
alerting:
  alertmanagers: [{{static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
"""


class Server:
    """A program in a namespace that is ours alone, so that its port is. It goes before other tests: what it does not read in
    time, twice a second, it takes for gone."""

    def __init__(self, netns, port, command, log):
        self.netns, self.port, self.log = netns, port, log
        with open(log, "wb") as file:
            self.process = netns.popen(command, stderr=file, stdout=file, preexec_fn=go_first)
        eventually(self.ready, f"{command[0]} to start")

    def ready(self):
        try:
            return self.request("/-/ready")[0] == 200
        except ConnectionError:
            return False

    def request(self, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.sock = self.netns.socket()
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(("127.0.0.1", self.port))
        headers = {"Content-Type": "application/json"} if body else {}
        connection.request("POST" if body else "GET", path, body, headers)
        response = connection.getresponse()
        result = response.status, response.read()
        connection.close()
        return result

    def complaints(self):
        return [line for line in self.log.read_text().splitlines() if "level=info" not in line]


class Prometheus(Server):
    def __init__(self, netns, directory, ports, rules=(), more="", jobs="", interval=500, alertmanager=None):
        targets = [f"127.0.0.1:{port}" for port in ports]
        text = CONFIGURATION.format(
            targets=json.dumps(targets),
            rules=json.dumps([str(path) for path in rules]),
            more=more,
            interval=interval,
            timeout=interval * 4 // 5,
        )
        text += jobs  # of the same form, behind ours
        if alertmanager:
            text += ALERTING.format(port=alertmanager.port)
        (directory / "prometheus.yml").write_text(text)
        command = [
            "prometheus",
            f"--config.file={directory}/prometheus.yml",
            f"--storage.tsdb.path={directory}/tsdb",
            "--web.listen-address=127.0.0.1:9090",
        ]
        super().__init__(netns, 9090, command, directory / "prometheus.log")

    def api(self, path):
        status, body = self.request("/api/v1/" + path)
        assert status == 200, body
        return json.loads(body)["data"]

    def vector(self, expression, **more):
        """All series that the expression gives, now or at another `time`."""
        return self.api("query?" + urlencode({"query": expression, **more}))["result"]

    def query(self, expression):
        """The value of the one series that the expression gives; None where it gives none (yet)."""
        result = self.vector(expression)
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None


class Alertmanager(Server):
    def __init__(self, netns, directory, inhibit_rules):
        nobody = {"route": {"receiver": "nobody"}, "receivers": [{"name": "nobody"}]}
        (directory / "alertmanager.yml").write_text(json.dumps({**nobody, "inhibit_rules": inhibit_rules}))
        command = [
            "prometheus-alertmanager",
            f"--config.file={directory}/alertmanager.yml",
            f"--storage.path={directory}/alertmanager",
            "--cluster.listen-address=",
            "--web.listen-address=127.0.0.1:9093",
        ]
        super().__init__(netns, 9093, command, directory / "alertmanager.log")

    def post(self, *alerts):
        status, body = self.request("/api/v2/alerts", json.dumps([{"labels": labels} for labels in alerts]))
        assert status == 200, body

    def alerts(self, state):
        """The labels of those that somebody is told of ("active"), or nobody is ("suppressed")."""
        status, body = self.request("/api/v2/alerts")
        assert status == 200, body
        return [alert["labels"] for alert in json.loads(body) if alert["status"]["state"] == state]

# SPDX-License-Identifier: GPL-2.0-or-later
"""The installed service as an object."""

import http.client
import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import exposition
import procfs
from daemon import PATIENCE, eventually

NAME = "netdrop-exporter"
CONFIGURATION = Path("/etc/netdrop-exporter/config.json")
DROP_IN = Path(f"/run/systemd/system/{NAME}.service.d")
ADDRESS = ("127.0.0.1", 10190)


def systemctl(*arguments, check=True):
    return subprocess.run(["systemctl", *arguments], check=check, capture_output=True, text=True, timeout=90)


def shipped(name):
    """A drop-in that is installed for the administrator to copy."""
    found = [path for path in Path("/usr").glob(f"**/share/{NAME}/{name}")]
    assert len(found) == 1
    return found[0].read_text()


class Service:
    def __init__(self):
        self.configuration = CONFIGURATION.read_bytes()

    def configure(self, drop_in):
        DROP_IN.mkdir(parents=True, exist_ok=True)
        (DROP_IN / "test.conf").write_text(drop_in)
        systemctl("daemon-reload")

    def start(self):
        systemctl("start", NAME)
        self.wait_ready()

    def wait_ready(self):
        eventually(lambda: self.get("/-/ready") == 200, "/-/ready")

    def remove(self):
        systemctl("stop", f"{NAME}.socket", f"{NAME}.service", check=False)
        CONFIGURATION.write_bytes(self.configuration)
        for path in DROP_IN.glob("*"):
            path.unlink()
        systemctl("daemon-reload")
        systemctl("reset-failed", check=False)

    def show(self, name):
        return systemctl("show", "--value", f"--property={name}", NAME).stdout.strip()

    @property
    def pid(self):
        return int(self.show("MainPID"))

    @property
    def stored(self):
        return int(self.show("NFileDescriptorStore"))

    def journal(self):
        command = ["journalctl", "--quiet", "--output=cat", f"--unit={NAME}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def get(self, path):
        """The status, or None where nobody answers."""
        with suppress(OSError):
            return self.ask(path)
        return None

    @staticmethod
    def ask(path):
        """The status."""
        connection = http.client.HTTPConnection(*ADDRESS, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()

    def metrics(self, query=""):
        return exposition.check_text(self._page({}, query))

    def openmetrics(self):
        return exposition.check_openmetrics(self._page({"Accept": "application/openmetrics-text; version=1.0.0"}))

    @staticmethod
    def _page(headers, query=""):
        connection = http.client.HTTPConnection(*ADDRESS, timeout=PATIENCE)
        try:
            connection.request("GET", f"/metrics{query}", headers=headers)
            return connection.getresponse().read()
        finally:
            connection.close()

    def fresh(self, collector="drop_monitor", alone=False):
        """A page that was collected after the call: all of it, or what is this collector's `alone`."""
        since = time.time()
        stamp = "netdrop_collector_last_success_timestamp_seconds"
        duration = "netdrop_collector_duration_seconds"

        def page():
            found = self.metrics(f"?collect[]={collector}" if alone else "")
            rows = found.series(stamp, collector=collector)
            return rows and rows[0].value - found.value(duration, collector=collector) > since and found

        return eventually(page, f"a collection of {collector}")

    def collectors(self):
        """How they fare: name -> up, once all have tried."""
        page = self.fresh()
        return {row.labels["collector"]: row.value for row in page.series("netdrop_collector_up")}


def enabled_collectors():
    """Those that can run here at all, with every privilege."""
    said = subprocess.run([NAME, "--list-collectors"], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r"^(\w+)\n(?: .*\n)*?    enabled: +yes\n(?: .*\n)*?    runs here: yes", said, re.MULTILINE))


def privilege(pid):
    """What the threads' status files say of it."""
    texts = procfs.of_threads(pid, "status")
    return {line for text in texts.values() for line in re.findall(r"^(?:Cap|NoNewPrivs).*", text, re.MULTILINE)}


NO_PRIVILEGE = {f"Cap{name}:\t{0:016x}" for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")} | {"NoNewPrivs:\t1"}


def tracing_holders():
    """The processes that hold the BPF program, or what attaches it."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/fdinfo/*"):
        try:
            text = path.read_text()
        except OSError:
            continue
        if re.search(r"^(link_type:\s*(tracing|raw_tracepoint)|prog_type:\s*26)\b", text, re.MULTILINE):
            found.add(int(path.parts[2]))
    return found

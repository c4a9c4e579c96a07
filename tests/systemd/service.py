"""The installed service as an object."""

import http.client
import subprocess
import time
from pathlib import Path

import exposition
from daemon import eventually

NAME = "netdrop-exporter"
CONFIGURATION = Path("/etc/netdrop-exporter/config.json")
DROP_IN = Path(f"/run/systemd/system/{NAME}.service.d")
ADDRESS = ("127.0.0.1", 10190)


def systemctl(*arguments, check=True):
    return subprocess.run(["systemctl", *arguments], check=check, capture_output=True, text=True, timeout=90)


class Service:
    def __init__(self):
        self.configuration = CONFIGURATION.read_bytes()

    def start(self, drop_in=None):
        if drop_in is not None:
            DROP_IN.mkdir(parents=True, exist_ok=True)
            (DROP_IN / "test.conf").write_text(drop_in)
            systemctl("daemon-reload")
        systemctl("start", NAME)
        self.wait_ready()

    def wait_ready(self):
        eventually(lambda: self.get("/-/ready") == 200, "/-/ready")

    def remove(self):
        systemctl("stop", f"{NAME}.socket", f"{NAME}.service", check=False)
        systemctl("reset-failed", f"{NAME}.service", check=False)
        CONFIGURATION.write_bytes(self.configuration)
        for path in DROP_IN.glob("*"):
            path.unlink()
        systemctl("daemon-reload")

    def show(self, name):
        return systemctl("show", "--value", f"--property={name}", NAME).stdout.strip()

    @property
    def pid(self):
        return int(self.show("MainPID"))

    @property
    def stored(self):
        return int(self.show("NFileDescriptorStore"))

    def journal(self):
        return subprocess.run(
            ["journalctl", "--quiet", "--output=cat", f"--unit={NAME}"], check=True, capture_output=True, text=True
        ).stdout

    def get(self, path):
        """The status, or None where nobody answers."""
        connection = http.client.HTTPConnection(*ADDRESS, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return None
        finally:
            connection.close()

    def metrics(self):
        connection = http.client.HTTPConnection(*ADDRESS, timeout=10)
        try:
            connection.request("GET", "/metrics")
            return exposition.check_text(connection.getresponse().read())
        finally:
            connection.close()

    def fresh(self, collector="drop_monitor"):
        """A page that was collected after the call."""
        since = time.time()
        stamp = "netdrop_collector_last_success_timestamp_seconds"
        duration = "netdrop_collector_duration_seconds"

        def page():
            found = self.metrics()
            rows = found.series(stamp, collector=collector)
            return rows and rows[0].value - found.value(duration, collector=collector) > since and found

        return eventually(page, f"a collection of {collector}")

"""The service under a real systemd. Numbers of rows are those of the reliability table."""

import re
from pathlib import Path

from daemon import eventually

COLLECTORS = {"link", "ethtool", "snmp", "drop_monitor", "process"}


def capabilities(pid):
    """Of each thread."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return {line for text in texts for line in re.findall(r"^(?:Cap|NoNewPrivs).*", text, re.MULTILINE)}


def test_active(service):
    assert service.show("ActiveState") == "active"
    eventually(lambda: service.show("StatusText"), "the Status line")


def test_row_58_every_collector_works(service):
    page = service.fresh()
    up = {row.labels["collector"]: row.value for row in page.series("netdrop_collector_up")}
    assert up == dict.fromkeys(COLLECTORS, 1), service.journal()


def test_no_thread_has_a_capability(service):
    none = {f"Cap{name}:\t{0:016x}" for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")}
    assert capabilities(service.pid) == none | {"NoNewPrivs:\t1"}

# SPDX-License-Identifier: GPL-2.0-or-later
"""SIGHUP: a valid file is applied, an invalid one changes nothing but is said, whatever can't change is named."""

import json
import os
import signal
import threading
import time

import pytest

from daemon import eventually

LOADED = "netdrop_config_last_reload_successful"
STAMP = "netdrop_config_last_reload_success_timestamp_seconds"


class Reloadable:
    """A daemon with a configuration file; the file is always replaced whole, as editors do."""

    def __init__(self, exporter, path, configuration, **options):
        self.path = path
        self.write(configuration)
        self.daemon = exporter(f"--config.file={path}", **options)

    def write(self, configuration):
        new = self.path.with_suffix(".new")
        new.write_text(configuration if isinstance(configuration, str) else json.dumps(configuration))
        new.rename(self.path)

    def reload(self, configuration):
        """Until the reload is over, well or badly. Returns the page after it, and what was said of it."""
        said = len(self.daemon.stderr)
        stamp = self.daemon.metrics().value(STAMP)
        self.write(configuration)
        self.daemon.signal(signal.SIGHUP)
        eventually(lambda: "reloaded" in self.daemon.stderr[said:], "the reload")
        refused = "not reloaded" in self.daemon.stderr[said:]

        def shown():
            page = self.daemon.metrics()
            return (page.value(LOADED) == 0 if refused else page.value(STAMP) > stamp) and page

        return eventually(shown, "the page to show it"), self.daemon.stderr[said:]


@pytest.fixture
def reloadable(exporter, tmp_path):
    def start(configuration, **options):
        return Reloadable(exporter, tmp_path / "config.json", configuration, **options)

    return start


def test_settings_are_applied(reloadable, netns):
    inside = netns()
    inside.ip("link add v0 type veth peer name v1")
    subject = reloadable({"devices": {"exclude_kinds": ["veth"]}}, netns=inside)
    assert not subject.daemon.metrics().series("netdrop_link_up", device="v0")
    page, _ = subject.reload({"devices": {"exclude_kinds": []}})
    assert page.value(LOADED) == 1
    eventually(lambda: subject.daemon.metrics().series("netdrop_link_up", device="v0"), "v0")


def test_a_collector_that_is_switched_off_leaves_the_page_at_once(reloadable):
    subject = reloadable({})
    page, _ = subject.reload({"collectors": {"link": {"enabled": False}}})
    assert not page.series("netdrop_collector_up", collector="link")
    assert "netdrop_link_up" not in page
    subject.reload({})
    eventually(lambda: "netdrop_link_up" in subject.daemon.metrics(), "its return")


def test_what_did_not_change_is_not_restarted(reloadable):
    subject = reloadable({"collectors": {"link": {"interval": "60s"}}})
    name = "netdrop_collector_last_success_timestamp_seconds"
    page = subject.daemon.metrics()
    before, other = page.value(name, collector="link"), page.value(name, collector="process")
    subject.reload({"collectors": {"link": {"interval": "60s"}, "process": {"interval": "2s"}}})
    eventually(lambda: subject.daemon.metrics().value(name, collector="process") > other, "what did change")
    assert subject.daemon.metrics().value(name, collector="link") == before


def test_row_65_a_reload_that_has_nothing_to_say(reloadable):
    """No message at all: of no bytes there is no end either, which the undefined-behaviour sanitizer knows."""
    subject = reloadable({})
    said = subject.daemon.stderr
    subject.reload({})
    subject.reload({})
    lines = subject.daemon.stderr.removeprefix(said).splitlines()
    assert [line for line in lines if not line.startswith("collector ")] == 2 * ["configuration reloaded"]


def test_flags_still_win_after_a_reload(exporter, tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    daemon = exporter(f"--config.file={path}", "--no-collector.link")
    path.write_text('{"collectors": {"link": {"enabled": true}}}')
    daemon.signal(signal.SIGHUP)
    eventually(lambda: "reload" in daemon.stderr.lower(), "the reload to be told")
    time.sleep(0.5)
    assert "netdrop_link_up" not in daemon.metrics()


@pytest.mark.parametrize(
    "bad, words",
    [
        ('{"web": {"pagee": true}}', [":1:", "web.pagee"]),
        ('{"web": \n', [":2:"]),
        ('{"collectors": {"link": {"interval": "0s"}}}', ["collectors.link.interval"]),
    ],
    ids=["unknown key", "not JSON", "out of range"],
)
def test_row_46_a_bad_file_changes_nothing(reloadable, bad, words):
    good = {"collectors": {"process": {"enabled": False}}}
    subject = reloadable(good)
    sha256 = subject.daemon.metrics()["netdrop_config_info"][0].labels
    page, said = subject.reload(bad)
    assert page.value(LOADED) == 0
    assert page["netdrop_config_info"][0].labels == sha256
    assert not page.series("netdrop_collector_up", collector="process")
    assert page.value("netdrop_collector_up", collector="link") == 1
    for word in [str(subject.path), *words]:
        assert word in said
    page, _ = subject.reload({})
    assert page.value(LOADED) == 1
    eventually(lambda: subject.daemon.metrics().series("netdrop_collector_up", collector="process"), "process")


def test_a_file_that_is_gone_or_unreadable_changes_nothing(reloadable):
    subject = reloadable({})
    os.unlink(subject.path)
    subject.daemon.signal(signal.SIGHUP)
    eventually(lambda: subject.daemon.metrics().value(LOADED) == 0, "the refusal")
    eventually(lambda: "No such file" in subject.daemon.stderr, "the reason")
    os.mkfifo(subject.path)
    subject.daemon.signal(signal.SIGHUP)
    eventually(lambda: "regular file" in subject.daemon.stderr, "the refusal")
    assert subject.daemon.get("/-/healthy").status == 200


def test_what_needs_a_restart_is_named_and_not_half_applied(reloadable):
    subject = reloadable({"devices": {"exclude": []}})
    port = subject.daemon.port
    _, said = subject.reload({"web": {"telemetry_path": "/elsewhere"}, "devices": {"exclude": ["lo"]}})
    assert "web.telemetry_path" in said and "restart" in said
    assert subject.daemon.port == port
    assert subject.daemon.get("/elsewhere").status == 404
    # The rest of the file holds from now on.
    eventually(lambda: not subject.daemon.metrics().series("netdrop_link_up", device="lo"), "the new filter")


def test_without_a_file_a_reload_is_harmless(exporter):
    daemon = exporter()
    for count in range(1, 4):
        daemon.signal(signal.SIGHUP)
        eventually(lambda: daemon.stderr.count("configuration reloaded") == count, "the reload to be told")
    assert daemon.metrics().value(LOADED) == 1


def threads_and_descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/task")), len(os.listdir(f"/proc/{daemon.pid}/fd"))


def test_row_47_ten_thousand_sighups_under_load(reloadable):
    """Coalesced: the daemon keeps answering, starts no second copy of anything, and ends with the last file."""
    subject = reloadable({"collectors": {"link": {"interval": "1s"}}})
    daemon = subject.daemon
    before = threads_and_descriptors(daemon)
    done = threading.Event()
    answers = []

    def scrape():
        while not done.is_set():
            answers.append(daemon.get().status)

    scrapers = [threading.Thread(target=scrape) for _ in range(4)]
    for thread in scrapers:
        thread.start()
    for number in range(10_000):
        if number % 100 == 0:
            # What is sent at once is one signal to the kernel: it must be taken for the next to count.
            eventually(lambda: daemon.stderr.count("configuration reloaded") >= number // 100, "a reload")
            # Drop sites are opened anew each time, from copies of what was opened with privilege.
            interval = {"interval": f"{1 + number // 100 % 2}s"}
            subject.write({"collectors": {"link": interval, "drop_monitor": interval}})
        daemon.signal(signal.SIGHUP)
    page, _ = subject.reload({"collectors": {"link": {"interval": "1s"}, "process": {"enabled": False}}})
    done.set()
    for thread in scrapers:
        thread.join()
    assert set(answers) == {200}
    assert page.value(LOADED) == 1
    assert daemon.stderr.lower().count("reload") < 10_000
    eventually(lambda: not daemon.metrics().series("netdrop_collector_up", collector="process"), "the last file")

    def settled():
        now = threads_and_descriptors(daemon)
        return all(a <= b for a, b in zip(now, before))

    eventually(settled, f"threads and descriptors to be as before: {before}")

# SPDX-License-Identifier: GPL-2.0-or-later
"""To ask for the statistics of connection tracking loads no module, and starts no tracking: under a kernel whose
netfilter is made of modules. (Elsewhere it may be built in.)"""

import os
import subprocess
from pathlib import Path

import exposition
import pytest
from daemon import PATIENCE, Exporter, eventually

MODULES = ("nf_conntrack_netlink", "nf_conntrack", "nfnetlink")
ONLY = ("--collector.disable-defaults", "--collector.conntrack")
# The exporter looks every minute for what was not there.
NOTICED = 60 + PATIENCE


def loaded():
    return {name for name in MODULES if os.path.isdir(f"/sys/module/{name}")}


def modprobe(*arguments):
    subprocess.run(["modprobe", *arguments], check=True)


def remove(*names):
    """A module is in use for as long as the exporter's question is being answered: tried until it goes."""
    for name in names:
        eventually(
            lambda name=name: subprocess.run(["rmmod", name], capture_output=True, check=False).returncode == 0
            or name not in loaded(),
            f"{name} to go",
        )


@pytest.fixture(autouse=True)
def no_modules():
    """As after booting: what other tests of this boot had loaded goes, and so does what ours load."""
    users = ("nft_ct", "xt_conntrack", "nft_reject_inet", "nft_reject_ipv4", "nft_reject", "nf_tables")

    def gone():
        """The kernel clears away the namespaces of tests before this one, which use them, a moment later."""
        subprocess.run(["modprobe", "--remove", "--quiet", *users, *MODULES], check=False)
        return not loaded()

    eventually(gone, "the modules to go")
    yield
    remove(*MODULES)


def once(binary, *flags):
    command = [binary, "--once", *ONLY, *flags]
    return exposition.check_text(subprocess.run(command, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("source", ["auto", "netlink", "proc"])
def test_not_in_use(binary, source):
    page = once(binary, f"--set=collectors.conntrack.source={source}")
    assert page.value("netdrop_collector_supported", collector="conntrack") == 0
    assert "netdrop_conntrack_entries" not in page
    listed = subprocess.run(
        [binary, "--list-collectors", f"--set=collectors.conntrack.source={source}"], capture_output=True, check=True
    ).stdout.decode()
    assert "connection tracking is not in use: no " in listed
    assert not loaded()


def test_without_ctnetlink(binary):
    """The file alone is read, with all capabilities."""
    modprobe("nf_conntrack")
    before = loaded()
    assert once(binary).value("netdrop_conntrack_entries_limit") > 0
    assert loaded() == before
    assert "nf_conntrack_netlink" not in before


def test_modules_come_and_go(binary, tmp_path):
    """Each time the exporter counts as long as it can, and loads nothing."""
    command = [binary, "--web.listen-address=127.0.0.1:0", *ONLY, "--set=collectors.conntrack.interval=100ms"]
    daemon = Exporter(command, tmp_path / "stderr")
    try:
        daemon.wait_ready()
        limit = lambda: daemon.metrics().value("netdrop_conntrack_entries_limit")  # noqa: E731
        shown = lambda: "netdrop_conntrack_entries" in daemon.metrics()  # noqa: E731
        assert not shown()
        modprobe("nf_conntrack_netlink")
        eventually(shown, "the module to be noticed", NOTICED)
        assert limit() == int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text())
        # ctnetlink goes, and the file is read instead.
        remove("nf_conntrack_netlink")
        failures = daemon.metrics().value("netdrop_collector_failures_total", collector="conntrack")
        stamp = lambda: daemon.metrics().value(  # noqa: E731
            "netdrop_collector_last_success_timestamp_seconds", collector="conntrack"
        )
        before = stamp()
        eventually(lambda: stamp() > before + 0.5, "collections without ctnetlink")
        assert daemon.metrics().value("netdrop_collector_failures_total", collector="conntrack") == failures
        assert loaded() == {"nf_conntrack", "nfnetlink"}
        # All goes. There is nothing to count then.
        remove("nf_conntrack", "nfnetlink")
        eventually(
            lambda: daemon.metrics().value("netdrop_collector_supported", collector="conntrack") == 0,
            "its absence to be noticed",
            NOTICED,
        )
        assert not loaded()
    finally:
        daemon.close()


def test_descriptors_of_an_unloaded_module(binary, tmp_path):
    """What was opened at the start reads nothing but errors then: that is no failure, and what replaces it is found."""
    modprobe("nf_conntrack")
    command = [binary, "--web.listen-address=127.0.0.1:0", *ONLY, "--set=collectors.conntrack.interval=100ms"]
    daemon = Exporter(command, tmp_path / "stderr")
    try:
        daemon.wait_ready()
        supported = lambda: daemon.metrics().value("netdrop_collector_supported", collector="conntrack")  # noqa: E731
        assert supported() == 1
        remove(*sorted(loaded(), key=MODULES.index))
        eventually(lambda: supported() == 0, "its absence to be noticed", NOTICED)
        assert daemon.metrics().value("netdrop_collector_failures_total", collector="conntrack") == 0
        modprobe("nf_conntrack")
        eventually(lambda: "netdrop_conntrack_entries" in daemon.metrics(), "the module to be noticed", NOTICED)
        limit = int(Path("/proc/sys/net/netfilter/nf_conntrack_max").read_text())
        assert daemon.metrics().value("netdrop_conntrack_entries_limit") == limit
    finally:
        daemon.close()

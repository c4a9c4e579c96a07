# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts on a host that is not ready: what time cures is waited for, is told, and is right afterwards."""

import subprocess
import time

import pytest

import authority
from daemon import eventually

QUIET = ("--collector.disable-defaults", "--collector.process")
PRESENT = "netdrop_web_listen_address_present"
STAMP = "netdrop_config_last_reload_success_timestamp_seconds"
YEARS = 365 * 24 * 3600


def curl(inside, url, *more):
    command = inside.command(["curl", "--silent", "--max-time", "5", "--output", "/dev/null", "--write-out", "%{http_code}"])
    return subprocess.run([*command, *more, url], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("address, url", [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "[2001:db8::7]")], ids=["IPv4", "IPv6"])
def test_row_68_an_address_that_comes_late(exporter, netns, address, url):
    inside = netns()
    daemon = exporter(
        *QUIET, "--web.listen-address=127.0.0.1:10190", f"--web.listen-address={url}:10190", netns=inside
    )
    assert daemon.metrics().value(PRESENT, address=f"{url}:10190") == 0
    assert daemon.metrics().value(PRESENT, address="127.0.0.1:10190") == 1
    assert f"no interface has {url}:10190: it is served when one has" in daemon.stderr
    inside.ip(f"address add {address} dev lo nodad")
    assert curl(inside, f"http://{url}:10190/-/healthy") == "200"
    eventually(lambda: daemon.metrics().value(PRESENT, address=f"{url}:10190") == 1, "the metric to tell it")
    assert daemon.stderr.count(f"{url}:10190 is there now: it is served") == 1
    # And goes, which is told too.
    inside.ip(f"address del {address} dev lo")
    eventually(lambda: daemon.metrics().value(PRESENT, address=f"{url}:10190") == 0, "the metric to tell it")
    assert daemon.stderr.count(f"no interface has {url}:10190") == 2


def test_row_68_an_interface_that_comes_late(exporter, netns):
    """Its link-local address is opened when it comes, and when it comes again."""
    inside = netns()
    name = "[fe80::7%v7]:10190"
    daemon = exporter(
        *QUIET, "--web.listen-address=127.0.0.1:10190", f"--web.listen-address={name}", netns=inside
    )
    for number in range(2):
        eventually(lambda: daemon.metrics().value(PRESENT, address=name) == 0, "the metric to tell it")
        assert daemon.stderr.count(f"no interface has {name}") == number + 1
        inside.ip("link add v7 type veth peer name w7")
        inside.ip("address add fe80::7/64 dev v7 nodad")
        inside.ip("link set w7 up")
        inside.ip("link set v7 up")
        eventually(lambda: curl(inside, "http://[fe80::7%25v7]:10190/-/healthy") == "200", "an answer")
        eventually(lambda: daemon.metrics().value(PRESENT, address=name) == 1, "the metric to tell it")
        inside.ip("link del v7")


def test_localhost_is_both_addresses(exporter, netns):
    inside = netns()
    daemon = exporter(*QUIET, "--web.listen-address=localhost:10190", netns=inside)
    assert {host for host, _, _ in daemon.urls} == {"127.0.0.1", "[::1]"}
    for host in "127.0.0.1", "[::1]", "localhost":
        assert curl(inside, f"http://{host}:10190/-/healthy") == "200"


def test_localhost_without_ipv6(exporter, netns):
    inside = netns()
    subprocess.run(inside.command(["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]), check=True)
    daemon = exporter(*QUIET, "--web.listen-address=localhost:10190", netns=inside)
    assert [host for host, _, _ in daemon.urls] == ["127.0.0.1"]


@pytest.mark.parametrize("beside", [(), ("127.0.0.1:10190",)], ids=["alone", "beside IPv4"])
def test_the_unspecified_address_is_of_both_families(exporter, netns, beside):
    """Which holds of Go's exporters; who lists an IPv4 address of this port means IPv6 alone, as it always was."""
    inside = netns()
    exporter(*QUIET, *(f"--web.listen-address={each}" for each in ("[::]:10190", *beside)), netns=inside)
    for host in "127.0.0.1", "[::1]":
        assert curl(inside, f"http://{host}:10190/-/healthy") == "200"
    assert curl(inside, "http://127.0.0.2:10190/-/healthy") == ("000" if beside else "200")


@pytest.mark.parametrize("years", [-46, 30], ids=["1980", "a later year"])
def test_row_71_a_clock_that_is_set_later(exporter, manager, shim, tmp_path, years):
    ca = authority.Authority(tmp_path / "ca")
    ahead = tmp_path / "ahead"
    ahead.write_text(str(years * YEARS))
    environment = {**shim("clock"), **manager.environment, "CLOCK_SHIM_FILE": str(ahead)}
    daemon = exporter(*authority.flags(*ca.issue("good")), *QUIET, authority=ca.certificate, env=environment)
    # We, whose clock is right, are served.
    page = daemon.metrics()
    assert page.value("netdrop_web_certificate_valid") == 0
    assert abs(page.value(STAMP) - years * YEARS - time.time()) < 60
    what = "not valid before 20" if years < 0 else "expired at 20"
    assert f"certificate: {what}" in daemon.stderr
    manager.said(f"^STATUS=certificate: {what}")
    ahead.write_text("0")
    eventually(lambda: daemon.metrics().value("netdrop_web_certificate_valid") == 1, "a valid certificate")
    eventually(lambda: "the certificate is within its validity now" in daemon.stderr, "the log to tell it")
    eventually(lambda: abs(daemon.metrics().value(STAMP) - time.time()) < 60, "time stamps to be right")
    manager.said(r"^STATUS=\d+ of \d+ collectors up")
    assert daemon.stderr.count(what) == 1


@pytest.mark.parametrize("key", ["tls", "users_file", "config.file"])
def test_row_72_a_file_that_is_not_there_yet(command, tmp_path, key):
    """Status 1, on which systemd starts the service again; to check, it is as wrong as anything."""
    path = tmp_path / "late"
    flags = {
        "tls": authority.flags(path, path),
        "users_file": (f"--set=web.users_file={path}",),
        "config.file": (f"--config.file={path}",),
    }[key]
    for more, status in ((), 1), (("--check-config",), 2):
        result = command("--web.listen-address=127.0.0.1:0", *flags, *more, timeout=20)
        assert result.returncode == status
        assert f"{path}: " in result.stderr and "No such file or directory" in result.stderr

# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTPS: what is wrong with a certificate or its key is said at once, by the file's name; what is right is served, to
real clients, within the same limits as without TLS; a reload brings a new one."""

import calendar
import contextlib
import http.client
import os
import resource
import shutil
import signal
import ssl
import subprocess
import time

import pytest

import authority
import procfs
from daemon import eventually
from prometheus import Prometheus

IMPATIENT = "--set=web.request_timeout=1s"
SOON = 8
QUIET = ("--collector.disable-defaults", "--collector.process")
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
LOADED = "netdrop_config_last_reload_successful"
# openssl passwd -6 -salt saltsalt secret
HASH = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return authority.Authority(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture
def pair(ca, tmp_path):
    """A certificate and its key that are the test's own to spoil."""
    return [shutil.copy2(path, tmp_path) for path in ca.issue("good")]


@pytest.fixture
def secure(exporter, ca, pair):
    """secure(*flags) starts a daemon that serves HTTPS with the pair."""
    return lambda *flags, **options: exporter(*authority.flags(*pair), *flags, authority=ca.certificate, **options)


def spoil_key(write):
    def spoil(pair, _):
        os.unlink(pair[1])
        write(pair[1])
        os.chmod(pair[1], 0o600)

    return spoil


def write(text):
    return lambda path: open(path, "w", encoding="ascii").write(text)


def encrypted(path):
    authority.openssl("genpkey", "-algorithm", "RSA", "-aes128", "-pass", "pass:x", "-out", path)


def exchange(**issue):
    def spoil(pair, ca):
        for path, new in zip(pair, ca.issue("other", **issue)):
            shutil.copy2(new, path)

    return spoil


def exchange_key(pair, ca):
    shutil.copy2(ca.issue("other")[1], pair[1])


READABLE = "others may read or change it (mode "
BAD = {
    "no key": (lambda pair, _: os.unlink(pair[1]), 1, "cannot open: No such file or directory"),
    "no certificate": (lambda pair, _: os.unlink(pair[0]), 0, "cannot open: No such file or directory"),
    "key of another": (exchange_key, 1, "is not the key of web.tls.certificate"),
    "expired": (exchange(begin_days=-3, end_days=-1), 0, "expired at 20"),
    "not yet valid": (exchange(begin_days=1), 0, "not valid before 20"),
    "key that all may read": (lambda pair, _: os.chmod(pair[1], 0o644), 1, READABLE + "0644)"),
    "key that the group may write": (lambda pair, _: os.chmod(pair[1], 0o660), 1, READABLE + "0660)"),
    "key that is a FIFO": (spoil_key(os.mkfifo), 1, "not a regular file"),
    "key that is a directory": (spoil_key(os.mkdir), 1, "not a regular file"),
    "key that is none": (spoil_key(write("hello\n")), 1, ""),
    "key that is empty": (spoil_key(write("")), 1, ""),
    "key with a password": (spoil_key(encrypted), 1, ""),
    "key that is huge": (spoil_key(lambda path: write("x" * (1 << 20))(path)), 1, "larger than the 262144 bytes"),
    "certificate that is none": (lambda pair, _: write("hello\n")(pair[0]), 0, ""),
    "certificate that is a key": (lambda pair, _: shutil.copy(pair[1], pair[0]), 0, ""),
}


@pytest.mark.parametrize("what", BAD)
def test_row_54_what_is_wrong_is_refused_and_named(command, ca, pair, what):
    spoil, which, words = BAD[what]
    spoil(pair, ca)
    expected = f"{pair[which]}: web.tls.{('certificate', 'key')[which]}: {words}"
    for flags in [()], [("--check-config",)]:
        result = command("--web.listen-address=127.0.0.1:0", *authority.flags(*pair), *sum(flags, ()), timeout=20)
        assert result.returncode == 2
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith(expected)
        assert words or len(result.stderr) > len(expected) + 10  # where the words are not ours, GnuTLS's


@pytest.mark.parametrize("given, missing", [("certificate", "key"), ("key", "certificate")])
def test_row_54_one_without_the_other(command, given, missing):
    result = command("--check-config", f"--set=web.tls.{given}=/nowhere")
    assert result.returncode == 2
    assert f"web.tls.{missing}: is needed too" in result.stderr


def test_row_54_both_may_be_wrong(command, tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    result = command("--check-config", *authority.flags(*paths), f"--set=web.users_file={tmp_path}/c")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [str(tmp_path / name) for name in "abc"]


def test_who_only_collects_needs_no_key(command, pair):
    os.unlink(pair[1])
    result = command("--once", "--collector.disable-defaults", "--collector.process", *authority.flags(*pair))
    assert result.returncode == 0, result.stderr


def curl(daemon, *arguments):
    command = ["curl", "--silent", "--show-error", "--max-time", "30", "--cacert", daemon.authority, *arguments]
    return subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize(
    "algorithm",
    [("-newkey", "rsa:4096"), ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"), ("-newkey", "ed25519")],
    ids=["RSA", "ECDSA", "Ed25519"],
)
def test_row_54_right_ones_are_served(exporter, ca, algorithm):
    pair = ca.issue("right", algorithm=algorithm)
    os.chmod(pair[1], 0o440)  # what systemd makes of LoadCredential=
    daemon = exporter(*authority.flags(*pair), authority=ca.certificate)
    assert f"listening on https://127.0.0.1:{daemon.port}/metrics\n" in daemon.stderr
    for version in ("--tlsv1.2", "--tls-max", "1.2"), ("--tlsv1.3",):
        assert b"\nnetdrop_exporter_build_info{" in curl(daemon, *version, daemon.url).stdout
    assert curl(daemon, "--tls-max", "1.1", "--ciphers", "ALL@SECLEVEL=0", daemon.url).returncode != 0
    assert b"<!DOCTYPE html>" in curl(daemon, f"https://127.0.0.1:{daemon.port}/").stdout
    assert shown_expiry(daemon) == expiry_of(pair[0])


def expiry_of(certificate):
    end = authority.openssl("x509", "-in", str(certificate), "-noout", "-enddate").decode()
    return calendar.timegm(time.strptime(end.strip(), "notAfter=%b %d %H:%M:%S %Y GMT"))


def shown_expiry(daemon):
    return daemon.metrics().value("netdrop_web_certificate_expiry_timestamp_seconds")


@pytest.mark.parametrize(
    "end",
    ["20380119031408Z", "21060207062816Z", "25540721233434Z", "25740101000000Z", "99991231235958Z", "99991231235959Z"],
)
def test_expiry_beyond_every_integer(exporter, ca, end):
    """Beyond 32 bits of seconds, beyond 64 bits of nanoseconds, and the date that means none."""
    pair = ca.issue("long", end=end)
    daemon = exporter(*authority.flags(*pair), authority=ca.certificate)
    assert shown_expiry(daemon) == expiry_of(pair[0]) == calendar.timegm(time.strptime(end, "%Y%m%d%H%M%SZ"))


def test_row_54_without_tls_nothing_is_said_of_it(exporter):
    assert "netdrop_web_certificate_expiry_timestamp_seconds" not in exporter().metrics()


def test_row_54_plain_requests_are_not_answered(secure):
    daemon = secure()
    with daemon.connect() as client:
        client.sendall(REQUEST)
        answer = b""
        try:
            while chunk := client.recv(4096):
                answer += chunk
        except ConnectionError:
            pass
        assert b"HTTP" not in answer
    assert daemon.get().status == 200


def test_row_54_scraped_by_a_real_prometheus(secure, netns, tmp_path):
    """By HTTPS, with a password, and without a complaint."""
    inside = netns()
    users = tmp_path / "users"
    users.write_text(f"prometheus:{HASH}\n")
    users.chmod(0o600)
    daemon = secure(f"--set=web.users_file={users}", netns=inside, user="prometheus:secret")
    more = f"""scheme: https
    basic_auth: {{username: prometheus, password: secret}}
    tls_config: {{ca_file: {daemon.authority}}}"""
    prometheus = Prometheus(inside, tmp_path, [daemon.port], more=more)
    eventually(lambda: prometheus.query("up") == 1, "up == 1")
    eventually(lambda: prometheus.query("count_over_time(up[1m])") >= 5, "some scrapes")
    assert prometheus.query("min_over_time(up[1m])") == 1
    assert prometheus.complaints() == []


def client_hello():
    """The first bytes of a real client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="x").do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.pid}/fd"))


@pytest.mark.parametrize("begin", [b"", client_hello()[:100], client_hello()], ids=["nothing", "half", "hello"])
def test_row_54_a_handshake_that_stalls_is_dropped(secure, begin):
    daemon = secure(IMPATIENT)
    before = descriptors(daemon)
    start = time.monotonic()
    with daemon.connect(timeout=SOON) as client:
        client.sendall(begin)
        try:
            while client.recv(4096):
                pass
        except ConnectionError:
            pass
        assert 0.8 < time.monotonic() - start < SOON
    eventually(lambda: descriptors(daemon) <= before, "its descriptor to go")
    assert daemon.get().status == 200


def test_row_54_a_handshake_of_one_byte_a_time_is_dropped(secure):
    daemon = secure(IMPATIENT)
    start = time.monotonic()
    with daemon.connect() as client, pytest.raises(OSError):
        for byte in client_hello():
            client.send(bytes([byte]))
            time.sleep(0.1)
            client.settimeout(0.001)
            try:
                assert client.recv(1)
                break  # an answer: it was faster than we
            except TimeoutError:
                continue
            except AssertionError:
                raise ConnectionError from None
    assert 0.8 < time.monotonic() - start < SOON


def test_row_54_a_reader_that_stalls_is_dropped(secure):
    daemon = secure(IMPATIENT)
    with daemon.connect_tls() as client:
        client.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(2000):  # their answers are more than fits into socket buffers
                client.sendall(REQUEST)

        def cut():
            with contextlib.suppress(ConnectionError):  # it has a second's patience with us, too
                return daemon.metrics().value("netdrop_limit_hits_total", limit="request_time") >= 1

        eventually(cut, "the limit hit")
        with pytest.raises(OSError):
            client.settimeout(SOON)
            while client.recv(1 << 16):
                pass
            raise ConnectionError  # it ended, if not by a reset


def cpu_seconds(daemon):
    return procfs.cpu_ns(daemon.pid) / 1e9


def test_row_54_who_stalls_keeps_no_cpu_busy(secure):
    """Within a handshake or an answer: the thread waits, it does not ask again and again."""
    daemon = secure("--set=web.request_timeout=5m", *QUIET)
    clients = [daemon.connect() for _ in range(6)]
    for number, client in enumerate(clients):
        client.sendall([b"", client_hello()[:100], client_hello()][number % 3])
    clients += [daemon.connect_tls() for _ in range(2)]
    clients[-1].settimeout(0.5)
    with contextlib.suppress(OSError):
        for _ in range(2000):
            clients[-1].sendall(REQUEST)
    before = cpu_seconds(daemon)
    time.sleep(2)
    assert cpu_seconds(daemon) - before < 1, "it spins"
    assert daemon.get().status == 200
    for client in clients:
        client.close()


@pytest.mark.parametrize("spare", [10, -2])
def test_row_54_descriptors_run_out(secure, spare):
    """As without TLS: it does not spin, and serves again afterwards."""
    daemon = secure("--set=web.max_connections_per_address=200", *QUIET)
    used = descriptors(daemon)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used + spare, used + 100))
    clients = [daemon.connect() for _ in range(40)]
    time.sleep(0.5)
    before = cpu_seconds(daemon)
    time.sleep(2)
    assert cpu_seconds(daemon) - before < 1, "it spins"
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (used + 100, used + 100))
    for client in clients:
        client.close()

    def served():
        with contextlib.suppress(OSError):
            return daemon.get("/-/healthy").status == 200

    eventually(served, "service after the flood")


def test_row_54_whoever_holds_all_slots_holds_those_of_one_address(secure):
    daemon = secure("--set=web.max_connections_per_address=8")
    silent = [daemon.connect(source="127.0.0.2") for _ in range(20)]
    assert daemon.get().status == 200
    for client in silent:
        client.close()


def test_row_54_the_watchdog_is_answered(secure, manager):
    secure(env=manager.environment, wait=False)
    for _ in range(5):
        manager.said("^WATCHDOG=1$")


def serial(daemon):
    with daemon.connect_tls() as client:
        return client.getpeercert()["serialNumber"]


def replace(pair, new):
    for path, source in zip(pair, new):
        shutil.copy2(source, path + ".new")
        os.rename(path + ".new", path)


def reload(daemon):
    said = len(daemon.stderr)
    daemon.signal(signal.SIGHUP)
    eventually(lambda: "reloaded" in daemon.stderr[said:], "the reload")
    return daemon.stderr[said:]


def test_row_54_a_reload_brings_a_new_certificate(secure, ca, pair):
    daemon = secure()
    first = serial(daemon)
    with daemon.connect_tls() as client:
        replace(pair, ca.issue("next"))
        assert "configuration reloaded" in reload(daemon)
        second = serial(daemon)
        assert second != first
        # Who was connected before, still is.
        client.sendall(REQUEST)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
    # A bad one changes nothing, and is said.
    replace(pair, ca.issue("past", begin_days=-3, end_days=-1))
    said = reload(daemon)
    assert f"{pair[0]}: web.tls.certificate: expired at " in said and "was not reloaded" in said
    eventually(lambda: daemon.metrics().value(LOADED) == 0, "the refusal")
    assert serial(daemon) == second
    replace(pair, ca.issue("again", end_days=3))
    reload(daemon)
    eventually(lambda: daemon.metrics().value(LOADED) == 1, "the new one")
    assert serial(daemon) not in (first, second)


def test_row_54_many_reloads_under_load(secure, ca, pair):
    """Each brings a certificate; sessions that began with another go on, and nothing is kept for ever."""
    daemon = secure()
    pairs = [ca.issue("odd"), ca.issue("even")]
    before = descriptors(daemon)
    kept = [http.client.HTTPConnection("127.0.0.1") for _ in range(8)]
    for client in kept:
        client.sock = daemon.connect_tls()
    for number in range(40):
        replace(pair, pairs[number % 2])
        daemon.signal(signal.SIGHUP)
        assert daemon.get("/-/healthy").status == 200
        client = kept[number % 8]
        client.request("GET", "/-/healthy")
        assert client.getresponse().read() == b"healthy\n"
    for client in kept:
        client.close()
    eventually(lambda: descriptors(daemon) <= before, "their descriptors to go")


def test_the_way_of_the_files_needs_a_restart(exporter, ca, pair, tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    daemon = exporter(f"--config.file={path}")
    path.write_text(f'{{"web": {{"tls": {{"certificate": "{pair[0]}", "key": "{pair[1]}"}}}}}}')
    said = reload(daemon)
    assert "web.tls.certificate, web.tls.key" in said and "restart" in said
    assert daemon.get("/-/healthy").status == 200

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
import socket
import ssl
import subprocess
import time

import pytest

import authority
import hostile_clients
import procfs
from daemon import eventually
from prometheus import Prometheus

IMPATIENT = "--set=web.request_timeout=1s"
SOON = 9
QUIET = ("--collector.disable-defaults", "--collector.process")
REQUEST = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
LOADED = "netdrop_config_last_reload_successful"
CURRENT = "netdrop_web_files_current"
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
    "unable to sign": (exchange(extensions="cannot_sign"), 0, "its key may not sign (key usage without digitalSignature)"),
    "key that all may read": (lambda pair, _: os.chmod(pair[1], 0o644), 1, READABLE + "0644)"),
    "key that the group may write": (lambda pair, _: os.chmod(pair[1], 0o660), 1, READABLE + "0660)"),
    "key that is a FIFO": (spoil_key(os.mkfifo), 1, "not a regular file"),
    "key that is a directory": (spoil_key(os.mkdir), 1, "not a regular file"),
    "key that is none": (spoil_key(write("hello\n")), 1, ""),
    "key that is empty": (spoil_key(write("")), 1, ""),
    "key with a password": (spoil_key(encrypted), 1, ""),
    "key that is huge": (spoil_key(lambda path: write("x" * (1 << 20))(path)), 1, "larger than the limit of 262144 bytes"),
    "certificate that is none": (lambda pair, _: write("hello\n")(pair[0]), 0, ""),
    "certificate that is a key": (lambda pair, _: shutil.copy(pair[1], pair[0]), 0, ""),
}


@pytest.mark.parametrize("what", BAD)
def test_row_54_what_is_wrong_is_refused_and_named(command, ca, pair, what):
    spoil, which, words = BAD[what]
    spoil(pair, ca)
    expected = f"{pair[which]}: web.tls.{('certificate', 'key')[which]}: {words}"
    # It may be there, and whole, the next time: the service is started again on 1.
    for flags, status in ((), 1), (("--check-config",), 2):
        result = command("--web.listen-address=127.0.0.1:0", *authority.flags(*pair), *flags, timeout=20)
        assert result.returncode == status
        assert len(result.stderr.splitlines()) == 1
        assert result.stderr.startswith(expected)
        assert words or len(result.stderr) > len(expected) + 10  # where the words are not ours, GnuTLS's


OUT_OF_TIME = {
    "expired": ({"begin_days": -3, "end_days": -1}, "expired at 20"),
    "not yet valid": ({"begin_days": 1}, "not valid before 20"),
}


@pytest.mark.parametrize("what", OUT_OF_TIME)
def test_row_54_out_of_its_time_is_served_and_told(command, exporter, ca, pair, what):
    """The numbers go on: this host's clock may be the one that is wrong, and each client decides by its own."""
    issue, words = OUT_OF_TIME[what]
    exchange(**issue)(pair, ca)
    checked = command("--check-config", *authority.flags(*pair))
    assert checked.returncode == 0
    assert checked.stderr.startswith(f"{pair[0]}: web.tls.certificate: {words}")
    daemon = exporter(*authority.flags(*pair), *QUIET, authority=ca.certificate, wait=False)
    eventually(lambda: daemon.urls, "the daemon to listen")
    assert f"warning: certificate: {words}" in daemon.stderr
    assert curl(daemon, daemon.url).returncode != 0
    assert b"\nnetdrop_web_certificate_valid 0\n" in curl(daemon, "--insecure", daemon.url).stdout
    # A reload of something else goes on as well.
    assert "configuration reloaded" in reload(daemon)
    assert daemon.stderr.count(words) == 1


@pytest.mark.parametrize("given, missing", [("certificate", "key"), ("key", "certificate")])
def test_row_54_one_without_the_other(command, given, missing):
    result = command("--check-config", f"--set=web.tls.{given}=/nowhere")
    assert result.returncode == 2
    assert result.stderr == f"command line: web.tls.{given}: needs web.tls.{missing}, which is not set\n"


def test_row_54_both_may_be_wrong(command, tmp_path):
    paths = [tmp_path / "a", tmp_path / "b"]
    result = command("--check-config", *authority.flags(*paths), f"--set=web.users_file={tmp_path}/c")
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [str(tmp_path / name) for name in "abc"]


def test_row_54_a_certificate_for_clients_is_named(command, pair, ca):
    exchange(extensions="client")(pair, ca)
    result = command("--check-config", *authority.flags(*pair))
    assert result.returncode == 0
    assert f"{pair[0]}: web.tls.certificate: is not for servers" in result.stderr


@pytest.mark.parametrize("days", [-1, 1], ids=["expired", "valid"])
def test_row_54_the_chain_has_a_time(exporter, ca, pair, tmp_path, days):
    """It is valid as long as the first of it that expires: clients get the whole of it."""
    between = ca.below(tmp_path / "between", begin_days=-3, end_days=days)
    for path, new in zip(pair, between.issue("host")):
        shutil.copy2(new, path)
    with open(pair[0], "ab") as chain:
        chain.write(between.certificate.read_bytes())
    daemon = exporter(*authority.flags(*pair), *QUIET, authority=ca.certificate, wait=False)
    eventually(lambda: daemon.urls, "the daemon to listen")
    page = curl(daemon, "--insecure", daemon.url).stdout.decode()
    assert f"netdrop_web_certificate_valid {int(days > 0)}\n" in page
    assert f"expiry_timestamp_seconds {expiry_of(between.certificate)}\n" in page
    assert ("warning: certificate: certificate 2 of the chain expired at 20" in daemon.stderr) == (days < 0)
    assert (curl(daemon, daemon.url).returncode == 0) == (days > 0)


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
    daemon.go_first()
    more = f"""scheme: https
    basic_auth: {{username: prometheus, password: secret}}
    tls_config: {{ca_file: {daemon.authority}}}"""
    prometheus = Prometheus(inside, tmp_path, [daemon.port], more=more)
    eventually(lambda: prometheus.query("up") == 1, "up == 1")
    eventually(lambda: prometheus.query("count_over_time(up[1m])") >= 5, "some scrapes")
    assert prometheus.query("min_over_time(up[1m])") == 1
    assert prometheus.complaints() == []


def test_who_has_ended_its_side_is_answered(secure):
    """Also while new numbers are waited for, and with the end of the TCP connection alone."""
    daemon = secure()
    for _ in range(3):
        with daemon.connect_tls() as client:
            client.sendall(REQUEST)
            with socket.socket(fileno=os.dup(client.fileno())) as below:
                below.shutdown(socket.SHUT_WR)
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


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


def s_client(daemon, *arguments, lines=(), pause=0.02):
    """openssl's client, given these lines one after another; what it printed once the connection ended, or they did."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{daemon.port}", "-CAfile", daemon.authority, *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, **pipes) as client:
        with contextlib.suppress(BrokenPipeError):
            for line in lines:
                client.stdin.write(line + b"\n")
                client.stdin.flush()
                time.sleep(pause)
        return client.communicate(timeout=30)[0].decode(errors="replace")


KEYS = {"RSA": ("-newkey", "rsa:2048"), "ECDSA": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")}


@pytest.mark.parametrize("key", KEYS)
def test_row_66_no_finite_fields(exporter, ca, key):
    """Whoever insists on them is not answered; whoever knows anything else is."""
    daemon = exporter(*authority.flags(*ca.issue("key", algorithm=KEYS[key])), authority=ca.certificate)
    for refused in (
        ("-tls1_3", "-groups", "ffdhe2048:ffdhe8192"),
        ("-tls1_2", "-cipher", "DHE@SECLEVEL=0"),
    ):
        assert "Cipher is (NONE)" in s_client(daemon, *refused)
    for group in ("P-256", "P-384", "P-521", "X25519", "X448", "ffdhe8192:X25519"):
        for version in ("-tls1_2", "-tls1_3"):
            # For TLS 1.2, the certificate's own curve is one of them.
            own = ":P-256" if version == "-tls1_2" and group != "P-256" else ""
            said = s_client(daemon, version, "-groups", group + own)
            assert "Verify return code: 0 (ok)" in said and "Cipher is (NONE)" not in said


def hostile(daemon, message, sources, **options):
    """What the connections from these addresses were answered."""
    target = (socket.AF_INET, ("127.0.0.1", daemon.port))
    functions = [lambda source=source: source for source in sources]
    with hostile_clients.attack(contextlib.nullcontext, target, functions, message, **options) as answers:
        return answers()


@pytest.mark.parametrize("tls_1_3", [True, False], ids=["1.3", "1.2"])
def test_row_66_made_up_keys_of_finite_fields_cost_nothing(secure, tls_1_3):
    """Such a hello is cheaper than an honest one; it was a hundred times as dear."""
    daemon = secure(*QUIET)
    begin = procfs.cpu_ns(daemon.pid)
    for _ in range(20):
        assert daemon.get("/-/healthy").status == 200
    honest_ns = (procfs.cpu_ns(daemon.pid) - begin) / 20
    hello = hostile_clients.client_hello(hostile_clients.FFDHE8192, tls_1_3)
    begin = procfs.cpu_ns(daemon.pid)
    answers = hostile(daemon, lambda: hello, ["127.0.0.2"] * 20, count=200)
    assert set(answers) <= {"end", "reset"}
    assert procfs.cpu_ns(daemon.pid) - begin < 200 * honest_ns
    assert daemon.metrics().value("netdrop_limit_hits_total", limit="handshakes") == 0, "they need no limit"


def test_row_66_handshakes_that_lead_to_nothing_are_bounded(secure):
    """Of one address: it waits; others are served; and so is it, in the end."""
    daemon = secure(*QUIET)
    hello = hostile_clients.client_hello(hostile_clients.X25519)
    answers = hostile(daemon, lambda: hello, ["127.0.0.2"] * 20, count=3000)
    assert answers["TLS"] > 5 and answers["end"] + answers["reset"] > 1000
    assert daemon.metrics().value("netdrop_limit_hits_total", limit="handshakes") >= answers["end"]
    for _ in range(5):
        assert daemon.get("/-/healthy").status == 200

    def served():
        with contextlib.suppress(OSError), daemon.connect_tls("127.0.0.2") as client:
            client.sendall(REQUEST)
            return client.recv(4096).startswith(b"HTTP/1.1 200 ")

    eventually(served, "the end of its pause")


def test_row_66_who_is_let_in_pays_nothing_off(exporter, ca):
    pair = ca.issue("dear", algorithm=("-newkey", "rsa:4096"))
    daemon = exporter(*authority.flags(*pair), *QUIET, authority=ca.certificate)
    for _ in range(60):  # a few more than come to nothing for free
        assert daemon.get("/-/healthy").status == 200
    assert daemon.metrics().value("netdrop_limit_hits_total", limit="handshakes") == 0


def test_row_66_a_client_begins_no_second_handshake(secure):
    daemon = secure()
    said = s_client(daemon, "-tls1_2", lines=[b"R"] * 100)
    assert "RENEGOTIATING" in said and said.count("depth=0") == 1
    assert daemon.get("/-/healthy").status == 200


def test_row_66_a_flood_of_new_keys_ends_the_connection(secure):
    daemon = secure()
    said = s_client(daemon, "-tls1_3", lines=[b"K"] * 300)
    assert 1 <= said.count("KEYUPDATE") < 300
    assert daemon.get("/-/healthy").status == 200


def test_row_66_a_hello_of_megabytes_is_not_read(secure):
    """Of which each would be kept until it is whole."""
    daemon = secure("--set=web.request_timeout=5m")
    with daemon.connect() as client, contextlib.suppress(ConnectionError):
        client.sendall(b"\x16\3\1\x40\0\1\xff\xff\xf0" + b"x" * 16380 + 999 * (b"\x16\3\1\x40\0" + b"x" * 16384))
        assert client.recv(1) == b""
    # What HTTP has use for may be as long.
    assert b"405" in curl(daemon, "--data-binary", "x" * 120_000, "--write-out", "%{http_code}", daemon.url).stdout


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
    expired = f"{pair[0]}: web.tls.certificate: expired at "
    said = reload(daemon)
    assert expired in said and "was not reloaded" in said
    eventually(lambda: daemon.metrics().value(LOADED) == 0, "the refusal")
    assert daemon.metrics().value(CURRENT) == 0
    assert serial(daemon) == second
    # Who asks again is told again.
    assert expired in reload(daemon)
    replace(pair, ca.issue("again", end_days=3))
    reload(daemon)
    eventually(lambda: daemon.metrics().value(LOADED) == 1, "the new one")
    assert daemon.metrics().value(CURRENT) == 1
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


RENEWED = "changed and were reloaded"
REFUSED = "users are not valid"


def swap_secret(directory, files):
    """As Kubernetes does it: new files in a directory of their own, then one rename of the link to it."""
    number = len(list(directory.iterdir()))
    made = directory / f"..{number}"
    made.mkdir()
    for name, source in files.items():
        shutil.copy2(source, made / name)
    os.symlink(made.name, directory / "..data_tmp")
    os.rename(directory / "..data_tmp", directory / "..data")


def test_row_73_a_secret_that_is_swapped(exporter, ca, tmp_path):
    """Nobody sends a signal there; users and the authority of clients come the same way."""
    directory = tmp_path / "secret"
    directory.mkdir()
    users = tmp_path / "users"
    users.write_text(f"old:{HASH}\n")
    users.chmod(0o600)
    first, second = ca.issue("first"), ca.issue("second")
    swap_secret(directory, {"tls.crt": first[0], "tls.key": first[1], "users": users})
    for name in "tls.crt", "tls.key", "users":
        os.symlink(f"..data/{name}", directory / name)
    daemon = exporter(
        *authority.flags(directory / "tls.crt", directory / "tls.key"), f"--set=web.users_file={directory}/users", *QUIET,
        authority=ca.certificate, user="old:secret",
    )  # fmt: skip
    before = serial(daemon)
    users.write_text(f"new:{HASH}\n")
    swap_secret(directory, {"tls.crt": second[0], "tls.key": second[1], "users": users})
    eventually(lambda: RENEWED in daemon.stderr, "the new certificate and users")
    assert serial(daemon) != before
    daemon.user = "new:secret"
    assert daemon.get().status == 200
    assert daemon.stderr.count(RENEWED) == 1
    assert daemon.metrics().value(CURRENT) == 1
    daemon.user = "old:secret"
    assert daemon.get().status == 401


def test_row_73_files_that_are_half_written(secure, ca, pair):
    """What was before goes on, which is said once; when they are whole they are taken."""
    daemon = secure(*QUIET)
    first, new = serial(daemon), ca.issue("half")
    shutil.copy2(new[0], pair[0])  # in place, the key not yet
    eventually(lambda: REFUSED in daemon.stderr, "the refusal")
    assert f"{pair[1]}: web.tls.key: is not the key of web.tls.certificate" in daemon.stderr
    eventually(lambda: daemon.metrics().value(CURRENT) == 0, "the metric to tell it")
    assert serial(daemon) == first
    shutil.copy2(new[1], pair[1])
    eventually(lambda: RENEWED in daemon.stderr, "the new certificate")
    assert serial(daemon) != first
    eventually(lambda: daemon.metrics().value(CURRENT) == 1, "the metric to tell it")
    assert daemon.stderr.count(REFUSED) == 1


def test_row_73_what_a_reload_refused_is_told_once(secure, ca, pair, manager):
    """Who looks at the files again says it no second time, and when they are valid the Status line tells no tale."""
    daemon = secure(*QUIET, env=manager.environment)
    first = serial(daemon)
    replace(pair, ca.issue("past", begin_days=-3, end_days=-1))
    reload(daemon)
    manager.said("^STATUS=.*users file is invalid, the former ones stay in use; configuration was not reloaded; ")
    replace(pair, ca.issue("fine"))
    manager.said("^STATUS=configuration was not reloaded; ")
    assert serial(daemon) != first
    assert daemon.stderr.count(REFUSED) == 1


@pytest.mark.parametrize("what", OUT_OF_TIME)
def test_row_73_nothing_worse_is_taken(secure, ca, pair, what):
    daemon = secure(*QUIET)
    first = serial(daemon)
    replace(pair, ca.issue("worse", **OUT_OF_TIME[what][0]))
    eventually(lambda: REFUSED in daemon.stderr, "the refusal")
    assert serial(daemon) == first
    # Back again: nothing is left to complain of.
    replace(pair, ca.issue("fine"))
    eventually(lambda: RENEWED in daemon.stderr, "the next one")
    assert daemon.metrics().value(CURRENT) == 1


@pytest.fixture
def clients(tmp_path):
    """An authority of clients."""
    return authority.Authority(tmp_path / "clients")


def shown(certificate, key):
    return ("--cert", certificate, "--key", key)


def status(daemon, *arguments, path="/metrics"):
    """As curl has it: 000 where there was no answer."""
    url = f"https://127.0.0.1:{daemon.port}{path}"
    return curl(daemon, "--output", os.devnull, "--write-out", "%{http_code}", *arguments, url).stdout.decode()


@pytest.mark.parametrize("version", [("--tls-max", "1.2"), ("--tlsv1.3",)], ids=["TLS 1.2", "TLS 1.3"])
def test_row_74_clients_show_a_certificate(secure, ca, clients, version):
    """As RequireAndVerifyClientCert of Go's exporters has it: for every path, within the handshake."""
    daemon = secure(f"--set=web.tls.client_ca={clients.certificate}", *QUIET, wait=False)
    eventually(lambda: daemon.urls, "the daemon to listen")
    right = shown(*clients.issue("right", extensions="client"))
    wrong = {
        "none": (),
        "of another authority": shown(*ca.issue("stranger", extensions="client")),
        "expired": shown(*clients.issue("old", begin_days=-3, end_days=-1, extensions="client")),
        "a server's": shown(*clients.issue("server", extensions="server_only")),
    }
    for path in "/metrics", "/", "/-/healthy":
        assert status(daemon, *version, *right, path=path) == "200"
        for what, arguments in wrong.items():
            assert status(daemon, *version, *arguments, path=path) == "000", what
    assert daemon.process.poll() is None


def test_row_74_probes_may_be_open(secure, ca, clients):
    """Kubernetes' probes show no certificate, and know no password."""
    daemon = secure(f"--set=web.tls.client_ca={clients.certificate}", "--set=web.open_probes=true", *QUIET)
    right = shown(*clients.issue("right", extensions="client"))
    stranger = shown(*ca.issue("stranger", extensions="client"))
    assert status(daemon, path="/-/healthy") == status(daemon, path="/-/ready") == "200"
    for path in "/metrics", "/", "/-/nothing", "/-/healthy/", "//-/healthy":
        assert status(daemon, path=path, *()) == "403", path
    assert status(daemon, *right) == "200"
    assert status(daemon, *stranger) == status(daemon, *stranger, path="/-/healthy") == "000"


def test_row_74_a_new_authority_of_clients(secure, clients, tmp_path):
    authorities = tmp_path / "authorities.pem"
    shutil.copy2(clients.certificate, authorities)
    daemon = secure(f"--set=web.tls.client_ca={authorities}", *QUIET, wait=False)
    eventually(lambda: daemon.urls, "the daemon to listen")
    other = authority.Authority(tmp_path / "other")
    right, new = (shown(*each.issue("client", extensions="client")) for each in (clients, other))
    assert (status(daemon, *right), status(daemon, *new)) == ("200", "000")
    shutil.copy2(other.certificate, authorities)
    eventually(lambda: status(daemon, *new) == "200", "the new authority to count")
    assert status(daemon, *right) == "000"


@pytest.mark.parametrize("text, words", [("", "no certificate is in it"), ("hello\n", "")], ids=["empty", "none"])
def test_row_74_an_authority_that_is_none(command, pair, tmp_path, text, words):
    path = tmp_path / "authority.pem"
    path.write_text(text)
    result = command("--check-config", *authority.flags(*pair), f"--set=web.tls.client_ca={path}")
    assert result.returncode == 2
    assert result.stderr.startswith(f"{path}: web.tls.client_ca: {words}")


def test_row_74_an_authority_without_tls(command, ca):
    result = command("--check-config", f"--set=web.tls.client_ca={ca.certificate}")
    assert result.returncode == 2
    assert "web.tls.client_ca: needs web.tls.certificate, which is not set" in result.stderr

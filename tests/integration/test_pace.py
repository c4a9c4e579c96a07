# SPDX-License-Identifier: GPL-2.0-or-later
"""How often a daemon collects that nobody asks, as its log tells: at the interval, also at another one after a reload; and
each five seconds once packets are lost."""

import json
import re
import signal
import socket
import time

from daemon import eventually

ONLY = ("--collector.disable-defaults", "--collector.snmp", "--log.level=debug")
CALM = 15


def collections(daemon):
    """Of snmp, since the start."""
    return len(re.findall(r"collector snmp: ok after", daemon.stderr))


def test_interval_of_a_reload(exporter, tmp_path):
    config = tmp_path / "config.json"

    def settle(interval):
        config.write_text(json.dumps({"collectors": {"snmp": {"interval": interval}}}))

    def take_effect(interval):
        reloads = daemon.stderr.count("configuration reloaded")
        settle(interval)
        daemon.signal(signal.SIGHUP)
        eventually(lambda: daemon.stderr.count("configuration reloaded") > reloads, "the reload")

    def assert_pace(seconds):
        """So often, and not more: the first of them may have been due before, and come late."""
        begin, before = time.monotonic(), collections(daemon)
        eventually(lambda: collections(daemon) >= before + 10, "ten collections")
        count = collections(daemon) - before
        assert count <= (time.monotonic() - begin) / seconds + 2

    def rests():
        before = collections(daemon)
        time.sleep(2)
        return collections(daemon) == before

    settle("200ms")
    daemon = exporter(*ONLY, f"--config.file={config}")
    assert_pace(0.2)
    before = collections(daemon)
    take_effect("5m")
    # The collector's thread and main tell of the end of the old pace, and of the first at the new one, in any order.
    eventually(rests, "it to rest", step=0)
    assert collections(daemon) > before
    take_effect("100ms")
    assert_pace(0.1)


def test_first_loss(exporter, netns):
    """What is collected each 15 s otherwise follows the loss, from then on each 5 s; not so on a host that loses nothing."""
    begin = time.monotonic()
    lossy, quiet = netns(), netns()
    # One that looks more often notices it.
    flags = (*ONLY, "--collector.sockets", "--set=collectors.sockets.interval=1s")
    follows, rests = (exporter(*flags, netns=inside) for inside in (lossy, quiet))
    with lossy.socket(kind=socket.SOCK_DGRAM) as receiver, lossy.socket(kind=socket.SOCK_DGRAM) as sender:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("127.0.0.1", 8125))
        for _ in range(1000):
            sender.sendto(bytes(100), ("127.0.0.1", 8125))
        # One at the start, one at the loss, and at the calm pace one more in so long.
        eventually(lambda: collections(follows) >= 4, "it to hurry", begin + 2 * CALM - time.monotonic())
    assert collections(rests) <= 1 + (time.monotonic() - begin) / CALM

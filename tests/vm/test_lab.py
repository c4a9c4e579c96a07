# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole fault lab under Debian's kernels, where drop sites are counted by drop_monitor too. The exporters that
count them run outside of the namespaces, and see the drops of all: drop_monitor is there alone."""

import pytest
from bench import Watchers
from compare import judge
from recipes import RECIPES
from symbols import in_place

# Of these the BPF source is asked for the device too, from inside the namespace: with one and without, of the
# sender and of the receiver, of other kinds than veth.
DEVICES = (
    "udp-closed-port",
    "udp-closed-unread",
    "nft-output-drop",
    "macvtap-full",
    "tbf-full",
    "other-host",
    # What the machine's own kernel may not have, so that it is told of here alone.
    "clsact-drop",
    "conntrack-full",
    "netem-loss",
    "netem-rate",
    "cpu-backlog",
)


def agrees(name, watchers, inside, host):
    _, lines = judge(RECIPES[name], watchers, inside, host)
    assert not [line for line in lines if not line.agrees]


@pytest.fixture(scope="module")
def watchers(binary, symbols_copy):
    with in_place(symbols_copy):
        started = Watchers(binary)
        yield started
        started.close()


# BPF and drop_monitor count side by side.
@pytest.fixture(scope="module")
def host(watchers, lab_mode):
    started = [watchers.start_host(source) for source in ("bpf", lab_mode)]
    yield started
    watchers.stop(started)


@pytest.mark.parametrize("name", RECIPES)
def test_drop_sites(watchers, host, name):
    agrees(name, watchers, None, host)


@pytest.mark.parametrize("name", DEVICES)
def test_devices(watchers, name):
    agrees(name, watchers, "bpf", ())

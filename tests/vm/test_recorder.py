# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that were dropped, under Debian's kernels: the BPF program that records them, its memory, and its places, which are
used again."""

from contextlib import ExitStack, closing

import pytest
import test_records as native
from daemon import Exporter
from lab import Namespace

ROOM = 16
STACKS = "--set=collectors.drop_monitor.record_stacks=true"


@pytest.fixture
def recording(binary, tmp_path, request):
    """The local socket of an exporter, and a namespace."""
    sites = f"--set=collectors.drop_monitor.record_sites={getattr(request, 'param', ROOM)}"
    path = tmp_path / "s"
    with ExitStack() as keep_open:
        namespace = keep_open.enter_context(closing(Namespace()))
        command = [binary, "--web.listen-address=127.0.0.1:0", *native.FLAGS, f"--web.local-socket={path}"]
        process = keep_open.enter_context(closing(Exporter([*command, native.WHOLE, sites, STACKS], tmp_path / "stderr")))
        process.wait_ready()
        yield path, namespace


def test_each_packet_is_one_that_was_sent(recording):
    native.check_stacks(native.check_each_was_sent(*recording))


def test_a_vlan_tag_is_put_back(recording):
    """Linux 6.1 says apart from the tag whether there is one."""
    native.check_vlan_tags(*recording)


def test_places_are_used_again(recording):
    native.check_places_are_used_again(*recording, ROOM)


@pytest.mark.parametrize("recording", [512], indirect=True, ids=["512"])
def test_places_come_and_go(recording):
    native.check_places_come_and_go(recording[0], 512, alone=True)

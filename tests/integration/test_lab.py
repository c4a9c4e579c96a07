# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of the fault lab, those that this kernel can do: counters of links, protocols and drop sites, side by
side, have moved by exactly what was lost. The rest of them run in the virtual machine (tests/vm)."""

import os
import socket
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from bpf_witness import BpfWitness

sys.path.append(str(Path(__file__).resolve().parents[1] / "lab"))

from bench import Watchers, why_not
from compare import DROPS, judge, without_unseen
from recipes import RECIPES, Expected, Site

POSSIBLE = [name for name in RECIPES if os.geteuid() != 0 or RECIPES[name].possible()]


@pytest.fixture(scope="module")
def no_drop_sites(binary):
    return why_not(binary, "bpf")


@pytest.fixture(scope="module")
def watchers(build, binary, namespaces_possible, no_drop_sites):
    witness = None if no_drop_sites else BpfWitness(str(build / "tests/lab/bpf_witness"))
    started = Watchers(binary, witness)
    yield started
    started.close()
    if witness:
        witness.close()


@pytest.mark.parametrize("name", POSSIBLE)
def test_recipe(watchers, no_drop_sites, name):
    _, lines = judge(RECIPES[name], watchers, None if no_drop_sites else "bpf", ())
    print(*lines, sep="\n")
    assert not [line for line in lines if not line.agrees]


@pytest.mark.parametrize("counted, unseen, wanted", [(0, 260, 0), (0, 199, 1), (1, 260, 1)])
def test_what_one_softirq_drops_is_unseen_as_a_whole(counted, unseen, wanted):
    """Only where none of it was counted, and the witness knows of so many."""
    labels = {"function": "f", "netns": "self"}
    after = {DROPS: [SimpleNamespace(labels=labels, value=counted)]}
    bench = SimpleNamespace(watchers=[SimpleNamespace(where="a")], before=[{}], after=[after], unseen=unseen)
    site = Site(range(200, 260), "NEIGH_FAILED", ("f",), "a", "a0", at_once=True)
    found = without_unseen(bench, Expected("", sites=[site], total=1000, lost=1000))
    lost = 1000 if wanted else range(741, 801)
    assert (len(found.sites), found.total, found.lost) == (wanted, lost, lost)


def test_witnesses_leave_each_other_alone(build, netns, no_drop_sites):
    """While packets are dropped others begin and end: the first one misses none of them."""
    if no_drop_sites:
        pytest.skip(f"no BPF program counts here: {no_drop_sites}")
    program, inside, over = str(build / "tests/lab/bpf_witness"), netns(), threading.Event()

    def drop():
        with inside.socket(kind=socket.SOCK_DGRAM) as sender:
            while not over.is_set():
                for _ in range(100):
                    sender.sendto(b"x", ("127.0.0.1", 9))

    first, dropping = BpfWitness(program), threading.Thread(target=drop)
    before = first.unseen()
    dropping.start()
    try:
        for _ in range(5):
            BpfWitness(program).close()
    finally:
        over.set()
        dropping.join()
    unseen = first.unseen() - before
    first.close()
    assert unseen >= -os.cpu_count()  # drops that it looked into the middle of


def test_recipes_look_at_drop_sites(no_drop_sites):
    if no_drop_sites:
        pytest.skip(f"the recipes looked at counters only: {no_drop_sites}")

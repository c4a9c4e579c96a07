# SPDX-License-Identifier: GPL-2.0-or-later
"""The page written before the test: what each recipe of the fault lab must be to the ledger. test_lab.py and tests/vm
compare with it what the recipes do."""

import sys
from pathlib import Path

import pytest

import losses
from daemon import seeded
from link_lab import ALL_KINDS
from lost_events import EVENTS_LOST, assert_told
from test_ledger_controls import told
from test_ledger_mixtures import settled

sys.path.append(str(Path(__file__).resolve().parents[1] / "lab"))

import truth
from recipes import RECIPES

LISTEN_DROPS = "netdrop_tcpext_listen_drops_total"
PAGE = Path(__file__).resolve().parents[2] / "docs/fault-lab.md"


def test_every_recipe_has_its_truth():
    assert sorted(truth.TRUTHS) == sorted(RECIPES)
    for name, told in truth.TRUTHS.items():
        assert told.equal or told.why_not, name
        assert bool(told.rows) <= bool(told.equal), name


def test_rows_are_the_causes(tree):
    """With the stage and the class that the program gives the cause."""
    source = (tree / "collectors/meaning/drop_cause.c").read_text()
    for name, told in truth.TRUTHS.items():
        for row in told.rows:
            for cause in () if row.is_counters else row.causes:
                line = next(line for line in source.splitlines() if f'"{cause}"' in line)
                assert row.labels(cause, "")["stage"].upper() in line and row.loss_class.upper() in line, name


def test_the_page_is_the_truth(request):
    lines = list(truth.table(RECIPES))
    prose, _, _ = PAGE.read_text().partition(lines[0])
    whole = prose + "\n".join(lines) + "\n"
    if request.config.getoption("--update-golden"):
        PAGE.write_text(whole)
    assert PAGE.read_text() == whole


@pytest.mark.usefixtures("bpf_possible")
def test_a_full_accept_queue(netns, exporter):
    """What no place sees, and the ledger has by its counter: a row of its own cause."""
    chosen, a, b = seeded(), netns(), netns()
    wire = losses.Wire(a, b, chosen)
    process = exporter(*ALL_KINDS, netns=b)
    told(process)
    before = settled(process).value(LISTEN_DROPS)
    refused = losses.accept_queue_full(wire, chosen.randrange(5, 40))
    found = told(process)
    dropped = settled(process).value(LISTEN_DROPS) - before
    assert dropped == refused
    row = ("", "tcp_listen_drop", "capacity")
    assert {key for key in found if key[1] in ("tcp_listen_drop", "unexplained")} <= {row}
    assert_told(found.get(row, 0), dropped, found.get(EVENTS_LOST, 0))

# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of the fault lab, those that this kernel can do: counters of links, protocols and drop sites, side by
side, have moved by exactly what was lost. The rest of them run in the virtual machine (tests/vm)."""

import os
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "lab"))

from bench import Watchers, why_not
from compare import judge
from recipes import RECIPES

POSSIBLE = [name for name in RECIPES if os.geteuid() != 0 or RECIPES[name].possible()]


@pytest.fixture(scope="module")
def no_drop_sites(binary):
    return why_not(binary, "bpf")


@pytest.fixture(scope="module")
def watchers(binary, namespaces_possible):
    started = Watchers(binary)
    yield started
    started.close()


@pytest.mark.parametrize("name", POSSIBLE)
def test_recipe(watchers, no_drop_sites, name):
    _, lines = judge(RECIPES[name], watchers, None if no_drop_sites else "bpf", ())
    assert not [line for line in lines if not line.agrees]


def test_recipes_look_at_drop_sites(no_drop_sites):
    if no_drop_sites:
        pytest.skip(f"the recipes looked at counters only: {no_drop_sites}")

# SPDX-License-Identifier: GPL-2.0-or-later
"""For the tests that run inside the virtual machine, in one process for each boot: starting Python is slow there.
BUILD names the build directory whose daemon is tested."""

import os
import sys
from pathlib import Path

import pytest
import symbols

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "integration"), str(TESTS / "lab")]

# What is for the whole host, like the state of drop_monitor, these tests change.
assert "NETDROP_VM" in os.environ, "these tests run inside the virtual machine: scripts/test vm"


@pytest.fixture(scope="session")
def binary():
    return os.path.join(os.environ["BUILD"], "netdrop-exporter")


@pytest.fixture(scope="session")
def symbols_copy(tmp_path_factory):
    return symbols.copy(tmp_path_factory.mktemp("symbols") / "kallsyms")


def pytest_addoption(parser):
    parser.addoption("--mode", action="append", choices=("summary", "packet"), help="for the lab; default: both")


def pytest_generate_tests(metafunc):
    # The two exclude each other: the whole lab is run once for each.
    if "lab_mode" in metafunc.fixturenames:
        modes = metafunc.config.getoption("--mode") or ["summary", "packet"]
        metafunc.parametrize("lab_mode", modes, scope="module")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem == "test_lockdown")  # after it the kernel is another one

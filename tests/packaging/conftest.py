# SPDX-License-Identifier: GPL-2.0-or-later
"""PACKAGES names the directory that scripts/package built into, REBUILT one where it did so again from a copy of
the tree in another directory, the rpm with --all; tests/packaging/ci makes both."""

import os
import signal
import sys
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
sys.path.append(str(TREE / "tests" / "integration"))


def pytest_configure():
    # A stage that runs out of time is sent SIGTERM: even then containers must go.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated", 143))


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run the slow tests too")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--all"):
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


@pytest.fixture(scope="session")
def tree():
    return TREE


@pytest.fixture(scope="session")
def packages():
    return Path(os.environ["PACKAGES"])


@pytest.fixture(scope="session")
def rebuilt():
    return Path(os.environ["REBUILT"])


def only(directory, pattern):
    found = list(directory.glob(pattern))
    assert len(found) == 1, found
    return found[0]


@pytest.fixture(scope="session")
def deb(packages):
    return only(packages, "netdrop-exporter_*.deb")


@pytest.fixture(scope="session")
def rpm(packages):
    return only(packages, "netdrop-exporter-*[!c].rpm")

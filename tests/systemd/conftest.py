# SPDX-License-Identifier: GPL-2.0-or-later
"""For the tests of the service, which run under a systemd of their own (tests/systemd/run), with the program installed.
The unit files are the installed ones."""

import os
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "integration"), str(Path(__file__).parent)]

assert "NETDROP_SYSTEMD" in os.environ, "these tests need a systemd of their own: scripts/test systemd"

from service import Service  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--late", default="5", help="seconds that an address comes late, comma-separated")


@pytest.fixture
def seconds_late(request):
    return [int(seconds) for seconds in request.config.getoption("--late").split(",")]


@pytest.fixture
def stopped():
    """The service, not started yet; ended with everything it left behind."""
    under_test = Service()
    yield under_test
    under_test.remove()


@pytest.fixture
def service(stopped):
    stopped.start()
    return stopped

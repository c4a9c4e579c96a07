# SPDX-License-Identifier: GPL-2.0-or-later
"""For the tests of the package as installed, which run under a systemd of their own (tests/systemd/run)."""

import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
sys.path += [str(TESTS / name) for name in ("integration", "systemd", "packaging")]

assert "NETDROP_SYSTEMD" in os.environ, "these tests install packages: scripts/test packages runs them elsewhere"

# SPDX-License-Identifier: GPL-2.0-or-later
"""What the virtual machine promises its tests (tests/vm/run)."""

from pathlib import Path


def test_its_clock_is_the_emulators():
    """One that was measured while the machine was starved runs too fast."""
    assert Path("/sys/devices/system/clocksource/clocksource0/current_clocksource").read_text(encoding="ascii") == "hpet\n"

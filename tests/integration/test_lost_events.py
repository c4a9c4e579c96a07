# SPDX-License-Identifier: GPL-2.0-or-later
"""The judges of counted drops (lost_events.py): what they let pass, and what they do not."""

import pytest

from lost_events import assert_counted, assert_told, is_counted

RIGHT = {
    "all": (5, 5, 0),
    "one not counted": (4, 5, 1),
    "of two kinds": ({"a": 1, "b": 2}, {"a": 1, "b": 3}, 1),
    "nothing": ({}, {"a": 0}, 0),
}
WRONG = {
    "one missing": (4, 5, 0),
    "one too many": (6, 5, 9),
    "none found": (0, 5, 9),
    "what was not made": ({"a": 1, "b": 2}, {"a": 1}, 9),
    "none of one kind": ({"a": 1}, {"a": 1, "b": 1}, 9),
    "more missing than not counted": ({"a": 1, "b": 1}, {"a": 2, "b": 2}, 1),
}


@pytest.mark.parametrize("numbers", RIGHT.values(), ids=RIGHT)
def test_what_is_right(numbers):
    assert_counted(*numbers)


@pytest.mark.parametrize("numbers", WRONG.values(), ids=WRONG)
def test_what_is_wrong(numbers):
    with pytest.raises(AssertionError):
        assert_counted(*numbers)


def test_what_the_ledger_tells():
    assert_told(5, 5, 0)
    assert_told(0, 5, 1)
    for found, uncounted in ((4, 0), (6, 0), (6, 1)):
        with pytest.raises(AssertionError):
            assert_told(found, 5, uncounted)


def test_what_is_waited_for():
    assert is_counted(4, 5, 1) and is_counted(5, 5, 0) and is_counted(6, 5, 0)
    assert not is_counted(3, 5, 1)

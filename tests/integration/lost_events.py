# SPDX-License-Identifier: GPL-2.0-or-later
"""What drop sites must say of a known number of drops: each of them, but for those of which the program itself says that it
could not count them. These it counts for the whole host, where tests that run beside drop packets, too: an interrupt drops
while the BPF program runs on its CPU, or its maps are full of keys of others."""

from collections.abc import Mapping

# The row of the ledger that has them: (device, cause, class).
EVENTS_LOST = ("", "events_lost", "unknown")


def lost(page):
    """How many drops of this host were not counted: any of ours may be among them."""
    return sum(row.value for row in page.series("netdrop_kernel_drop_events_lost_total"))


def assert_counted(found, made, uncounted):
    """Both are numbers of drops, or one for each key. Nothing is found that was not made, of nothing all is missing, and no
    more is missing than was not counted: where all was, they are equal."""
    if not isinstance(made, Mapping):
        found, made = {"drops": found}, {"drops": made}
    missing = {key: made.get(key, 0) - found.get(key, 0) for key in {*made, *found}}
    assert all(count >= 0 for count in missing.values()), (found, made)
    assert all(found.get(key) or not made[key] for key in made), (found, made)
    assert sum(missing.values()) <= uncounted, (found, made, uncounted)


def assert_told(found, made, uncounted):
    """Of a counter's packets that no drop site explains: all of them; or fewer, where drops were not counted that may explain
    some. The ledger begins anew then."""
    assert found == made or (uncounted and found < made), (found, made, uncounted)


def is_counted(found, made, uncounted):
    """Whether all that were made were found, or else were not counted: what one waits for."""
    return found + uncounted >= made

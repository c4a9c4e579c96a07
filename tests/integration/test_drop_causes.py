# SPDX-License-Identifier: GPL-2.0-or-later
"""What was lost by cause and direction, with the BPF source: to the skb, and to the segment."""

import pytest

from causes import Causes, Router, Tunnels, judge, judge_everyday, judge_nothing, own
from lost_events import assert_counted, is_counted

pytestmark = pytest.mark.usefixtures("bpf_possible")


@pytest.fixture
def router(veth):
    return Router(veth)


@pytest.fixture
def causes(build, router):
    started = Causes(build, router.b)
    yield started
    started.close()


def test_each_drop_has_its_cause_and_direction(causes, router, chosen):
    judge(causes, router.faults(), chosen)


def test_a_link_that_is_down_is_no_full_queue(causes, router, chosen):
    router.lose_the_link()
    judge(causes, router.faults_of_the_link(), chosen)


def test_what_happens_every_day_is_known(causes, router):
    judge_everyday(causes, router)


def test_no_cause_where_nothing_is_lost(causes, router, chosen):
    judge_nothing(causes, router, chosen)


def test_drops_keep_the_name_that_their_device_had(causes, router, chosen):
    """Rows by the name at the time of the drop; the count of a device that was renamed stays with its old name."""
    make, row, _ = router.faults()[0]
    counts = [chosen.randrange(20, 200) for _ in range(2)]
    make(counts[0])
    assert_counted(causes.settled()[row], counts[0], causes.lost)
    router.b.batch(["link set b0 down", "link set b0 name renamed0", "link set renamed0 up"])
    router.b.ip(f"neighbour replace {router.veth.ADDRESS['a0']} lladdr {router.veth.MAC['a0']} nud permanent dev renamed0")
    make(counts[1])
    found = causes.settled()
    renamed = row._replace(device="renamed0")
    assert_counted({each: found[each] for each in (row, renamed)}, {row: counts[0], renamed: counts[1]}, causes.lost)


def test_other_namespaces_have_no_device(causes, build, router, chosen):
    """What a's side sees of b: the drops are there, of another namespace, without a device that it might take for its own."""
    elsewhere = Causes(build, router.a)
    try:
        before = elsewhere.read()
        make, row, _ = router.faults()[0]
        count = chosen.randrange(20, 200)
        make(count)
        causes.settled()
        found = elsewhere.read() - before
        assert own(found) == {}
        assert is_counted(found[row._replace(netns="other", device="")], count, elsewhere.lost)
    finally:
        elsewhere.close()


def test_what_a_tunnel_drops_was_received(build, veth, chosen):
    """It has been given the tunnel's device by then, or has lost the note of where it came in. Tunnels of other kinds, which
    not every kernel has: tests/vm."""
    causes = Causes(build, veth.b)
    try:
        Tunnels(veth, "vxlan").judge(causes, chosen)
    finally:
        causes.close()

# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose packets are dropped: what is lost by sockets of ten control groups is counted at each of them, to the packet,
and what is nobody's at nobody. tests/vm runs the same under Debian's kernels."""

import os

import pytest
import workloads
from daemon import eventually, seeded
from lost_events import assert_counted, lost

pytestmark = pytest.mark.usefixtures("bpf_possible", "hierarchy")


@pytest.fixture(scope="module")
def hierarchy():
    try:
        workloads.hierarchy()
    except OSError as error:
        pytest.skip(str(error))


@pytest.fixture
def workload(netns):
    """workload() makes one, in one namespace for all that ask for no other."""
    made = []
    home = []

    def make(namespace=None, **options):
        if not namespace and not home:
            home.append(netns())
            workloads.prepare(home[0])
        made.append(workloads.Workload(namespace or home[0], **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def own(number):
    """A service of this run: drops are those of the whole host, where others may run these tests, too."""
    return f"netdrop{os.getpid()}n{number}.service"


def test_ten_workloads(exporter, workload):
    ten = [workload() for _ in range(10)]
    page = workloads.judge(exporter(*workloads.FLAGS), ten)
    for each in ten:
        assert page.value("netdrop_workload_info", unit=each.unit, cgroup=f"/{each.unit}") == 1


@pytest.mark.flood
def test_row_69_more_workloads_than_the_kernel_has_room_for(exporter, netns):
    """They come and go, nearly a thousand more than fit at once: none is lost, and none is another's."""
    namespace = netns()
    workloads.prepare(namespace)
    process = exporter(*workloads.FLAGS, "--set=collectors.drop_monitor.max_workloads=10000")
    before = workloads.settled(process)
    units = [own(number) for number in range(5000)]
    for first in range(0, len(units), 200):
        workloads.come_and_go(namespace, units[first : first + 200], 3)
        workloads.settled(process)
    page = workloads.settled(process)
    found = {row.labels["unit"]: row.value for row in page.series(workloads.DROPS)}
    assert_counted({unit: found.get(unit, 0) for unit in units}, dict.fromkeys(units, 3), lost(page))
    assert not any(workloads.per_class_moved(before, page, "other").values())
    assert workloads.per_class_moved(before, page, "unknown")["policy"] == 0
    workloads.assert_all_add_up(process)


@pytest.mark.flood
def test_row_69_more_workloads_than_rows(exporter, netns):
    """What gives way is carried on."""
    namespace = netns()
    workloads.prepare(namespace)
    process = exporter(*workloads.FLAGS, "--set=collectors.drop_monitor.max_workloads=16")
    before = workloads.settled(process)
    for first in range(0, 400, 20):
        workloads.come_and_go(namespace, [own(number) for number in range(first, first + 20)], 3)
        workloads.settled(process)
    page = workloads.settled(process)
    rows = [row for row in page.series(workloads.DROPS) if row.labels["unit"].endswith(".service")]
    assert 0 < len(rows) <= 16
    assert page.value("netdrop_workload_drops_forgotten_total", **{"class": "policy"}) > 0
    assert workloads.fits(workloads.per_class(page)["policy"] - workloads.per_class(before)["policy"], 1200, lost(page))
    workloads.assert_all_add_up(process)


@pytest.mark.flood
def test_how_near_the_limit_of_rows_is(exporter, netns, workload):
    """Who is gone does not count. Others of this host may lose packets, too, and some of them may be gone."""
    namespace = netns()
    workloads.prepare(namespace)
    process = exporter(*workloads.FLAGS, "--set=collectors.drop_monitor.max_workloads=200")
    gone = {own(number) for number in range(80)}
    workloads.come_and_go(namespace, sorted(gone), 3)
    living = [workload(namespace=namespace) for _ in range(30)]
    for each in living:
        assert workloads.output_refused(each, 3) == 3

    def near():
        page = process.metrics()
        units = [row.labels["unit"] for row in page.series(workloads.DROPS)]
        rows = [unit for unit in units if unit not in ("", "unknown", "other")]
        staying, most = (page.value(f"netdrop_collector_{name}", collector="drop_monitor") for name in ("limited_series", "series_limit"))
        assert most == 200
        return gone <= set(rows) and 30 <= staying <= len(rows) - len(gone)

    eventually(near, "what is gone not to count", timeout=180)


@pytest.mark.flood
def test_two_hundred_workloads_in_two_hundred_namespaces(exporter, netns, workload, pytestconfig):
    """In turns, and with packets of nobody in between."""
    chosen = seeded()
    total = 1_000_000 if pytestconfig.getoption("--all") else 100_000
    namespaces = [netns() for _ in range(200)]
    for namespace in namespaces:
        workloads.refuse(namespace)
    many = [workload(namespace=namespace) for namespace in namespaces]
    process = exporter(*workloads.FLAGS)
    before = workloads.settled(process)
    made = workloads.spread(chosen, many, total // 2)
    for namespace in namespaces:
        workloads.of_nobody(namespace, 20)
    made += workloads.spread(chosen, many, total - total // 2)
    page = workloads.settled(process)
    found = {row.labels["unit"]: row.value for row in page.series(workloads.DROPS, netns="other")}
    assert_counted({each.unit: found.get(each.unit, 0) for each in many}, {each.unit: made[each.unit] for each in many}, lost(page))
    assert workloads.fits(workloads.per_class_moved(before, page, "")["policy"], 20 * len(namespaces), lost(page))
    for unit in ("unknown", "other"):
        assert workloads.per_class_moved(before, page, unit)["policy"] == 0  # others on the host lose by no rule
    workloads.assert_all_add_up(process)


@pytest.mark.flood
def test_units_of_a_day(exporter, netns, pytestconfig):
    """Services and transient units that come and go, 50 a second and more: rows are bounded, no counter steps back, and
    transient units count at their slice."""
    namespace = netns()
    workloads.refuse(namespace)
    slice_ = f"netdropday{os.getpid()}.slice"
    process = exporter(*workloads.FLAGS)
    page = before = workloads.settled(process)
    count = 100_000 if pytestconfig.getoption("--all") else 4_000
    for first in range(0, count, 200):
        units = [own(n) if n % 2 else f"{slice_}/run-r{n:032x}.service" for n in range(first, first + 200)]
        workloads.come_and_go(namespace, units, 2)
        earlier, page = page, workloads.settled(process)
        workloads.assert_none_steps_back(earlier, page)
        rows = page.series(workloads.DROPS)
        assert len([row for row in rows if row.labels["unit"].endswith(".service")]) <= 1000
    workloads.hierarchy().joinpath(slice_).rmdir()
    assert_counted(workloads.counted(page, unit=slice_), count, lost(page))
    moved = workloads.per_class(page)["policy"] - workloads.per_class(before)["policy"]
    assert workloads.fits(moved, 2 * count, lost(page))
    assert not any(workloads.per_class_moved(before, page, "other").values())
    workloads.assert_all_add_up(process)

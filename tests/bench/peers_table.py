# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of peers.py as tables: everybody at each number of interfaces, and the aims beside what was reached."""

from measure import mib, ms, table

OURS, OURS_CORE = "netdrop-exporter", "netdrop-exporter, link+snmp"
NODE, NETDATA = "node_exporter", "netdata"


def scrape_ns(one):
    """As Prometheus asks: compressed, where it can."""
    return one.get("gzip", one["identity"])["cpu_ns"]


def collection_ns(one):
    """Of one round of all its collectors; nothing where each scrape collects."""
    if one["collection_ns"]:
        return sum(one["collection_ns"].values())
    return one["idle_ns_per_second"].get("10", 0) * 10


def total_ns(one):
    return collection_ns(one) + scrape_ns(one)


def hour_s(one, every, interval=None):
    """CPU seconds in an hour of scrapes `every` so many seconds, collections included."""
    idle = one["idle_ns_per_second"]
    at_rest = idle.get(interval) if interval else next(iter(idle.values()))
    return None if at_rest is None else 3600 * (at_rest + scrape_ns(one) / every) / 1e9


def _coding(one, coding, show):
    return show(one[coding]) if coding in one else ""


def _seconds(value):
    return "" if value is None else f"{value:.2f}"


def _milliseconds_idle(one, interval):
    value = one["idle_ns_per_second"].get(interval)
    return "" if value is None else ms(value)


def _requests(one, connections):
    value = one["requests_per_second"].get(connections)
    return "" if value is None else f"{value:.0f}"


LATENCY = lambda found: f"{ms(found['p50_ns'])}, {ms(found['p99_ns'])}"  # noqa: E731

ROWS = {
    "series": lambda one: one["series"],
    "bytes": lambda one: one["identity"]["bytes"],
    "bytes gzipped": lambda one: _coding(one, "gzip", lambda found: found["bytes"]),
    "collection, ms": lambda one: ms(collection_ns(one)) if collection_ns(one) else "",
    "scrape, ms": lambda one: ms(one["identity"]["cpu_ns"]),
    "gzip scrape, ms": lambda one: _coding(one, "gzip", lambda found: ms(found["cpu_ns"])),
    "collection + gzip scrape, ms": lambda one: ms(total_ns(one)),
    "latency p50, p99, ms": lambda one: LATENCY(one["identity"]),
    "latency gzipped p50, p99, ms": lambda one: _coding(one, "gzip", LATENCY),
    "requests/s, 1 connection": lambda one: _requests(one, "1"),
    "requests/s, 10 connections": lambda one: _requests(one, "10"),
    "requests/s, 100 connections": lambda one: _requests(one, "100"),
    "idle, collecting each 1 s, ms a second": lambda one: _milliseconds_idle(one, "1"),
    "idle, collecting each 10 s, ms a second": lambda one: _milliseconds_idle(one, "10"),
    "an hour scraped each 15 s, s": lambda one: _seconds(hour_s(one, 15)),
    "an hour scraped each 60 s, s": lambda one: _seconds(hour_s(one, 60)),
    "the same, collecting each 10 s": lambda one: _seconds(hour_s(one, 60, "10")),
    "RSS, MiB": lambda one: mib(one["rss_kib"]),
    "PSS, MiB": lambda one: mib(one["pss_kib"]),
    "exec to first complete answer, ms": lambda one: f"{one['first_answer_s'] * 1e3:.0f}",
    "on disk, MiB": lambda one: mib(one["disk_own_kib"]),
    "on disk with what it needs, MiB": lambda one: mib(one["disk_kib"]),
}


def show_everybody(result):
    found = result["contenders"]
    lines = [(name, [cell(one) for one in found.values()]) for name, cell in ROWS.items()]
    ratios = [f"{total_ns(one) / total_ns(found[OURS]):.1f}" for one in found.values()]
    lines.append(("collection + gzip scrape : netdrop-exporter's", ratios))
    table(f"{result['interfaces']} interfaces", list(found), lines)


def show_collectors(result):
    head = ["series", "bare kernel calls, ms", "collection, ms", "ratio", "allocations"]
    lines = [
        (one["collector"], [one["series"], ms(one["floor_ns"]), ms(one["collection_ns"]),
                            f"{one['collection_ns'] / one['floor_ns']:.2f}", one["allocations"]])
        for one in result["collectors"]
    ]  # fmt: skip
    table(f"one collection, {result['interfaces']} interfaces", head, lines)


def aims(results):
    """(aim, limit, what was reached): each a ratio of this run, at the largest number of interfaces up to 1,000."""
    at = {result["interfaces"]: result for result in results}
    count = max((number for number in at if number <= 1000), default=min(at))
    result = at[count]
    found, floors = result["contenders"], result["floors"]
    ours, core, link = found[OURS], found[OURS_CORE], result["collectors"][0]
    floor = floors["static"]["cpu_ns"] + floors["format_ns"]
    yield "collection + scrape : node_exporter's", 1 / 100, total_ns(ours) / total_ns(found[NODE])
    yield "collection + scrape : netdata's", 1 / 10, total_ns(ours) / total_ns(found[NETDATA])
    yield "link collection : the bare dump", 1.3, link["collection_ns"] / link["floor_ns"]
    yield "scrape : static buffer + bare printing", 1.3, core["identity"]["cpu_ns"] / floor
    yield "gzip scrape : scrape", 2.5, core["gzip"]["cpu_ns"] / core["identity"]["cpu_ns"]
    yield "RSS : 16 MiB", 1, ours["rss_kib"] / 16384
    yield "RSS : netdata's", 1 / 10, ours["rss_kib"] / found[NETDATA]["rss_kib"]
    yield "ten scrapes of a snapshot : one", 10, core["gzip_by_ten"]["cpu_ns"] / core["gzip"]["cpu_ns"]
    if {1000, 4000} <= set(at):
        yield "4,000 interfaces : 1,000", 4.4, total_ns(at[4000]["contenders"][OURS]) / total_ns(ours)


def show(results):
    for result in results:
        show_everybody(result)
        show_collectors(result)
    lines = [(name, [f"{limit:.2f}", f"{reached:.3f}", "" if reached <= limit else "missed"])
             for name, limit, reached in aims(results)]  # fmt: skip
    table("ratio", ["aim, at most", "reached", ""], lines)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of peers.py as tables: everybody at each number of interfaces, and the aims beside what was reached."""

from measure import mib, ms, table

OURS, OURS_CORE = "netdrop-exporter", "netdrop-exporter, link+snmp"
NODE, NODE_CORE, NETDATA = "node_exporter", "node_exporter, netdev+netstat", "netdata"


def scrape_ns(one):
    """As Prometheus asks: compressed, where it can."""
    return one.get("gzip", one["identity"])["cpu_ns"]


def collection_ns(one):
    """Of one round of all its collectors; nothing where each scrape collects."""
    if one["collection_ns"]:
        return sum(one["collection_ns"].values())
    return one["idle_ns_per_second"].get("10", 0) * 10


def total_ns(one):
    """Of a collection and a scrape: measured together where a scrape has it collected."""
    return one["asked"]["cpu_ns"] if "asked" in one else collection_ns(one) + scrape_ns(one)


def hour_s(one, every):
    """CPU seconds in an hour of scrapes `every` so many seconds, collections included. Of who collects when asked, an
    upper bound: what a scrape collects the background need not."""
    at_rest = next(iter(one["idle_ns_per_second"].values()))
    asked = one["asked"]["cpu_ns"] if "asked" in one else scrape_ns(one)
    return 3600 * (at_rest + asked / every) / 1e9


def _coding(one, coding, show):
    return show(one[coding]) if coding in one else ""


def _at_rest(one):
    interval, cost = next(iter(one["idle_ns_per_second"].items()))
    return f"{ms(cost)} ({interval} s)"


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
    "the same, waiting for a collection": lambda one: _coding(one, "asked", LATENCY),
    "requests/s, 1 connection": lambda one: _requests(one, "1"),
    "requests/s, 10 connections": lambda one: _requests(one, "10"),
    "requests/s, 100 connections": lambda one: _requests(one, "100"),
    "at rest, ms a second (collecting each)": _at_rest,
    "an hour scraped each 60 s, s": lambda one: f"{hour_s(one, 60):.2f}",
    "an hour scraped each 15 s, s": lambda one: f"{hour_s(one, 15):.2f}",
    "an hour scraped each 5 s, s": lambda one: f"{hour_s(one, 5):.2f}",
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


# CPU seconds of an hour that nobody minds.
SMALL_HOUR = 0.45
EVERY = (60, 15, 5)


def hour_aims(result):
    """Below node_exporter's least where that needs more than a small hour; a tenth of netdata's, a sixth with few."""
    found, count = result["contenders"], result["interfaces"]
    for every in EVERY:
        least = max(SMALL_HOUR, hour_s(found[NODE_CORE], every))
        yield f"{count} interfaces, each {every} s : node_exporter's", 1, hour_s(found[OURS_CORE], every) / least
        part = 1 / 10 if count >= 100 else 1 / 6
        yield f"{count} interfaces, each {every} s : netdata's", part, hour_s(found[OURS], every) / hour_s(found[NETDATA], every)


def aims(results):
    """(aim, limit, what was reached): each a ratio of this run. Where none is said, at the largest number of interfaces up
    to 1,000."""
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
    for result in results:
        yield from hour_aims(result)
    if {1000, 4000} <= set(at):
        yield "4,000 interfaces : 1,000", 4.4, total_ns(at[4000]["contenders"][OURS]) / total_ns(ours)


def _figure(value):
    """Three digits, as a person reads them."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.{max(0, 2 - int(value >= 10))}f}"


def _waits(one):
    found = one.get("asked", one.get("gzip", one["identity"]))
    return f"{_figure(found['p50_ns'] / 1e6)}, {_figure(found['p99_ns'] / 1e6)}"


# What docs/cost.md tells of each contender, in sections.
SECTIONS = {
    "CPU of a scrape with what it collects, gzipped if possible, ms": lambda one: _figure(total_ns(one) / 1e6),
    **{
        f"CPU of an hour of scrapes every {every} s, collections included, s": lambda one, every=every: _figure(hour_s(one, every))
        for every in EVERY
    },
    "latency of that scrape, median and 99th percentile, ms": _waits,
    "resident memory after scrapes by 100 connections, MiB": lambda one: _figure(one["rss_kib"] / 1024),
    "from exec to the first complete answer, ms": lambda one: _figure(one["first_answer_s"] * 1e3),
}
def document(results):
    """The tables of docs/cost.md."""
    ours = [result["contenders"][OURS] for result in results]
    core = [result["contenders"][OURS_CORE] for result in results]
    links = [result["collectors"][0] for result in results]
    rows = [
        ("series, all collectors", [f"{one['series']:,}" for one in ours]),
        ("kilobytes, and gzipped", [f"{one['identity']['bytes'] / 1e3:,.0f}, {one['gzip']['bytes'] / 1e3:,.0f}" for one in ours]),
        ("link, one collection : the bare kernel dump", [f"{one['collection_ns'] / one['floor_ns']:.2f}" for one in links]),
        ("allocations in collections", [max(one["allocations"] for one in result["collectors"]) for result in results]),
        ("to encode link and snmp, ms", [_figure(one["identity"]["cpu_ns"] / 1e6) for one in core]),
        ("to encode and gzip link and snmp, ms", [_figure(one["gzip"]["cpu_ns"] / 1e6) for one in core]),
        ("the same for ten scrapers of one snapshot, ms", [_figure(one["gzip_by_ten"]["cpu_ns"] / 1e6) for one in core]),
    ]
    names = list(dict.fromkeys(name for result in results for name in result["contenders"]))
    for title, cell in SECTIONS.items():
        rows.append((f"**{title}**", [""] * len(results)))
        rows += [(name, [_cell(result, name, cell) for result in results]) for name in names]
    head = ["interfaces", *(f"{result['interfaces']:,}" for result in results)]
    lines = [head, ["---", *["---:"] * len(results)], *([name, *map(str, cells)] for name, cells in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(result, name, cell):
    return cell(result["contenders"][name]) if name in result["contenders"] else ""


def show(results):
    for result in results:
        show_everybody(result)
        show_collectors(result)
    lines = [(name, [f"{limit:.2f}", f"{reached:.3f}", "" if reached <= limit else "missed"])
             for name, limit, reached in aims(results)]  # fmt: skip
    table("ratio", ["aim, at most", "reached", ""], lines)

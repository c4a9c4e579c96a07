# SPDX-License-Identifier: GPL-2.0-or-later
"""Cost against the number of interfaces, both logarithmic, as SVG."""

from math import ceil, floor, log10

from peers_table import total_ns

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 830, 440, 80, 30, 250, 50
COLOURS = ("#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#555555")


def _lines(results):
    """name -> [(interfaces, ms)]"""
    found = {}
    for result in sorted(results, key=lambda result: result["interfaces"]):
        count = result["interfaces"]
        for name, one in result["contenders"].items():
            found.setdefault(name, []).append((count, total_ns(one) / 1e6))
        bare = sum(one["floor_ns"] for one in result["collectors"] if one["collector"] in ("link", "snmp"))
        least = bare + result["floors"]["static"]["cpu_ns"] + result["floors"]["format_ns"]
        found.setdefault("the floor of link+snmp, no gzip", []).append((count, least / 1e6))
    # What cannot be told from nothing has no place on a logarithmic scale.
    return {name: [(count, max(cost, 1e-3)) for count, cost in points] for name, points in found.items()}


def _decades(values):
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)


def _label(power, unit=""):
    return f"{10**power:,}{unit}" if power >= 0 else f"{10**power:g}{unit}"


def plot(results):
    lines = _lines(results)
    left, right = _decades([count for points in lines.values() for count, _ in points])
    low, high = _decades([cost for points in lines.values() for _, cost in points])

    def x(count):
        return LEFT + (log10(count) - left) / (right - left) * (WIDTH - LEFT - RIGHT)

    def y(cost):
        return HEIGHT - BOTTOM - (log10(cost) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="18">CPU of a collection and a scrape, gzipped where it can be</text>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle">interfaces</text>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{_label(power, " ms")}</text>')
    for power in range(left, right + 1):
        at = x(10.0**power)
        parts.append(f'<path d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_label(power)}</text>')
    for i, (name, points) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        way = " ".join(f"{x(count):.1f},{y(cost):.1f}" for count, cost in points)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(count):.1f}" cy="{y(cost):.1f}" r="3" fill="{colour}"/>' for count, cost in points]
        parts.append(f'<text x="{WIDTH - RIGHT + 14}" y="{TOP + 14 + 20 * i}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"

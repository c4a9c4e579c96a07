# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/lab runs once the exporter is built: the recipes, and a table of what each did."""

import argparse
import signal
import sys
import traceback
from pathlib import Path

sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "integration"))

from bench import Watchers, why_not
from compare import judge
from recipes import RECIPES


def show(expected, lines):
    """Returns whether all of it agrees."""
    print(f"    sent {expected.sent}")
    for line in lines:
        verdict = "" if line.agrees else f"  DIFFERS, expected {line.expected}"
        print(f"    {line.where:8}{line.metric:72}{line.moved:+9}{verdict}")
    if not lines:
        print("    no counter of loss moved, and no drop site")
    agree = all(line.agrees for line in lines)
    print(f"    {'agree' if agree else 'DO NOT AGREE'}\n", flush=True)
    return agree


def run(recipe, watchers, inside, host):
    print(f"{recipe.name}: {recipe.title}", flush=True)
    try:
        return show(*judge(recipe, watchers, inside, host))
    except Exception:  # pylint: disable=broad-except # one that cannot be run has failed; the others go on
        traceback.print_exc(file=sys.stdout)
        print("    FAILED\n", flush=True)
        return False


def list_recipes():
    for recipe in RECIPES.values():
        print(f"{recipe.name:30}{recipe.title}{'' if recipe.possible() else ' (only with --vm)'}")


def choose(names):
    """The recipes to run: those named, or all."""
    for name in names or RECIPES:
        if RECIPES[name].possible():
            yield RECIPES[name]
        else:
            print(f"{name}: {RECIPES[name].title}\n    not possible under this kernel: --vm runs it\n")


def sources(binary, asked):
    """Those asked for, or bpf where it can run: (source of the exporters inside, sources outside)."""
    for source in asked or ["bpf"]:
        reason = why_not(binary, source)
        if reason and asked:
            sys.exit(f"scripts/lab: no drop sites by {source}: {reason}")
        if reason:
            print(f"Counters only, no drop sites: {reason}\n")
            return None, []
    return "bpf" if not asked or "bpf" in asked else None, [source for source in asked if source != "bpf"]


def parse():
    parser = argparse.ArgumentParser(prog="scripts/lab", add_help=False)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--source", action="append", default=[], choices=("bpf", "summary", "packet"))
    parser.add_argument("--binary", required=True)
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in RECIPES:
            parser.error(f"there is no recipe {name}; --list shows them all")
    return arguments


def main():
    arguments = parse()
    if arguments.list:
        list_recipes()
        return 0
    # Whatever ends us, namespaces and exporters go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    inside, outside = sources(arguments.binary, arguments.source)
    watchers = Watchers(arguments.binary)
    try:
        host = [watchers.start_host(source) for source in outside]
        outcomes = [(recipe.name, run(recipe, watchers, inside, host)) for recipe in choose(arguments.names)]
    finally:
        watchers.close()
    failed = [name for name, agree in outcomes if not agree]
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} recipes agree")
    if failed:
        print("do not agree:", ", ".join(failed))
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())

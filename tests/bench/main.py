#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/bench runs, once what it measures is built."""

import argparse
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "integration"), str(HERE.parent / "lab")]

import drops  # noqa: E402
import hostile  # noqa: E402
import hour  # noqa: E402
import packets  # noqa: E402
import peers  # noqa: E402
import quick  # noqa: E402
import series  # noqa: E402

PARTS = {
    "drops": drops,
    "hostile": hostile,
    "hour": hour,
    "packets": packets,
    "peers": peers,
    "quick": quick,
    "series": series,
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    for name, part in PARTS.items():
        own = parts.add_parser(name, description=part.__doc__)
        own.add_argument("--build", type=Path, required=True, help="meson build directory")
        own.add_argument("--json", type=Path, help="write the raw figures there")
        part.options(own)
    arguments = parser.parse_args()
    # Whatever ends us, namespaces and daemons go.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    PARTS[arguments.part].run(arguments)


if __name__ == "__main__":
    main()

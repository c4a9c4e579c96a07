# SPDX-License-Identifier: GPL-2.0-or-later
"""What a program takes on disk with all that it depends on, but for what every Debian has (essential and required
packages, and what those need)."""

import re
import subprocess
from functools import cache
from pathlib import Path


@cache
def _installed():
    """name -> (KiB, what it needs, whether every Debian has it)"""
    form = "${Package}\t${Installed-Size}\t${Pre-Depends},${Depends}\t${Essential}${Priority}\n"
    said = subprocess.run(["dpkg-query", "--show", "--showformat", form], capture_output=True, check=True)
    found = {}
    for line in said.stdout.decode().splitlines():
        name, size, needs, everywhere = line.split("\t")
        # Of alternatives, what is installed; versions and architectures do not matter here.
        words = re.findall(r"(?:^|[,|])\s*([a-z0-9.+-]+)", needs)
        found[name] = (int(size or 0), words, everywhere.startswith("yes") or everywhere.endswith("required"))
    return found


def _closure(names):
    packages, seen, left = _installed(), set(), list(names)
    while left:
        name = left.pop()
        if name in packages and name not in seen:
            seen.add(name)
            left += packages[name][1]
    return seen


def _libraries(program):
    """The packages of the shared libraries that a program is linked with."""
    said = subprocess.run(["ldd", program], capture_output=True, check=True).stdout.decode()
    paths = [str(Path(path).resolve()) for path in re.findall(r"=> (/\S+)", said)]
    patterns = [pattern for path in paths for pattern in (path, path.removeprefix("/usr"))]
    owners = subprocess.run(["dpkg-query", "--search", *patterns], capture_output=True, check=False).stdout.decode()
    return {line.split(":")[0] for line in owners.splitlines()}


def disk_kib(package="", program=""):
    """(its own, with dependencies)"""
    packages = _installed()
    everywhere = _closure(name for name, (_, _, everywhere) in packages.items() if everywhere)
    own = packages[package][0] if package else Path(program).stat().st_size // 1024
    needed = _closure([package] if package else _libraries(program)) - everywhere - {package}
    return own, own + sum(packages[name][0] for name in needed)

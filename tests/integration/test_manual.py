# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages that the build made: clean for both formatters, and complete: what --help and the schema
name is there, with the words of the option tables."""

import json
import re
import subprocess

import pytest

PAGES = ["netdrop-exporter.8", "netdrop-exporter.json.5"]


def words(page):
    """The page as people see it, without fonts and line breaks."""
    result = subprocess.run(
        ["man", "--encoding=UTF-8", "-l", str(page)],
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "GROFF_NO_SGR": "1"},
        capture_output=True,
        timeout=60,
        check=True,
    )
    return " ".join(re.sub(".\b", "", result.stdout.decode()).split())


def keys(schema, path=""):
    for name, value in schema["properties"].items():
        if "properties" in value:
            yield from keys(value, f"{path}{name}.")
        else:
            yield path + name, value


@pytest.fixture(scope="session")
def pages(build):
    return {name: words(build / "daemon/generate" / name) for name in PAGES}


@pytest.mark.parametrize("page", PAGES)
def test_no_warnings(build, page):
    command = ["man", "--warnings", "--encoding=UTF-8", "-l", str(build / "daemon/generate" / page)]
    result = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    command = ["mandoc", "-T", "lint", "-W", "style", str(build / "daemon/generate" / page)]
    result = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, b"")


def test_every_flag(pages, command):
    flags = re.findall(r"^  (--\S+)", command("--help").stdout, re.MULTILINE)
    assert len(flags) > 10
    assert [flag for flag in flags if flag not in pages["netdrop-exporter.8"]] == []


def test_every_collector(pages, command):
    listed = command("--list-collectors").stdout
    for name, summary in re.findall(r"^(\w+)\n    (.*)\n", listed, re.MULTILINE):
        assert f"{name} {summary[0].upper()}{summary[1:]}. Needs " in pages["netdrop-exporter.8"]


def test_every_key(pages, build):
    """Keys that several collectors have stand once, under the name NAME."""
    page = pages["netdrop-exporter.json.5"]
    schema = json.loads((build / "daemon/generate" / "config.schema.json").read_text())
    found = dict(keys(schema))
    assert len(found) > 40
    for key, value in found.items():
        heads = [f"{name} ({{}}) " for name in (key, re.sub(r"^collectors\.\w+", "collectors.NAME", key))]
        text = value["description"].split(";")[0]
        at = [
            head.format(kind) + text[0].upper() + text[1:]
            for head in heads
            for kind in ("boolean", "number", "duration", "string", "list")
        ]
        assert any(each in page for each in at), key


def test_defaults(pages):
    page = pages["netdrop-exporter.json.5"]
    interval = "Longest time between two collections; requests get new numbers at once. 100ms to 1h. Default: 15s; 5s for"
    assert f"collectors.NAME.interval (duration) {interval}" in page
    assert "host's network namespace. Default: as devices.exclude_kinds. Only of link, ethtool," in page
    assert 'web.telemetry_path (string) Path of the metrics. Default: /metrics. Takes effect at a restart' in page


def test_version(pages, command):
    version = command("--version").stdout.split()[1]
    assert f"netdrop-exporter {version} " in pages["netdrop-exporter.8"]

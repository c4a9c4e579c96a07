# SPDX-License-Identifier: GPL-2.0-or-later
"""The message catalogue: an entry for each MESSAGE_ID that the program logs, as the real journalctl reads it."""

import re
import subprocess

import pytest


@pytest.fixture
def identifiers(tree):
    """MESSAGE_IDs of the header, by name."""
    text = (tree / "daemon/systemd/messages.h").read_text()
    found = dict(re.findall(r"^#define (MESSAGE_\w+)\s+\"([0-9a-f]{32})\"$", text, re.MULTILINE))
    assert len(found) == len(set(found.values())) == text.count("#define")
    return found


@pytest.fixture
def journalctl(tree, tmp_path):
    """journalctl on a root directory that holds nothing but our catalogue."""
    directory = tmp_path / "usr/lib/systemd/catalog"
    directory.mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    (directory / "netdrop-exporter.catalog").write_bytes(
        (tree / "packaging/systemd/netdrop-exporter.catalog").read_bytes()
    )

    def run(*arguments):
        result = subprocess.run(
            ["journalctl", f"--root={tmp_path}", *arguments], capture_output=True, text=True, check=True
        )
        assert not result.stderr, result.stderr
        return result.stdout

    run("--update-catalog")
    return run


def test_every_message_has_its_entry(identifiers, journalctl):
    listed = re.findall(r"^([0-9a-f]{32}) netdrop-exporter: .", journalctl("--list-catalog"), re.MULTILINE)
    assert sorted(listed) == sorted(identifiers.values())


def test_entries_say_what_to_do(identifiers, journalctl):
    for name, identifier in identifiers.items():
        entry = journalctl("--dump-catalog", identifier)
        assert re.search("(?m)^(What to do|Nothing needs to be done)", entry), name
        assert max(map(len, entry.splitlines())) <= 120, name


def test_entries_link_pages_of_the_runbook(identifiers, journalctl, build, tree):
    """As systemd wants it, a URI; the build says where the pages are."""
    built = (build / "packaging/systemd/netdrop-exporter.catalog").read_text()
    for name, identifier in identifiers.items():
        links = re.findall(r"^Documentation: (docs/runbook/\S+)$", journalctl("--dump-catalog", identifier), re.MULTILINE)
        assert len(links) == 1, name
        assert (tree / links[0]).is_file(), name
    assert len(re.findall(r"^Documentation: (file://|https?:)/\S+/runbook/[\w-]+\.md$", built, re.MULTILINE)) == len(identifiers)
    assert not re.search("^Documentation: docs/", built, re.MULTILINE)


def test_every_message_is_logged_somewhere(identifiers, tree):
    sources = "".join(path.read_text() for path in (tree / "daemon").rglob("*.c"))
    assert not [name for name in identifiers if not re.search(rf"\b{name}\b", sources)]


def test_fields_named_in_entries_are_fields_of_the_log(tree):
    catalogue = (tree / "packaging/systemd/netdrop-exporter.catalog").read_text()
    logged = re.findall(r'entry_add\(&entry, "(\w+)"', (tree / "daemon/systemd/log.c").read_text())
    assert set(re.findall(r"@(\w+)@", catalogue)) <= set(logged)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The rpm repository that docs/packages.md makes; hosts use the apt repository in installed/test_stranger.py."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def rpms():
    return Path(os.environ["PUBLISHED"]) / "rpms"


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **options)


@pytest.fixture
def trusted(rpms, tmp_path):
    """rpmkeys with a database that knows the key."""
    command = ["rpmkeys", f"--dbpath={tmp_path / 'db'}"]
    imported = run(*command, "--import", rpms / "netdrop-exporter.asc")
    assert imported.returncode == 0, imported.stderr
    return command


def test_rpms_are_signed(rpms, trusted, tmp_path):
    """With the key they are good; without it nothing is; and what was changed is not."""
    packages = sorted(rpms.glob("*.rpm"))
    assert packages
    for package in packages:
        said = run(*trusted, "--checksig", "--verbose", package)
        assert said.returncode == 0 and "Signature, key ID" in said.stdout and "NOKEY" not in said.stdout, said.stdout
    unknown = run("rpmkeys", f"--dbpath={tmp_path / 'empty'}", "--checksig", packages[0])
    assert unknown.returncode != 0 and "SIGNATURES NOT OK" in unknown.stdout
    changed = bytearray(packages[0].read_bytes())
    changed[-1] ^= 1
    (tmp_path / "changed.rpm").write_bytes(changed)
    assert run(*trusted, "--checksig", tmp_path / "changed.rpm").returncode != 0


def test_index_is_signed(rpms, tmp_path):
    """It names the packages, and the signature is of it."""
    (tmp_path / "keys").mkdir(mode=0o700)
    gpg = ["gpg", "--batch", "--homedir", tmp_path / "keys"]
    try:
        assert run(*gpg, "--import", rpms / "netdrop-exporter.asc").returncode == 0
        index = rpms / "repodata/repomd.xml"
        assert run(*gpg, "--verify", f"{index}.asc", index).returncode == 0
        changed = shutil.copy(index, tmp_path / "repomd.xml")
        with open(changed, "a", encoding="utf-8") as file:
            file.write("\n")
        assert run(*gpg, "--verify", f"{index}.asc", changed).returncode != 0
    finally:
        run("gpgconf", "--homedir", tmp_path / "keys", "--kill", "all")
    (primary,) = (rpms / "repodata").glob("*-primary.xml.gz")
    text = run("zcat", primary).stdout
    assert all(f'href="{package.name}"' in text for package in rpms.glob("*.rpm"))

# SPDX-License-Identifier: GPL-2.0-or-later
"""What is in the packages, and that building them again gives the same."""

import json
import re
import subprocess

import pytest

# Beside directories; the units' directory is as the system that builds has it.
CONFFILES = {"/etc/default/netdrop-exporter", "/etc/netdrop-exporter/config.json"}
SHARED = "/usr/share/netdrop-exporter"
FILES = CONFFILES | {
    *(f"{SHARED}/prometheus/netdrop.{name}.yml" for name in ("thresholds", "rules", "alerts", "inhibit")),
    f"{SHARED}/prometheus/netdrop.counter-alerts.yml",
    *(f"{SHARED}/grafana/netdrop-{name}.json" for name in ("fleet", "host")),
    "/usr/sbin/netdrop-exporter",
    "/usr/libexec/netdrop-open",
    "/usr/libexec/netdrop-terminal",
    "/usr/share/bash-completion/completions/netdrop-exporter",
    "/usr/share/man/man5/netdrop-exporter.json.5",
    "/usr/share/man/man8/netdrop-exporter.8",
    f"{SHARED}/config.schema.json",
    f"{SHARED}/seccomp.json",
    *(f"/usr/share/doc/netdrop-exporter/{name}" for name in ("config.defaults.json", "README.md", "SECURITY.md", "docs/alerts.md")),
    "UNITS/netdrop-exporter.service",
    "UNITS/netdrop-exporter.socket",
    "UNITS/netdrop-exporter-local.socket",
    "PRESETS/80-netdrop-exporter.preset",
}


def output(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120, **options).stdout


def normal(path):
    path = re.sub(r"^(/usr)?/lib/systemd/system/", "UNITS/", path)
    path = re.sub(r"^(/usr)?/lib/systemd/system-preset/", "PRESETS/", path)
    return path.removesuffix(".gz")


def test_lintian(packages):
    """Pedantic: what it is told to overlook stands in the package, with a reason."""
    (changes,) = packages.glob("*.changes")
    command = ["lintian", "--pedantic", "--display-info", "--fail-on=error,warning,info,pedantic", str(changes)]
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=300, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_deb_contents(deb):
    listing = output("dpkg-deb", "--contents", deb, text=True).splitlines()
    entries = [(line.split()[0], line.split()[1], line.split()[5].removeprefix(".")) for line in listing]
    assert {normal(path) for mode, _, path in entries if mode[0] == "-"} >= FILES
    for mode, owner, path in entries:
        assert owner == "root/root"
        assert not {"s", "S", "t"} & set(mode) and mode[5] == mode[8] == "-", (mode, path)
    assert {path for mode, _, path in entries if mode[0] == "d"} >= {"/etc/netdrop-exporter/conf.d/"}
    conffiles = output("dpkg-deb", "--info", deb, "conffiles", text=True).split()
    assert set(conffiles) == CONFFILES


def test_rpm_contents(rpm):
    files = output("rpm", "--query", "--list", "--package", rpm, text=True).split()
    assert {normal(path) for path in files} >= FILES
    configuration = output("rpm", "--query", "--configfiles", "--package", rpm, text=True).split()
    assert set(configuration) == CONFFILES
    flags = output("rpm", "--query", "--package", "--queryformat", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]", rpm, text=True)
    for path in CONFFILES:
        assert f"{path} cn\n" in flags  # config, noreplace
    assert "/etc/netdrop-exporter/conf.d" in files
    scripts = output("rpm", "--query", "--scripts", "--package", rpm, text=True)
    assert "netdrop-exporter.service" in scripts


def test_both_hold_the_same(deb, rpm):
    deb_files = output("dpkg-deb", "--contents", deb, text=True).splitlines()
    in_deb = {normal(line.split()[5].removeprefix(".")) for line in deb_files if line[0] == "-"}
    in_rpm = {normal(path) for path in output("rpm", "--query", "--list", "--package", rpm, text=True).split()}
    own = re.compile(r"/(doc|licenses|lintian)/|build-id")
    missing = {path for path in in_deb if not own.search(path)} - in_rpm
    assert missing == set()


def test_the_configuration_sets_nothing(deb, tmp_path):
    """What is installed says nothing, and the file of all defaults is one that the program takes."""
    output("dpkg-deb", "--extract", deb, tmp_path)
    assert json.loads((tmp_path / "etc/netdrop-exporter/config.json").read_text()) == {}
    assert list((tmp_path / "etc/netdrop-exporter/conf.d").iterdir()) == []
    program = tmp_path / "usr/sbin/netdrop-exporter"
    defaults = tmp_path / "usr/share/doc/netdrop-exporter/config.defaults.json"
    flag = f"--config.file={defaults}"
    assert output(program, "--check-config", flag, stderr=subprocess.STDOUT) == b""

    def values(*flags):
        lines = output(program, "--print-config", *flags, text=True).splitlines()[1:]
        return [(line.split()[0], line.split()[-1]) for line in lines]

    assert values() == values(flag)


# The configuration of 0.1.0, by a package that has nothing else.
OLDER = """\
Name: netdrop-exporter
Version: 0.0.1
Release: 1
Summary: Older
License: none
BuildArch: noarch
%description
%install
install -D -m 644 {shipped} %{{buildroot}}{path}
%files
%config(noreplace) {path}
"""
CONFIGURATION = "/etc/netdrop-exporter/config.json"


@pytest.fixture
def older_rpm(tree, tmp_path):
    """With all defaults in its configuration."""
    shipped = tree / "tests/fixtures/config/shipped-0.1.0.json"
    (tmp_path / "older.spec").write_text(OLDER.format(shipped=shipped, path=CONFIGURATION))
    output("rpmbuild", "--quiet", "-bb", f"--define=_topdir {tmp_path}", tmp_path / "older.spec", stderr=subprocess.DEVNULL)
    (found,) = tmp_path.glob("RPMS/*/*.rpm")
    return found


@pytest.mark.parametrize("edited", [False, True], ids=["as shipped", "edited"])
def test_rpm_upgrades_from_all_defaults(older_rpm, rpm, tmp_path, edited):
    """Replaced where nobody edited it; else kept, with the new one beside it."""
    root = tmp_path / "root"
    root.mkdir()
    command = ["rpm", f"--root={root}", "--nodeps", "--noscripts", "--ignorearch", "--upgrade"]
    output(*command, older_rpm)
    configuration = root / CONFIGURATION.lstrip("/")
    shipped = configuration.read_text()
    assert len(json.loads(shipped)["collectors"]) > 5
    mine = shipped.replace('"interval": "1s"', '"interval": "3s"', 1)
    assert mine != shipped
    if edited:
        configuration.write_text(mine)
    output(*command, rpm, stderr=subprocess.DEVNULL)
    assert configuration.read_text() == (mine if edited else "{}\n")
    assert configuration.with_name("config.json.rpmnew").exists() is edited


def names(directory, is_rpm):
    return sorted(path.name for path in directory.iterdir() if (path.suffix == ".rpm") == is_rpm)


def assert_same(compared, packages, rebuilt):
    for name in compared:
        assert (packages / name).read_bytes() == (rebuilt / name).read_bytes(), name


def test_the_same_bytes_again(packages, rebuilt):
    found = names(packages, is_rpm=False)
    assert found == names(rebuilt, is_rpm=False)
    compared = [name for name in found if name.endswith((".deb", ".dsc", ".tar.xz"))]
    assert len(compared) >= 5
    assert_same(compared, packages, rebuilt)


@pytest.mark.slow
def test_the_same_rpm_again(packages, rebuilt):
    compared = names(packages, is_rpm=True)
    assert len(compared) >= 2
    assert compared == names(rebuilt, is_rpm=True)
    assert_same(compared, packages, rebuilt)


def test_nothing_says_where_it_was_built(deb, tmp_path):
    output("dpkg-deb", "--extract", deb, tmp_path)
    for path in (tmp_path / "usr/sbin/netdrop-exporter", *tmp_path.glob("usr/libexec/*")):
        words = output("strings", "--all", path, text=True).splitlines()
        assert [word for word in words if re.search(r"^/(tmp(?!/netdrop-)|var(?!/run/)|home|root|build)\b|obj-.*-linux-gnu", word)] == []


def test_version(deb, tree, tmp_path):
    """The program of the package knows from which commit it is, though there is no git where it was built."""
    output("dpkg-deb", "--extract", deb, tmp_path)
    said = output(tmp_path / "usr/sbin/netdrop-exporter", "--version", text=True)
    assert re.fullmatch(r"netdrop-exporter \d+\.\d+\.\d+ \([0-9a-f]{12}(-dirty)?\)\n", said)

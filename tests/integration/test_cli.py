# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands and what they say to bad input: one clear line that names the thing and the remedy, exit status
2 for what can be known before anything starts, 1 for what the system refuses, and nothing half-started."""

import itertools
import json
import os
import re
import socket
import subprocess

import pytest

from daemon import eventually

# Flags that are wrong -> words that the answer must hold: the thing, and the remedy.
WRONG = {
    "unknown flag": (["--web.lisen-address=:1"], ["--web.lisen-address", "--web.listen-address"]),
    "unknown short flag": (["-x"], ["x", "--help"]),
    "argument that is no flag": (["serve"], ["serve"]),
    "flag without its value": (["--set"], ["--set"]),
    "flag with a value too many": (["--version=1"], ["--version"]),
    "abbreviated flag": (["--web.telemetry=/m"], ["--web.telemetry", "--web.telemetry-path"]),
    "unknown collector": (["--collector.lnik"], ["lnik", "link"]),
    "unknown collector, off": (["--no-collector.lnik"], ["lnik", "link"]),
    "no such collector": (["--collector.netdev"], ["netdev", "link, ethtool, snmp"]),
    "switched off by a value": (["--collector.link=false"], ["--no-collector.link does not"]),
    "unknown key": (["--set=devices.exclude_kind=veth"], ["devices.exclude_kind", "exclude_kinds"]),
    "key without value": (["--set=web.page"], ["web.page", "KEY=VALUE"]),
    "key that is a section": (["--set=web=1"], ["web", "section"]),
    "wrong type": (["--set=web.page=maybe"], ["web.page", "true or false"]),
    "number out of range": (["--set=web.max_connections=0"], ["web.max_connections", "1"]),
    "number too large": (["--set=web.max_connections=99999999999999999999"], ["web.max_connections"]),
    "duration without unit": (["--set=collectors.link.interval=5"], ["collectors.link.interval", "10s"]),
    "duration out of range": (["--set=collectors.link.interval=1000h"], ["collectors.link.interval"]),
    "choice": (["--set=collectors.link.columns=some"], ["collectors.link.columns", "all", "loss"]),
    "log level": (["--log.level=loud"], ["--log.level", "loud", "debug"]),
    "unknown-keys": (["--config.unknown-keys=ignore"], ["--config.unknown-keys", "ignore", "warn"]),
    "address without port": (["--web.listen-address=127.0.0.1"], ["127.0.0.1", "port"]),
    "address that is none": (["--web.listen-address=nowhere:1"], ["nowhere:1", "10190"]),
    "port that is none": (["--web.listen-address=:99999"], [":99999", "65535"]),
    "IPv6 without brackets": (["--web.listen-address=::1:80"], ["::1:80", "[::1]"]),
    "path without slash": (["--web.telemetry-path=metrics"], ["metrics", "/"]),
    "systemd socket beside an address": (
        ["--web.systemd-socket", "--web.listen-address=127.0.0.1:0"],
        ["--web.systemd-socket", "--web.listen-address"],
    ),
    "file that is not there": (["--config.file=/nonexistent.json"], ["/nonexistent.json", "No such file"]),
    "file that is a directory": (["--config.file=/"], ["/", "regular file"]),
}


def assert_refused(result, status, words):
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("check", [False, True], ids=["run", "check-config"])
def test_wrong_flags(command, name, check):
    flags, words = WRONG[name]
    # On 1 the service is started again: the file may be on a mount that comes late.
    status = 1 if name == "file that is not there" and not check else 2
    assert_refused(command(*(["--check-config"] if check else []), *flags), status, words)


# Row 45 of the fault list: content -> (line that the answer names, words).
BAD_FILES = {
    "not JSON": (b"listen: 1\n", 1, []),
    "empty": (b"", 1, []),
    "trailing garbage": (b"{}\n{}\n", 2, []),
    "trailing comma": (b'{"web": {"page": true,\n}}\n', 1, [":1: web: a comma with nothing behind it"]),
    "duplicate key": (b'{"web": {},\n"web": {}}\n', 2, ["web"]),
    "unknown key": (b'{\n"web": {\n"pagee": true}}\n', 3, ["web.pagee", 'page"?']),
    "unknown section": (b'{"colectors": {}}\n', 1, ["colectors", "collectors"]),
    "unknown collector": (b'{"collectors": {"lnik": {}}}\n', 1, ["collectors.lnik", "link"]),
    "no such collector": (b'{"collectors": {"netdev": {}}}\n', 1, ["collectors.netdev", "link, ethtool, snmp"]),
    "wrong case": (b'{"Web": {}}\n', 1, ["Web", "web"]),
    "wrong type": (b'{"web":\n{"page": "yes"}}\n', 2, ["web.page", "true or false"]),
    "section that is a list": (b'{"web": []}\n', 1, ["web", "object"]),
    "number that is not exact": (b'{"web": {"max_connections": 1.5}}\n', 1, ["web.max_connections"]),
    "1e999": (b'{"web": {"max_connections": 1e999}}\n', 1, []),
    "2^53 + 1": (b'{"web": {"max_connections": 9007199254740993}}\n', 1, ["web.max_connections"]),
    "leading zero": (b'{"web": {"max_connections": 010}}\n', 1, []),
    "NUL": (b'{"web": {"telemetry_path": "/a\0b"}}\n', 1, []),
    "escaped NUL": (b'{"web": {"telemetry_path": "/a\\u0000b"}}\n', 1, []),
    "control character": (b'{"web": {"telemetry_path": "/a\tb"}}\n', 1, []),
    "invalid UTF-8": (b'{"web": {"telemetry_path": "/\xff"}}\n', 1, []),
    "depth": (b"[" * 5000 + b"]" * 5000, 1, []),
    "address": (b'{"web": {"listen": ["nowhere:1"]}}\n', 1, ["web.listen", "nowhere:1"]),
    "byte order mark": (b"\xef\xbb\xbf{}\n", 1, ["byte order mark"]),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_row_45_bad_files(command, tmp_path, name):
    content, line, words = BAD_FILES[name]
    path = tmp_path / "config.json"
    path.write_bytes(content)
    check = command("--check-config", f"--config.file={path}")
    assert_refused(check, 2, [f"{path}:{line}: ", *words])
    # What refuses to start and what checks say the same.
    assert command(f"--config.file={path}").stderr == check.stderr


def test_row_45_more_than_one_mistake_at_once(command, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"web": {"page": 1,\n"pagee": 2},\n"devices": 3}\n')
    result = command("--check-config", f"--config.file={path}")
    assert result.returncode == 2
    assert [line.split(":")[1] for line in result.stderr.splitlines()] == ["1", "2", "3"]


def test_row_45_huge_file(command, tmp_path):
    path = tmp_path / "config.json"
    with open(path, "wb") as file:
        file.truncate(2**30)
    assert_refused(command("--check-config", f"--config.file={path}", timeout=10), 2, [str(path), "larger"])


def test_row_45_fifo_never_blocks(command, tmp_path):
    path = tmp_path / "config.json"
    os.mkfifo(path)
    assert_refused(command("--check-config", f"--config.file={path}", timeout=10), 2, [str(path), "regular"])


def test_unreadable_file(binary, tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    path.chmod(0)
    arguments = [binary, "--check-config", f"--config.file={path}"]
    if os.geteuid() == 0:
        # Root without the capability to read everything is like anybody else.
        arguments = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *arguments]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert_refused(result, 2, [str(path), "Permission denied"])


def test_unknown_keys_may_be_let_pass(command, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"web": {"of_a_later_version": 1}}')
    result = command(f"--config.file={path}", "--check-config", "--config.unknown-keys=warn")
    assert result.returncode == 0
    assert "web.of_a_later_version" in result.stderr


def test_row_64_a_regular_expression_is_doubted(command, exporter, tmp_path):
    """It is a glob, too, and matches nothing: allowed, and told with its line; the daemon says the same."""
    path = tmp_path / "config.json"
    path.write_text('{"devices": {"include": ["*"],\n"exclude": ["^(veth.+|br-.+)$", "tun*", "a["]}}')
    flags = (f"--config.file={path}", "--set=collectors.snmp.fields.exclude=Tcp_(In|Out)Segs")
    result = command("--check-config", *flags)
    assert result.returncode == 0
    lines = result.stderr.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(f'{path}:2: devices.exclude: "^(veth.+|br-.+)$": looks like a regular expression')
    assert lines[1].startswith(f'{path}:2: devices.exclude: "a[": the [ is never closed')
    assert lines[2].startswith('command line: collectors.snmp.fields.exclude: "Tcp_(In|Out)Segs": looks like a regular')
    said = exporter(*flags).stderr
    for line in lines:
        assert said.count(line) == 1


def test_check_config_accepts_what_is_good(command, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"web": {"listen": ["127.0.0.1:0"]}, "collectors": {"link": {"interval": "2s"}}}))
    result = command("--check-config", f"--config.file={path}")
    assert (result.returncode, result.stderr) == (0, "")
    assert command("--check-config").returncode == 0


def test_row_43_port_in_use(command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:{}".format(taken.getsockname()[1])
        result = command(f"--web.listen-address={address}")
        # --check-config binds nothing, and so can't know.
        assert command("--check-config", f"--web.listen-address={address}").returncode == 0
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert address in last and "in use" in last and "--web.listen-address" in last
    assert "listening on" not in result.stderr


def test_address_that_is_not_ours(exporter):
    """It may become so: test_start.py has what happens then."""
    daemon = exporter("--web.listen-address=192.0.2.1:0", wait=False)
    eventually(lambda: daemon.urls, "the daemon to listen")
    assert "warning: no interface has 192.0.2.1:" in daemon.stderr


def test_several_addresses(exporter):
    daemon = exporter("--web.listen-address=127.0.0.1:0", "--web.listen-address=127.0.0.2:0")
    hosts = [host for host, _, _ in daemon.urls]
    assert hosts == ["127.0.0.1", "127.0.0.2"]
    for host, port, path in daemon.urls:
        with socket.create_connection((host, port), timeout=10) as client:
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert client.recv(12) == b"HTTP/1.1 200"


def test_port_alone_is_dual_stack_and_ipv4_where_ipv6_is_off(exporter, netns):
    inside = netns()
    daemon = exporter("--web.listen-address=:10190", netns=inside)
    assert [line.split()[3] for line in inside.run("ss -Htln").splitlines()] == ["*:10190"]
    assert daemon.get().status == 200
    assert daemon.terminate() == 0
    inside.run("sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
    assert exporter("--web.listen-address=:10190", netns=inside).get().status == 200


def test_telemetry_path(exporter):
    daemon = exporter("--web.telemetry-path=/numbers")
    assert daemon.get("/numbers").status == 200
    assert daemon.get("/metrics").status == 404
    assert daemon.url.endswith("/numbers")


def test_collectors_on_and_off(exporter):
    assert "netdrop_link_up" not in exporter("--no-collector.link").metrics()
    only = exporter("--collector.disable-defaults", "--collector.link").metrics()
    assert [sample.labels["collector"] for sample in only["netdrop_collector_up"]] == ["link"]


def test_the_last_flag_wins_and_flags_win_over_the_file(exporter, tmp_path):
    path = tmp_path / "config.json"
    path.write_text('{"web": {"telemetry_path": "/file"}}')
    daemon = exporter(f"--config.file={path}", "--set=web.telemetry_path=/first", "--web.telemetry-path=/last")
    assert daemon.url.endswith("/last")


def test_version_is_one_line(command, exporter):
    result = command("--version")
    assert (result.returncode, result.stderr) == (0, "")
    match = re.fullmatch(r"netdrop-exporter (\S+) \((\S+)\)\n", result.stdout)
    assert match
    info = exporter().metrics()["netdrop_exporter_build_info"][0].labels
    assert (info["version"], info["revision"]) == match.groups()


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_names_every_flag_and_key(command, flag):
    result = command(flag)
    assert (result.returncode, result.stderr) == (0, "")
    flags = (
        "--config.file --set --config.unknown-keys --web.listen-address --web.telemetry-path --web.local-socket "
        "--web.systemd-socket --collector. --no-collector. --collector.disable-defaults --path.procfs "
        "--log.level --once --check-config --list-collectors --version --help"
    )
    for word in [*flags.split(), "collectors.link.interval", "devices.exclude_kinds", "web.max_connections"]:
        assert word in result.stdout


def test_list_collectors(command):
    result = command("--list-collectors", "--no-collector.process")
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("link", "process", "needs", "yes", "no"):
        assert word in result.stdout


def test_list_collectors_says_why_not(command, tmp_path):
    result = command("--list-collectors", f"--path.procfs={tmp_path}/nothing")
    assert result.returncode == 0


def test_list_collectors_counts_series(command):
    """As a scrape would have them, with the options that are given."""

    def series(*flags):
        said = command("--list-collectors", *flags).stdout
        return {name: int(count) for name, count in re.findall(r"^(\w+)\n(?: .*\n)*?    series: +(\d+)$", said, re.M)}

    plain = series()
    page = command("--once", "--collector.disable-defaults", "--collector.process").stdout
    assert plain["process"] == len(re.findall(r"^process_", page, re.M)) > 0
    assert series("--set=collectors.softnet.per_cpu=true")["softnet"] > plain["softnet"]


# What makes more series, or fewer, of each collector.
OTHER_SERIES = {
    "link": ["columns=loss"],
    "ethtool": ["statistics.include=*", "per_queue=true", "virtual_devices=true", "standard_groups=true"],
    "snmp": ["fields.include=*"],
    "softnet": ["per_cpu=true"],
    "qdisc": ["children=false", "per_queue=true"],
    "sockets": ["label_workload=true"],
}


def test_list_collectors_counts_series_of_other_options(command, netns):
    """As many as there are when the option is set; of one that is set there is no other."""
    inside = netns()
    inside.ip("link add v0 numtxqueues 3 numrxqueues 3 type veth peer name v1")
    inside.run("tc qdisc add dev v0 root mq")
    everywhere = ("--set=devices.exclude_kinds=",)

    def listed(*flags):
        said = command("--list-collectors", *everywhere, *flags, netns=inside).stdout
        found = {}
        for name, text in re.findall(r"^(\w+)\n((?: .*\n)+)", said, re.M):
            plain = re.search(r"^    series: +(\d+)$", text, re.M)
            found[name, ""] = int(plain[1]) if plain else None
            found.update({(name, option): int(count) for count, option in re.findall(r"^ +(\d+) with (.*)$", text, re.M)})
        return found

    plain = listed()
    others = [(name, option) for name, options in OTHER_SERIES.items() for option in options]
    assert [key for key in plain if key[1]] == others
    # One option of each collector at a time: each call loads the BPF program.
    for row in itertools.zip_longest(*([(name, option) for option in options] for name, options in OTHER_SERIES.items())):
        chosen = [key for key in row if key]
        with_them = listed(*(f"--set=collectors.{name}.{option}" for name, option in chosen))
        for name, option in chosen:
            assert (name, option) not in with_them
            assert with_them[name, ""] == plain[name, option], (name, option)
    assert plain["link", "columns=loss"] < plain["link", ""] and plain["qdisc", "per_queue=true"] > plain["qdisc", ""]


@pytest.mark.parametrize("flags", [["--version"], ["--help"], ["--list-collectors"], ["--check-config"]])
def test_commands_start_nothing(command, flags):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:{}".format(taken.getsockname()[1])
        assert command(*flags, f"--web.listen-address={address}").returncode == 0

# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the build makes of the option tables: the default configuration changes nothing, and the schema
accepts it and refuses what the daemon refuses (as far as a schema can say it). And the files that people make: conf.d
beside the configuration file, and what --print-config says of all of them."""

import copy
import hashlib
import json
import os
import re
import signal
import subprocess

import jsonschema
import pytest

from daemon import eventually

# Path -> value that both the schema and the daemon refuse.
WRONG = {
    "web.listen": [":10190", [1], [""], [":1", ":1"], [f":{port}" for port in range(1, 18)]],
    "web.page": ["true", 1, None],
    "web.max_connections": [0, 65537, -1, "256", 1.5],
    "web.request_timeout": ["10", 10, "1.5s", "10 s", "-1s", ""],
    "web.telemetry_path": [1, None],
    "web.pagee": [True],
    "devices.exclude": ["eth0", [1], [""], [f"eth{i}" for i in range(1025)]],
    "collectors": [[], 1, None],
    "collectors.lnik": [{}],
    "collectors.link.columns": ["some", "", 0],
    "collectors.link.devices.include": [1],
    "collectors.process.devices": [{}],
}

# Path -> value that both accept.
RIGHT = {
    "web": [{}],
    "web.listen": [["127.0.0.1:0", "[::1]:0"], []],
    "web.max_connections": [1, 65536],
    "web.request_timeout": ["1s", "5m", "1500ms"],
    "devices.exclude": [[], ["a", "a"], ["a,b"]],
    "collectors.link": [{}],
    "collectors.link.columns": ["loss"],
    "collectors.link.devices.include": [["eth*"]],
}


@pytest.fixture(scope="module")
def default(build):
    return json.loads((build / "daemon/generate" / "config.defaults.json").read_text())


@pytest.fixture(scope="module")
def validator(build):
    schema = json.loads((build / "daemon/generate" / "config.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def changed(document, path, value):
    document = copy.deepcopy(document)
    *parents, name = path.split(".")
    node = document
    for parent in parents:
        node = node.setdefault(parent, {})
    node[name] = value
    return document


def cases(table):
    return [pytest.param(path, value, id=f"{path}={json.dumps(value)[:40]}") for path in table for value in table[path]]


@pytest.fixture
def accepts(command, tmp_path):
    def check(document):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(document))
        return command("--check-config", f"--config.file={path}").returncode == 0

    return check


def test_default_file(command, build, validator, default):
    assert list(validator.iter_errors(default)) == []
    result = command("--check-config", f"--config.file={build / 'daemon/generate/config.defaults.json'}")
    assert (result.returncode, result.stderr) == (0, "")


def test_default_file_has_every_section_and_inherits_devices(default):
    assert list(default) == ["web", "devices", "loss", "collectors"]
    assert {"link", "process"} <= set(default["collectors"])
    # A collector's own filter would replace the global one: it must not be there by default.
    assert not [name for name, section in default["collectors"].items() if "devices" in section]


def test_schema_describes_every_key(validator, default):
    def walk(schema, document):
        assert schema["additionalProperties"] is False
        assert set(document) <= set(schema["properties"])
        for name, value in schema["properties"].items():
            if value["type"] == "object":
                walk(value, document.get(name, {}))
            else:
                assert value["description"]
                assert ("default" in value) == (name in document)
                assert value.get("default") == document.get(name)

    walk(validator.schema, default)


@pytest.mark.parametrize("path, value", cases(WRONG))
def test_refused_by_schema_and_daemon(accepts, validator, default, path, value):
    document = changed(default, path, value)
    assert not validator.is_valid(document)
    assert not accepts(document)


@pytest.mark.parametrize("path, value", cases(RIGHT))
def test_accepted_by_schema_and_daemon(accepts, validator, default, path, value):
    document = changed(default, path, value)
    assert list(validator.iter_errors(document)) == []
    assert accepts(document)


@pytest.fixture
def main_file(tmp_path):
    """The configuration file, with an empty conf.d beside it."""
    (tmp_path / "conf.d").mkdir()
    path = tmp_path / "config.json"
    path.write_text("{}")
    return path


def put(main_file, name, text):
    path = main_file.parent / "conf.d" / name
    path.write_text(text)
    return path


def printed(command, main_file, *flags):
    """--print-config as key -> (where from, value)."""
    result = command("--print-config", f"--config.file={main_file}", *flags)
    assert (result.returncode, result.stderr) == (0, "")
    _, head, *lines = result.stdout.splitlines()
    columns = [head.index(word) for word in ("FROM", "VALUE")]
    assert all(line[column - 1] == " " for line in lines for column in columns)
    return {line.split()[0]: (line[columns[0] : columns[1]].strip(), line[columns[1] :]) for line in lines}


def test_a_later_file_wins_key_by_key(command, main_file):
    main_file.write_text('{"web": {"page": false,\n"listen": [":1", ":2"]}}')
    first = put(main_file, "10-a.json", '{"web": {"max_connections": 1,\n\n"listen": [":3"]}}')
    second = put(main_file, "20-b.json", '{"web": {"max_connections": 2}}')
    for name in (".hidden.json", "30.json.dpkg-new", "30.json.rpmsave", "30.json~", "README"):
        put(main_file, name, "not JSON")
    result = printed(command, main_file, "--set=web.request_timeout=3s")
    assert result["web.page"] == (f"{main_file}:1", "false")
    assert result["web.listen"] == (f"{first}:3", ":3")
    assert result["web.max_connections"] == (f"{second}:1", "2")
    assert result["web.request_timeout"] == ("command line", "3s")
    assert result["web.telemetry_path"] == ("default", "/metrics")
    assert result["collectors.link.max_age"] == ("three intervals", "45s")
    assert result["collectors.link.devices.exclude_kinds"][0] == "as devices.exclude_kinds"


def test_print_config_names_every_key(command, build, main_file):
    schema = json.loads((build / "daemon/generate" / "config.schema.json").read_text())

    def keys(schema, path):
        for name, value in schema["properties"].items():
            yield from keys(value, f"{path}{name}.") if "properties" in value else [path + name]

    assert set(printed(command, main_file)) == set(keys(schema, ""))


def test_print_config_as_a_file(command, validator, main_file, tmp_path):
    """Complete, and read back it says the same; a collector's own filter is in it only where it has one."""
    put(main_file, "a.json", '{"collectors": {"link": {"interval": "20s", "devices": {"exclude": ["a,b", "\\u00e4\\""]}}}}')
    flags = ("--print-config=json", "--set=collectors.ethtool.devices.include=e*")
    result = command(*flags, f"--config.file={main_file}")
    assert (result.returncode, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert list(validator.iter_errors(document)) == []
    assert document["collectors"]["link"]["devices"]["exclude"] == ["a,b", 'ä"']
    assert document["collectors"]["ethtool"]["devices"]["include"] == ["e*"]
    assert "devices" not in document["collectors"]["qdisc"]
    path = tmp_path / "elsewhere" / "config.json"
    path.parent.mkdir()
    path.write_text(result.stdout)
    assert command("--print-config=json", f"--config.file={path}").stdout == result.stdout


def test_print_config_says_what_check_config_says(command, main_file):
    """Of what is wrong nothing is printed; where only a secret is not to be read, the rest is."""
    put(main_file, "a.json", '{"web": {"pagee": 1}}')
    checked = command("--check-config", f"--config.file={main_file}")
    result = command("--print-config", f"--config.file={main_file}")
    assert (result.returncode, result.stdout, result.stderr) == (2, "", checked.stderr)
    assert checked.stderr != ""
    put(main_file, "a.json", '{"web": {"users_file": "/nonexistent"}}')
    checked = command("--check-config", f"--config.file={main_file}")
    result = command("--print-config", f"--config.file={main_file}")
    assert (result.returncode, result.stderr) == (2, checked.stderr)
    assert "/nonexistent" in checked.stderr and "web.users_file" in result.stdout


@pytest.mark.parametrize(
    "values, said",
    [
        ({"tls": {"key": "/k"}}, "web.tls.key: needs web.tls.certificate, which is not set"),
        ({"node_exporter_path": "/numbers"}, 'web.node_exporter_path: "/numbers" is web.telemetry_path too: give it another'),
    ],
    ids=["not set", "set alike"],
)
def test_what_is_wrong_together_is_told_of_the_file_that_has_it(command, main_file, values, said):
    main_file.write_text('{"web": {"telemetry_path": "/numbers"}}')
    path = put(main_file, "a.json", f'\n{json.dumps({"web": values})}')
    put(main_file, "b.json", '{"web": {"page": false}}')
    result = command("--check-config", f"--config.file={main_file}")
    assert (result.returncode, result.stderr) == (2, f"{path}:2: {said}\n")


def fifo(path):
    os.mkfifo(path)


def directory(path):
    path.mkdir()


def dangling(path):
    path.symlink_to("nowhere")


def huge(path):
    with open(path, "wb") as file:
        file.truncate(2**30)


def wrong(path):
    path.write_text('{"web": {\n"pagee": 1}}')


def sixty_five(path):
    for number in range(65):
        (path.parent / f"{number}.json").write_text("{}")


# What is put at conf.d/50.json -> (status, what is said).
BAD = {
    fifo: "{directory}/50.json: not a regular file",
    directory: "{directory}/50.json: not a regular file",
    dangling: "{directory}/50.json: cannot open: No such file or directory",
    huge: "{directory}/50.json: larger than the limit of 1048576 bytes",
    wrong: '{directory}/50.json:2: web.pagee: unknown key, did you mean "page"?',
    sixty_five: "{directory}: more than the 64 files that it may hold",
}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_row_45_a_bad_file_in_the_directory(command, main_file, make):
    """At once, one line that names it, and nothing is served; what only is not there may come yet."""
    make(main_file.parent / "conf.d/50.json")
    message = BAD[make].format(directory=main_file.parent / "conf.d") + "\n"
    check = command("--check-config", f"--config.file={main_file}", timeout=10)
    assert (check.returncode, check.stdout, check.stderr) == (2, "", message)
    start = command(f"--config.file={main_file}", "--web.listen-address=127.0.0.1:0", timeout=10)
    assert (start.returncode, start.stderr) == (1 if make is dangling else 2, message)


def without_privilege(arguments):
    """Root without the capability to read everything is like anybody else."""
    if os.geteuid() == 0:
        arguments = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", *arguments]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", ["conf.d", "conf.d/50.json"])
def test_what_may_not_be_read(binary, main_file, name):
    path = put(main_file, "50.json", "{}").parents[1] / name
    path.chmod(0)
    try:
        result = without_privilege([binary, "--check-config", f"--config.file={main_file}"])
    finally:
        path.chmod(0o755)
    what = "cannot read the directory" if name == "conf.d" else "cannot open"
    assert (result.returncode, result.stderr) == (2, f"{path}: {what}: Permission denied\n")


@pytest.mark.parametrize(
    "make, said",
    [
        (None, ""),
        (directory, ""),
        (dangling, "{path}: cannot read the directory: No such file or directory\n"),
        (fifo, "{path}: cannot read the directory: Not a directory\n"),
    ],
    ids=["not there", "empty", "a link to nowhere", "a FIFO"],
)
def test_the_directory_itself(command, tmp_path, make, said):
    main_file = tmp_path / "config.json"
    main_file.write_text('{"web": {"page": false}}')
    if make:
        make(tmp_path / "conf.d")
    result = command("--check-config", f"--config.file={main_file}", timeout=10)
    assert (result.returncode, result.stderr) == (2 if said else 0, said.format(path=tmp_path / "conf.d"))


def reload(daemon, what="configuration reloaded"):
    before = len(daemon.stderr)
    daemon.signal(signal.SIGHUP)
    eventually(lambda: what in daemon.stderr[before:], what)
    return daemon.stderr[before:]


def test_a_reload_reads_the_directory_again(exporter, main_file):
    """What came, what went, what is wrong; and the checksum tells them apart, by names too."""

    def sha256():
        (series,) = daemon.metrics()["netdrop_config_info"]
        return series.labels["sha256"]

    def expected():
        lines = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(main_file.parent)}\n"
            for path in [main_file, *sorted((main_file.parent / "conf.d").iterdir())]
        ]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    daemon = exporter(f"--config.file={main_file}")
    assert sha256() == hashlib.sha256(b"{}").hexdigest()
    put(main_file, "a.json", '{"collectors": {"link": {"enabled": false}}}')
    reload(daemon)
    eventually(lambda: sha256() == expected(), "the checksum of both")
    assert not daemon.metrics().series("netdrop_collector_up", collector="link")
    bad = put(main_file, "b.json", '{"web": {"pagee": 1}}')
    assert f"{bad}:1: web.pagee: unknown key" in reload(daemon, "not reloaded")
    eventually(lambda: daemon.metrics().value("netdrop_config_last_reload_successful") == 0, "the refusal")
    assert not daemon.metrics().series("netdrop_collector_up", collector="link")
    bad.unlink()
    seen = sha256()
    (main_file.parent / "conf.d/a.json").rename(main_file.parent / "conf.d/c.json")
    reload(daemon)
    eventually(lambda: sha256() == expected() != seen, "the checksum with the other name")
    (main_file.parent / "conf.d/c.json").unlink()
    reload(daemon)
    eventually(lambda: daemon.metrics().series("netdrop_collector_up", collector="link"), "the link's return")


def test_file_of_all_defaults_by_name(command, build):
    """The one that packages put beside the documents; it says what holds without any."""
    defaults = build / "daemon/generate/config.defaults.json"
    both = [command("--print-config", *flags).stdout for flags in ([], [f"--config.file={defaults}"])]
    values = [[re.split(r"  +", line)[::2] for line in text.splitlines()[1:]] for text in both]
    assert values[0] == values[1]

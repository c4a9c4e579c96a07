# SPDX-License-Identifier: GPL-2.0-or-later
"""The files that the build makes of the option tables: the default configuration changes nothing, and the schema
accepts it and refuses what the daemon refuses (as far as a schema can say it)."""

import copy
import json

import jsonschema
import pytest

# Path -> value that both the schema and the daemon refuse.
WRONG = {
    "web.listen": [[], ":10190", [1], [""], [":1", ":1"], [f":{port}" for port in range(1, 18)]],
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
    "web.listen": [["127.0.0.1:0", "[::1]:0"]],
    "web.max_connections": [1, 65536],
    "web.request_timeout": ["1s", "5m", "1500ms"],
    "devices.exclude": [[], ["a", "a"], ["a,b"]],
    "collectors.link": [{}],
    "collectors.link.columns": ["loss"],
    "collectors.link.devices.include": [["eth*"]],
}


@pytest.fixture(scope="module")
def default(build):
    return json.loads((build / "daemon/generate" / "config.json").read_text())


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
    result = command("--check-config", f"--config.file={build / 'daemon/generate/config.json'}")
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

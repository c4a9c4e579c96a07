# SPDX-License-Identifier: GPL-2.0-or-later
"""Whose packets are dropped, under Debian's kernels: below 6.11 the kernel does not pass the socket of a drop, and what
has no owner then is to be told as such."""

from contextlib import ExitStack, closing

import workloads
from daemon import Exporter
from lab import Namespace


def test_ten_workloads(binary, tmp_path):
    command = [binary, "--web.listen-address=127.0.0.1:0", *workloads.FLAGS]
    with ExitStack() as keep_open:
        namespace = keep_open.enter_context(closing(Namespace()))
        workloads.prepare(namespace)
        ten = [keep_open.enter_context(closing(workloads.Workload(namespace))) for _ in range(10)]
        process = keep_open.enter_context(closing(Exporter(command, tmp_path / "stderr")))
        process.wait_ready()
        workloads.judge(process, ten)

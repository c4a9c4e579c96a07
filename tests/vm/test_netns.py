# SPDX-License-Identifier: GPL-2.0-or-later
"""What other network namespaces lose, under Debian's kernels: their files have the counters under the same names, and the
number by which a namespace is told from the one that had its inode before."""

from contextlib import ExitStack, closing

import namespaces
from cgroups import Cgroups
from daemon import Exporter, seeded


def test_ten_namespaces_of_ten_workloads(binary, tmp_path):
    chosen = seeded()
    with ExitStack() as keep_open:
        cgroups = keep_open.enter_context(closing(Cgroups()))

        def start(*flags):
            log = tmp_path / f"stderr{len(list(tmp_path.iterdir()))}"
            command = [binary, "--web.listen-address=127.0.0.1:0", *flags]
            process = keep_open.enter_context(closing(Exporter(command, log)))
            process.wait_ready()
            return process

        namespaces.judge(start, cgroups, chosen)

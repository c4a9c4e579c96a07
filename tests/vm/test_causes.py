# SPDX-License-Identifier: GPL-2.0-or-later
"""What was lost by cause and direction, under Debian's kernels: they know other reasons than newer ones."""

import os
import subprocess
from contextlib import closing

from causes import Causes, Router, Tunnels, judge, judge_everyday
from daemon import seeded
from lab import Namespace, Veth


def test_each_drop_has_its_cause_and_direction():
    chosen = seeded()
    with closing(Namespace()) as a, closing(Namespace()) as b:
        router = Router(Veth(a, b))
        with closing(Causes(os.environ["BUILD"], b)) as causes:
            judge(causes, router.faults(), chosen)
            router.lose_the_link()
            judge(causes, router.faults_of_the_link(), chosen)


def test_what_a_tunnel_drops_was_received():
    subprocess.run(["modprobe", "--all", "vxlan", "sit", "ipip", "ip_gre"], check=True)
    chosen = seeded()
    with closing(Namespace()) as a, closing(Namespace()) as b:
        veth = Veth(a, b)
        with closing(Causes(os.environ["BUILD"], b)) as causes:
            for kind in Tunnels.KINDS:
                tunnels = Tunnels(veth, kind)
                tunnels.judge(causes, chosen)
                tunnels.remove()


def test_what_happens_every_day_is_known():
    with closing(Namespace()) as a, closing(Namespace()) as b:
        router = Router(Veth(a, b))
        with closing(Causes(os.environ["BUILD"], b)) as causes:
            judge_everyday(causes, router)

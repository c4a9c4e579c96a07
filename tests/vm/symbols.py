# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's symbols for the exporters: a copy of /proc/kallsyms in its place. Each exporter reads all of it whenever
drops come from a new function, and there it costs the emulated machine seconds: the kernel walks its modules anew for
each of their symbols. Tests marked kernel_symbols read the kernel's own."""

import os
import subprocess
from contextlib import contextmanager

# What the recipes use, loaded first: what is dropped in a module that comes later is dropped in "unknown".
MODULES = """
    act_gact bridge cls_bpf cls_u32 dummy ifb inet_diag ip6_tables ip_tables ipt_REJECT iptable_filter macvtap nf_conntrack nf_reject_ipv4
    nf_tables nfnetlink_log nft_chain_nat nft_compat nft_counter nft_ct nft_limit nft_reject_ipv4 nft_reject_inet sch_ingress
    sch_htb sch_netem sch_tbf tcp_diag tun udp_diag veth xfrm_user xt_conntrack xt_tcpudp drop_monitor
""".split()


def copy(path):
    for name in MODULES:  # one by one: a kernel need not have all
        subprocess.run(["modprobe", "--quiet", name], check=False)
    with open("/proc/kallsyms", "rb") as symbols, open(path, "wb") as copy:
        subprocess.run(["grep", " [tTwW] "], stdin=symbols, stdout=copy, check=True)
    os.chmod(path, 0o444)
    return path


@contextmanager
def in_place(path):
    subprocess.run(["mount", "--bind", path, "/proc/kallsyms"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", "/proc/kallsyms"], check=True)

# SPDX-License-Identifier: GPL-2.0-or-later
"""What a BPF program could not see of the drops of this host."""

import subprocess

import daemon


class BpfWitness:
    """Knows how many packets were dropped that no BPF program could see (bpf_witness.c)."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def unseen(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.communicate(timeout=daemon.PATIENCE)

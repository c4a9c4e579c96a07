# SPDX-License-Identifier: GPL-2.0-or-later
"""What a BPF program could not see of the drops of this host."""

import subprocess

import daemon


class BpfWitness:
    """Knows how many packets were dropped that no BPF program could see (bpf_witness.c)."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def unseen(self, before=None):
        """How many since it began, or since it said `before`. On each processor one drop may be seen by one of both only when
        we look, so that the number itself may go back by that."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        now = int(self.process.stdout.readline())
        return now if before is None else max(0, now - before)

    def close(self):
        self.process.communicate(timeout=daemon.PATIENCE)

# SPDX-License-Identifier: GPL-2.0-or-later
"""The real dropwatch, as a peer: drop_monitor is one for the whole system."""

import re
import signal
import subprocess

from daemon import eventually


class Dropwatch:
    """It is told what to do on standard input."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as output:
            self.process = subprocess.Popen(
                ["stdbuf", "-oL", "dropwatch", "-l", "kas"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.answers("", "dropwatch> ")

    @property
    def said(self):
        return self.path.read_text(errors="replace")

    def answers(self, commands, answer):
        """Says the commands, and waits until they are answered so."""
        length = len(self.said)
        self.process.stdin.write(commands.encode())
        self.process.stdin.flush()
        eventually(lambda: answer in self.said[length:], f"dropwatch to say {answer!r}")

    def start(self, mode):
        self.answers(f"set alertmode {mode}\nstart\n", "Kernel monitoring activated")

    def stop(self):
        # It reads commands again after an interrupt.
        self.process.send_signal(signal.SIGINT)
        self.answers("stop\n", "turning off monitoring")

    def counted(self, site=r"\w+"):
        """How many drops at the function, or at all, it has shown, in whichever mode."""
        summary = sum(map(int, re.findall(rf"(\d+) drops at {site}\b", self.said)))
        return summary + len(re.findall(rf"drop at: {site}\b", self.said))

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()


def turn_off(path):
    """A killed dropwatch leaves the monitor on: another one ends it."""
    last = Dropwatch(path)
    last.answers("stop\nexit\n", "turning off monitoring")
    last.process.wait()  # it says so before it does so
    last.close()

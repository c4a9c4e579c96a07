# SPDX-License-Identifier: GPL-2.0-or-later
"""A file whose writers sleep in the kernel, beyond the reach of any signal (state D): on a frozen ext4, in a file of its
own behind a loop device."""

import os
import subprocess
from contextlib import contextmanager

import pytest

FREEZE = 'fsfreeze --freeze "$0" && echo frozen; timeout 60 cat; fsfreeze --unfreeze "$0"'


class Sink:
    """A file system that is mounted nowhere any more and goes with the last descriptor; a file on it to write to."""

    def __init__(self, directory):
        image, point = directory / "ext4", directory / "mounted"
        point.mkdir()
        with open(image, "wb") as file:
            file.truncate(8 << 20)
        for command in (["mkfs.ext4", "-q", image], ["mount", "-o", "loop", image, point]):
            result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if result.returncode != 0:
                pytest.skip(f"no ext4 on a loop device here: {command[0]}: {result.stderr.decode().strip()}")
        self.root = os.open(point, os.O_RDONLY | os.O_DIRECTORY)
        self.file = os.open("sink", os.O_WRONLY | os.O_CREAT | os.O_APPEND, dir_fd=self.root)
        subprocess.run(["umount", "--lazy", point], check=True, stdin=subprocess.DEVNULL)

    def close(self):
        os.close(self.file)
        os.close(self.root)

    @contextmanager
    def frozen(self):
        """While the block runs: a shell thaws it once the pipe to it ends, and so where we are killed, too, and in any
        case after a minute. It is in a session of its own, out of reach of what is sent to all of ours."""
        with subprocess.Popen(
            ["sh", "-c", FREEZE, f"/proc/self/fd/{self.root}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[self.root],
            start_new_session=True,
        ) as freezer:
            if freezer.stdout.readline() != b"frozen\n":
                pytest.skip("no file system can be frozen here")
            yield

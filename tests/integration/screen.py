# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal as people have one, by tmux: what is on it, keys, another size."""

import shlex
import subprocess

from daemon import environment, eventually


class Screen:
    """The command on a terminal of its own, whose settings before and after it are kept, and its exit status."""

    def __init__(self, directory, command, columns=107, lines=24, user=()):
        self.directory = directory
        self.server = str(directory / "tmux")
        script = (
            f"trap : INT; cd {shlex.quote(str(directory))}; stty -g >before; {shlex.join(command)} 2>said; echo $? >status.new;"
            " stty -g >after; mv status.new status; echo it is over; exec sleep 1000"
        )
        size = ("-x", str(columns), "-y", str(lines))
        extra = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "SHELL": "/bin/sh"}
        subprocess.run([*user, "tmux", "-S", self.server, "-f", "/dev/null", "new-session", "-d", *size, script],
                       check=True, env=environment(extra))  # fmt: skip

    def tmux(self, *arguments, check=True):
        command = ["tmux", "-S", self.server, *arguments]
        return subprocess.run(command, check=check, capture_output=True, text=True).stdout

    def lines(self):
        return self.tmux("capture-pane", "-p").split("\n")

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def types(self, text):
        self.tmux("send-keys", "-l", text)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def shows(self, condition, what):
        """Waits for it; the lines."""
        lines = []

        def look():
            lines[:] = self.lines()
            return condition(lines)

        try:
            eventually(look, what)
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n" + "\n".join(lines)) from None
        return lines

    def says(self, text):
        return self.shows(lambda lines: any(text in line for line in lines), repr(text))

    def said(self):
        """To standard error."""
        return (self.directory / "said").read_text()

    def ended(self):
        """Waits for it, looks whether the terminal is as it was, and returns the exit status."""
        eventually(lambda: (self.directory / "status").exists(), "the command to end")
        assert (self.directory / "after").read_text() == (self.directory / "before").read_text()
        # The other screen is gone, and what is written shows.
        self.says("it is over")
        assert self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}") == "0 1\n"
        return int((self.directory / "status").read_text())

    def close(self):
        self.tmux("kill-server", check=False)

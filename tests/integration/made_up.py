# SPDX-License-Identifier: GPL-2.0-or-later
"""A driver that a test makes up while it runs, behind the ethtool ioctls (shims/ethtool_driver.c)."""


class MadeUp:
    """A veth whose driver is made up."""

    def __init__(self, directory, preloaded):
        self.directory = directory
        self.env = {
            **preloaded,
            "ETHTOOL_SHIM_DEVICE": "w0",
            "ETHTOOL_SHIM_DIRECTORY": str(directory),
        }

    def set(self, name, data=b""):
        """Whole, at once: the daemon may be reading."""
        new = self.directory / "new"
        new.write_bytes(data)
        new.rename(self.directory / name)

    def unset(self, name):
        (self.directory / name).unlink()

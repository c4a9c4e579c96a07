# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the link collector share: fresh pages, what the kernel says by other ways, preloaded faults."""

import json
import os
import struct
import time

import daemon
import exposition

ONLY_LINK = ("--collector.disable-defaults", "--collector.link", "--set=collectors.link.interval=100ms")
ALL_KINDS = ("--set=devices.exclude_kinds=",)

# Family -> where `ip -s -s -j link` has it. What iproute2 leaves out while it is zero is marked.
FIELDS = {
    "receive_packets_total": ("rx", "packets"),
    "transmit_packets_total": ("tx", "packets"),
    "receive_bytes_total": ("rx", "bytes"),
    "transmit_bytes_total": ("tx", "bytes"),
    "receive_errors_total": ("rx", "errors"),
    "transmit_errors_total": ("tx", "errors"),
    "receive_dropped_total": ("rx", "dropped"),
    "transmit_dropped_total": ("tx", "dropped"),
    "receive_multicast_total": ("rx", "multicast"),
    "collisions_total": ("tx", "collisions"),
    "receive_length_errors_total": ("rx", "length_errors"),
    "receive_over_errors_total": ("rx", "over_errors"),
    "receive_crc_errors_total": ("rx", "crc_errors"),
    "receive_frame_errors_total": ("rx", "frame_errors"),
    "receive_fifo_errors_total": ("rx", "fifo_errors"),
    "receive_missed_total": ("rx", "missed_errors"),
    "transmit_aborted_errors_total": ("tx", "aborted_errors"),
    "transmit_carrier_errors_total": ("tx", "carrier_errors"),
    "transmit_fifo_errors_total": ("tx", "fifo_errors"),
    "transmit_heartbeat_errors_total": ("tx", "heartbeat_errors"),
    "transmit_window_errors_total": ("tx", "window_errors"),
    "receive_compressed_total": ("rx", "compressed"),
    "transmit_compressed_total": ("tx", "compressed"),
    "receive_nohandler_total": ("rx", "nohandler"),
    "receive_otherhost_dropped_total": ("rx", "otherhost"),
}
LEFT_OUT_WHILE_ZERO = {"compressed", "nohandler", "otherhost"}


def fresh(process, collector="link"):
    """A page whose links, or what another collector reads, were collected entirely after this call."""
    begin = time.time()

    def page():
        body = process.text()
        return exposition.check_text(body) if daemon.health(body)[1].get(collector, 0) > begin else None

    return daemon.eventually(page, f"a collection by {collector}")


def value(page, name, device):
    return page.value(f"netdrop_link_{name}", device=device)


def expected_counters(link):
    """Family -> value, of one link of `ip -s -s -j link`."""
    return {
        family: link["stats64"][way].get(field, 0) if field in LEFT_OUT_WHILE_ZERO else link["stats64"][way][field]
        for family, (way, field) in FIELDS.items()
    }


def shown_counters(page, device):
    return {family: value(page, family, device) for family in FIELDS}


def links(namespace):
    """Name -> link, as the kernel has them now, kinds excepted nothing."""
    return {link["ifname"]: link for link in json.loads(namespace.ip("-s -s -d -j link"))}


def shown_devices(page):
    return {sample.labels["device"] for sample in page.get("netdrop_link_up", [])}


def resident_bytes(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def steady_allocations(process, shim, collector, meanwhile=None):
    """Ten collections allocate nothing, once there is a snapshot to recycle for each that is held at the same time: how many,
    a busy machine decides. Returns the count so far."""

    def allocated_by_ten():
        before, stamps = shim.allocated(collector), set()
        if meanwhile:
            meanwhile()

        def ten():
            stamps.add(daemon.health(process.text())[0].get(collector))
            return len(stamps) > 10

        daemon.eventually(ten, "ten collections")
        return shim.allocated(collector) - before

    assert shim.allocated(collector) > 0
    daemon.eventually(lambda: allocated_by_ten() == 0, "ten collections that allocate nothing", 4 * daemon.PATIENCE)
    return shim.allocated(collector)


class Shim:
    """A preloaded library of shims/, and the directory of files by which netlink_kernel.c is told its faults."""

    def __init__(self, directory, name):
        self.directory = directory / name
        self.directory.mkdir()
        self.env = {
            **daemon.preload(name, directory),
            "NETLINK_SHIM_DIRECTORY": str(self.directory),
            "ALLOCATIONS_FILE": str(self.directory / "counts"),
        }

    def allocated(self, thread):
        """By threads of that name so far, where the library is shims/allocations.c."""
        counts = struct.iter_unpack("16sQ", (self.directory / "counts").read_bytes())
        return sum(count for name, count in counts if name.split(b"\0")[0].decode() == thread)

    def set(self, *faults):
        for name in faults:
            (self.directory / name).touch()

    def unset(self, name):
        (self.directory / name).unlink()

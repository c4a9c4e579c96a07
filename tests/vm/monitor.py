# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever else uses drop_monitor: it is one for the whole system, has no owner, and tells nobody who did what to it."""

import socket
import struct

NETLINK_GENERIC, GENL_ID_CTRL, CTRL_CMD_GETFAMILY = 16, 16, 3
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 1, 2
CMD_CONFIG, CMD_START, CMD_STOP, ATTR_ALERT_MODE = 2, 3, 4, 1
MODES = {"summary": 0, "packet": 1}
NLMSG_ERROR, REQUEST_ACK = 2, 5  # NLM_F_REQUEST | NLM_F_ACK


def attribute(kind, data):
    return struct.pack("HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


class Monitor:
    """Somebody with CAP_NET_ADMIN who asks the kernel directly."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.socket.bind((0, 0))
        error, answer = self.request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, attribute(CTRL_ATTR_FAMILY_NAME, b"NET_DM\0"))
        assert error == 0, error
        while answer:
            size, kind = struct.unpack_from("HH", answer)
            if kind == CTRL_ATTR_FAMILY_ID:
                self.family = struct.unpack_from("H", answer, 4)[0]
            answer = answer[(size + 3) & ~3 :]

    def request(self, family, command, body=b""):
        """0 or an errno, and the first answer's attributes."""
        payload = struct.pack("BBH", command, 2, 0) + body
        self.socket.send(struct.pack("IHHII", 16 + len(payload), family, REQUEST_ACK, 1, 0) + payload)
        answer = b""
        while True:
            data = self.socket.recv(65536)
            if struct.unpack_from("H", data, 4)[0] == NLMSG_ERROR:
                return -struct.unpack_from("i", data, 16)[0], answer
            answer = data[20:]

    def running(self):
        """A configuration that changes nothing is refused while it runs."""
        error = self.request(self.family, CMD_CONFIG)[0]
        assert error in (0, 16), error
        return error == 16

    def start(self, mode):
        body = attribute(ATTR_ALERT_MODE, bytes([MODES[mode]]))
        assert self.request(self.family, CMD_CONFIG, body)[0] == 0
        assert self.request(self.family, CMD_START)[0] == 0

    def stop(self):
        assert self.request(self.family, CMD_STOP)[0] == 0

    def close(self):
        if self.running():
            self.stop()
        self.socket.close()

# SPDX-License-Identifier: GPL-2.0-or-later
"""An exporter's local socket with /records alone, for tests of what the terminal makes of answers that a kernel gives seldom
or never: names that hold escape sequences, floods, restarts, sentences of refusal. It is asked as the exporter is, by
HTTP. What the exporter itself records is for test_recorder.py and test_terminal_live.py."""

import json
import select
import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

# 10.0.0.31.52011 > 10.0.0.9.8125, UDP, 214 bytes, of which the headers were kept.
UDP = "450000f20001000040110000" "0a00001f" "0a000009" "cb2b1fbd00de0000"
ARP = "ffffffffffff02005e1000010806" "000108000604000102005e100001" "0a000007" "000000000000" "0a000009"
TCP6 = (
    "02005e10000202005e10000186dd" "6000000005c80640" "20010db8000000000000000000000001" "20010db8000000000000000000000002"
    "935201bb00000001000000028010ffff00000000" "0101080a0000000100000002"
)


def stamp(moment):
    """As the exporter writes it: nanoseconds, which no float holds."""
    return f"{moment // 10**9}.{moment % 10**9:09}"


class Recorded:
    """The sites and records that the next answer holds. `refusal` is (status, sentence); `asked` are the queries."""

    def __init__(self, path):
        self.path, self.sites, self.records, self.refusal, self.asked = path, {}, [], None, []
        self.lock = threading.Lock()
        self.sequence = 0
        self.server = None
        self.start()

    def start(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            allow_reuse_address = True

        self.path.unlink(missing_ok=True)
        self.server = Server(str(self.path), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        """Nobody is at the path from now on; who had connected before is answered."""
        self.path.unlink(missing_ok=True)
        while select.select([self.server], [], [], 0)[0]:
            time.sleep(0.01)
        self.server.shutdown()
        self.server.server_close()

    def restart(self):
        """As a daemon that begins anew: numbers of sequence and all."""
        self.stop()
        with self.lock:
            self.sites, self.records, self.sequence = {}, [], 0
        self.start()

    def site(self, number, **members):
        with self.lock:
            known = {
                "site": number, "function": "udp_queue_rcv_one_skb", "offset": "0x2f1", "reason": "SOCKET_RCVBUFF",
                "cause": "udp_receive_buffer_full", "class": "capacity", "device": "eth0", "netns": "self", "packets": 0,
            }  # fmt: skip
            self.sites[number] = {**known, **self.sites.get(number, {}), **members}

    def drop(self, site=1, packets=1, record=True, **members):
        """So many packets, of which one is recorded."""
        with self.lock:
            self.sites[site]["packets"] += packets
            if not record:
                return
            self.sequence += 1
            known = {
                "sequence": self.sequence, "site": site, "time": stamp(time.time_ns()), "link_type": 101,
                "protocol": "0x0800", "length": 242, "device": self.sites[site]["device"], "netns": self.sites[site]["netns"],
                "unit": "statsd.service", "container_id": "", "pod_uid": "", "data": UDP,
            }  # fmt: skip
            self.records.append({**known, **members})

    def document(self, after):
        with self.lock:
            return {
                "now": stamp(time.time_ns()), "source": "bpf", "host": "web-7", "sequence": self.sequence,
                "sites": list(self.sites.values()), "records": [each for each in self.records if each["sequence"] > after],
            }  # fmt: skip

    def answer(self, request):
        target = urlsplit(request.path)
        with self.lock:
            self.asked.append(request.path)
            status, text = self.refusal or (200, "")
        if target.path == "/records" and status == 200:
            text = json.dumps(self.document(int(parse_qs(target.query)["after"][0])))
        elif not self.refusal:
            status, text = 404, "nothing is at this path"
        body = text.encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
